"""Figures of the hierarchy: they show the data they were given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch

from hvae_lessons.figures.chapters import mhvae as figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_both_wirings_are_drawn():
    panels = figures.markov_graphs("title").axes
    assert [ax.get_title() for ax in panels] == ["chain: $p$", "chain: $q$", "noise: $p$", "noise: $q$"]
    arrows = [sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) for ax in panels]
    assert arrows == [3, 3, 6, 6]


def test_kl_curves_are_the_columns_and_carry_their_last_value():
    kl = np.array([[1.0, 0.5], [3.0, 0.25]])
    left, right = figures.kl_per_level({"a": kl, "b": 2 * kl}, "title").axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[1.0, 3.0], [0.5, 0.25]]
    assert [text.get_text() for text in right.texts] == ["$z_1$ 6.00", "$z_2$ 0.50"]


def test_every_seed_is_a_line_and_all_panels_have_one_scale():
    kl = np.random.default_rng(0).random((4, 12))
    panels = figures.kl_over_seeds(dict.fromkeys("abcd", kl), "title").axes
    assert [ax.get_title() for ax in panels if ax.get_visible()] == list("abcd")
    for ax in panels[:4]:
        assert np.array_equal([line.get_ydata() for line in ax.lines], kl)
        assert ax.get_ylim()[0] == 0
        assert ax.get_ylim()[1] > kl.max()


def test_the_resampling_grid_shows_every_image():
    images = np.random.default_rng(0).random((5, 4))
    figure = figures.resampling_grid([(images[0], {"one": images, "two": images})] * 2, (2, 2), "title")
    strips = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    assert len(strips) == 4
    assert all(np.allclose(strip[1:3, 1:3], images[0].reshape(2, 2)) for strip in strips)


def test_the_best_slopes_are_marked():
    slope = np.linspace(0, 1, 11)
    (ax,) = figures.two_bounds(slope, -((slope - 0.5) ** 2), -((slope - 0.2) ** 2) - 1, 0.0, "title").axes
    texts = [text.get_text() for text in ax.texts]
    assert "best slope 0.50" in texts
    assert "best slope 0.20" in texts


def test_diffusion_runs_from_left_to_right():
    points = np.zeros((3, 10, 2))
    assert [ax.get_title() for ax in figures.diffusion_steps(points, ["x", "z1", "z2"], "t").axes] == [
        "z2",
        "z1",
        "x",
    ]
