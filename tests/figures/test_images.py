"""Pictures of images and codes show what they are given, the right way up."""

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from hvae_lessons.figures import images


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_latent_plane_puts_z1_to_the_right_and_z2_upwards():
    ticks = torch.tensor([-1.0, 0.0, 1.0])
    plane = torch.cartesian_prod(ticks, ticks)
    pixels = plane[:, :1].expand(-1, 4) * 10 + plane[:, 1:]  # each tile says where it is from
    shown = images.latent_plane(pixels, ticks, (2, 2), "title").axes[0].images[0].get_array()
    assert shown.shape == (6, 6)
    assert shown[0, 0] == -10 + 1  # top left: z_1 = -1, z_2 = 1
    assert shown[-1, -1] == 10 - 1  # bottom right: z_1 = 1, z_2 = -1


def test_latent_plane_labels_its_axes_with_the_ticks():
    ax = images.latent_plane(torch.zeros(25, 4), torch.linspace(-2, 2, 5), (2, 2), "title").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-2.0", "-1.0", "0.0", "1.0", "2.0"]


def test_image_rows_draw_one_strip_per_label_in_order():
    rows = {"ones": torch.ones(3, 4), "zeros": torch.zeros(3, 4)}
    figure = images.image_rows(rows, (2, 2), "title")
    strips = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    assert [strip.sum() for strip in strips] == [12, 0]
    heights = [ax.get_position().y0 for ax in figure.axes]
    assert heights[0] > heights[1]
    assert {"ones", "zeros"} <= {text.get_text() for text in figure.texts}


def test_image_rows_keep_an_image_upright():
    image = torch.tensor([[1.0, 0.0, 0.0, 0.0]])  # only the upper left pixel is black
    strip = images.image_rows({"one": image}, (2, 2), "title").axes[0].images[0].get_array()
    assert np.argwhere(np.asarray(strip) == 1).tolist() == [[1, 1]]


def test_latent_scatter_shows_every_code_and_the_prior():
    mean, labels = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 10
    ax = images.latent_scatter(mean, labels, "title").axes[0]
    drawn = np.concatenate([points.get_offsets() for points in ax.collections])
    assert sorted(map(tuple, drawn.tolist())) == sorted(map(tuple, mean.double().tolist()))
    assert sorted(circle.radius for circle in ax.patches) == [1, 2]
    assert sorted(text.get_text() for text in ax.texts) == [str(digit) for digit in range(10)]


def test_code_clouds_have_a_panel_each_on_its_own_scale():
    labels = torch.tensor([0, 1])
    panels = {"near": (torch.eye(2), labels), "far": (30 * torch.eye(2), labels)}
    near, far = images.code_clouds(panels, "title").axes
    assert far.get_xlim()[1] > 10 * near.get_xlim()[1]
