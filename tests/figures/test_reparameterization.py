"""The chapter's figures draw what they are given, and say so in words."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hvae_lessons.figures.chapters import reparameterization as figures


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def words(figure):
    figure.canvas.draw()
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


def grid(size=21, span=3.0):
    line = torch.linspace(-span, span, size)
    return torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)


def test_gradient_paths_mark_where_the_gradient_stops():
    shown = words(figures.gradient_paths())
    assert "stops" in shown
    assert r"\epsilon" in shown


def test_estimator_variances_plot_every_point_and_line():
    counts, dimensions = [1, 2, 4], [1, 10]
    over_counts = {name: [8.0, 4.0, 2.0] for name in figures.ESTIMATORS}
    laws = {name: [8.0, 80.0] for name in figures.ESTIMATORS}
    figure = figures.estimator_variances(
        counts, over_counts, dict.fromkeys(figures.ESTIMATORS, 8.0), dimensions, laws, laws
    )
    left, right = figure.axes
    assert len(left.lines) == len(right.lines) == 2 * len(figures.ESTIMATORS)
    np.testing.assert_allclose(left.lines[0].get_ydata(), [8, 4, 2])  # the 1/n line


def test_single_estimates_report_the_spread():
    samples = {"pathwise": torch.tensor([1.0, 3.0]), "score function": torch.tensor([-8.0, 12.0])}
    figure = figures.single_estimates(samples, exact=2.0)
    shown = words(figure)
    assert "sd 1.0" in shown
    assert "sd 10.0" in shown
    assert "2.00" in shown


def test_an_unknown_estimator_is_refused():
    with pytest.raises(KeyError):
        figures.single_estimates({"guesswork": torch.zeros(3)}, exact=0.0)


def test_deformed_grids_draw_both_families_of_lines():
    figure = figures.deformed_grids({"noise": grid(), "shifted": grid() + 1}, every=5)
    assert [len(panel.lines) for panel in figure.axes] == [10, 10]
    assert "noise" in words(figure)


def test_fits_of_a_posterior_name_their_panels():
    cells = grid(61)
    log_density = -0.5 * (cells**2).sum(-1)
    fits = {"narrow": (0.5 * cells, log_density), "wide": (cells, log_density)}
    figure = figures.fits_of_a_posterior(cells, log_density, fits, view=(-2, 2, -2, 2), title="A finding")
    shown = words(figure)
    assert all(name in shown for name in ("narrow", "wide", "A finding"))


def test_relaxed_samples_put_one_hot_vectors_in_the_corners():
    figure = figures.relaxed_samples({0.1: torch.eye(3), 1.0: torch.full((4, 3), 1 / 3)})
    cold, hot = (panel.collections[0].get_offsets() for panel in figure.axes)
    np.testing.assert_allclose(cold, [[0, 0], [1, 0], [0.5, 0.75**0.5]], atol=1e-6)
    np.testing.assert_allclose(hot, [[0.5, 0.75**0.5 / 3]] * 4, atol=1e-6)


def test_bias_and_spread_draw_the_unbiased_estimator_as_a_line():
    curve = [(0.1, 2.0), (0.2, 1.0), (0.3, 0.5)]
    figure = figures.bias_and_spread([0.1, 1.0, 5.0], curve, curve, score_spread=0.7)
    _, right = figure.axes
    assert any(np.allclose(line.get_ydata(), 0.7) for line in right.lines)
    assert "no bias" in words(figure)
