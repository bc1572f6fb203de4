"""The VAE chapter's figures show the data they are given."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from hvae_lessons.figures.chapters import vae as figures
from hvae_lessons.training import History


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_training_curves_turn_the_objective_into_costs():
    history = History(np.array([-9.0, -5.0]), np.array([-8.0, -3.5]), np.array([[1.0], [1.5]]), False)
    left, right = figures.training_curves(history, "title").axes
    assert left.lines[0].get_ydata().tolist() == [9, 5]
    assert left.lines[1].get_ydata().tolist() == [8, 3.5]
    assert right.lines[0].get_ydata().tolist() == [1, 1.5]


def test_bound_gap_is_the_difference_of_what_it_is_given():
    elbo, log_px = torch.tensor([-5.0, -4.0]), torch.tensor([-3.0, -3.0])
    left, right = figures.bound_gap(elbo, log_px, {1: -4.5, 10: -3.5}, "title").axes
    assert sum(bar.get_height() for bar in left.patches) == 2
    assert left.lines[0].get_xdata()[0] == pytest.approx(1.5)
    assert right.lines[0].get_ydata().tolist() == [-4.5, -3.5]
    assert right.lines[1].get_ydata()[0] == pytest.approx(-3)


def test_posterior_shapes_put_the_encoder_where_it_is():
    ticks = torch.linspace(-4, 4, 81)
    density = torch.exp(-0.5 * ((ticks[:, None] - 2) ** 2 + ticks**2) / 0.25)  # around z_1 = 2, z_2 = 0
    panel = ("title", torch.zeros(16), density, torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.2]))
    ax = figures.posterior_shapes([panel, panel], ticks, "title").axes[0]
    mesh = ax.collections[0]
    peak = mesh.get_coordinates().reshape(-1, 2)[np.asarray(mesh.get_array()).argmax()]
    assert np.allclose(peak, [2, 0], atol=0.06)
    assert np.allclose([ellipse.center for ellipse in ax.patches], [1, 0])
    assert [ellipse.width for ellipse in ax.patches] == pytest.approx([1.0, 2.0])
    assert ax.get_xlim()[0] < 0.2 < 3 < ax.get_xlim()[1]


def test_rate_distortion_names_the_mean_of_each_class():
    rate, distortion = torch.tensor([1.0, 3.0, 5.0]), torch.tensor([100.0, 200.0, 50.0])
    left, right = figures.rate_distortion_by_class(rate, distortion, torch.tensor([0, 0, 1]), "title").axes
    assert [text.get_text() for text in left.texts] == ["150", "50"]
    assert [text.get_text() for text in right.texts] == ["2.0", "5.0"]


def test_kl_spectrum_is_sorted_and_separates_the_active():
    bars = figures.kl_spectrum(torch.tensor([[0.0, 2.0, 1.0], [0.0, 4.0, 1.0]]), 0.5, "title").axes[0].patches
    assert [bar.get_height() for bar in bars] == [3, 1, 0]
    colors = [bar.get_facecolor() for bar in bars]
    assert colors[0] == colors[1] != colors[2]


def test_vae_architecture_names_both_arrows():
    texts = " ".join(text.get_text() for ax in figures.vae_architecture().axes for text in ax.texts)
    assert r"p_\theta(x|z)" in texts
    assert r"q_\phi(z|x)" in texts
