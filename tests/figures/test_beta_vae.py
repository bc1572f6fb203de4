"""The figures of the chapter on beta-VAE show the data they are given."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from hvae_lessons.figures.chapters import beta_vae as figures
from hvae_lessons.figures.style import GAP, MODEL


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def of_color(ax, color):
    return [line for line in ax.lines if to_hex(line.get_color()) == color]


def test_a_tangent_has_slope_minus_beta_and_goes_through_its_point():
    rate, distortion = [[5.0, 5.2, 4.9], [2.0, 2.1, 1.8]], [[18.0, 18.5, 17.0], [24.0, 23.0, 24.5]]
    ax = figures.trade_off([0.5, 2.0], rate, distortion, (2.0,), "title").axes[0]
    (tangent,) = of_color(ax, GAP)
    (x0, x1), (y0, y1) = tangent.get_xdata(), tangent.get_ydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-2)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((2.0, 24.0))
    assert {"0.5", "2"} <= {text.get_text() for text in ax.texts}


def test_the_diagonals_have_the_sums_that_they_name():
    ax = figures.trade_off([1.0], [[3.0]], [[20.0]], (), "title").axes[0]
    named = [text for text in ax.texts if text.get_text().startswith("-ELBO")]
    assert named
    for text in named:
        assert sum(text.xy) == pytest.approx(float(text.get_text().split("=")[1]))


def test_the_gaps_of_a_finite_model_begin_on_the_line_and_end_at_the_model():
    rate, distortion, information = [0.9, 0.5], [0.8, 1.2], [0.6, 0.2]
    ax = figures.finite_models(1.2, rate, distortion, information, (0,), "title").axes[0]
    (decoder,), (prior,) = of_color(ax, MODEL), of_color(ax, GAP)
    assert decoder.get_xdata() == pytest.approx([0.4, 0.6])
    assert prior.get_xdata() == pytest.approx([0.6, 0.9])
    assert {*decoder.get_ydata(), *prior.get_ydata()} == {0.8}


def test_the_water_stands_at_beta_times_the_noise():
    curve = (np.array([2.0, 0.0]), np.array([1.0, 3.0]))
    left, right = figures.water_filling([3, 2, 1], 0.5, (1, 3), curve, curve, "title").axes
    assert [bar.get_height() for bar in left.patches[:3]] == [3, 2, 1]
    assert [line.get_ydata()[0] for line in left.lines] == [0.5, 1.5]
    assert right.lines[0].get_xdata().tolist() == [2, 0]


def test_the_sweep_draws_medians_at_equal_steps():
    rates = {1: [[3.0, 4.0, 5.0], [1.0, 0.5, 0.8]], 2: [[6.0, 6.0, 7.0], [1.0, 1.0, 1.0]]}
    left, right = figures.sweep_over_beta([0.1, 4.0], rates, rates, "title").axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[4, 0.8], [6, 1]]
    assert left.lines[0].get_xdata().tolist() == [0, 1]
    assert [label.get_text() for label in left.get_xticklabels()] == ["0.1", "4"]
    assert [text.get_text() for text in right.texts] == ["Z = 1", "Z = 2"]


def test_a_score_has_a_dot_for_each_seed_and_a_bar_at_the_median():
    measured = {"MIG": {"ELBO": [0.1, 0.3, 0.2], "TC": [0.4, 0.6, 0.5]}, "other": {"ELBO": [0], "TC": [1]}}
    first, second = figures.scores(measured, "title").axes
    assert [line.get_xdata()[0] for line in first.lines] == pytest.approx([0.2, 0.5])
    assert first.collections[1].get_offsets()[:, 0].tolist() == [0.4, 0.6, 0.5]
    assert [label.get_text() for label in first.get_yticklabels()] == ["ELBO", "TC"]
    assert second.get_xlabel() == "other"
