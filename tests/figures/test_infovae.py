"""Each figure of the chapter on InfoVAE draws what it is given, and says what it shows."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Ellipse

from hvae_lessons.figures.chapters import infovae as figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def lines(ax):
    return [line.get_ydata() for line in ax.lines]


def test_posteriors_have_their_share_of_the_mixture():
    grid = np.linspace(-3, 3, 61)
    posteriors = np.stack([np.exp(-((grid - m) ** 2)) for m in (-1, 1)])
    figure = figures.posteriors_and_mixture(
        grid,
        {"two": (posteriors, posteriors.mean(0), grid)}
        | {"again": (posteriors, posteriors.mean(0), grid**2)},
        "title",
    )
    drawn = lines(figure.axes[0])
    np.testing.assert_allclose(drawn[0] + drawn[1], drawn[2])
    np.testing.assert_allclose(drawn[2], posteriors.mean(0))
    assert figure._suptitle.get_text() == "title"


def test_curves_stand_beside_the_noise_and_the_chosen_bandwidth():
    values, curve = np.array([0.1, 1.0, 10.0]), [0.1, 5.0, 1.0]
    ax = figures.bandwidths(values, {"shift": curve}, (1.7, "median"), "title").axes[0]
    drawn = lines(ax)
    np.testing.assert_allclose(drawn[0], curve)
    assert set(drawn[1]) == {2}
    assert set(ax.lines[2].get_xdata()) == {1.7}
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_estimates_are_dots_on_the_exact_curve():
    ax = figures.estimate_and_truth([0.0, 1.0, 2.0], [0.0, 0.1, 0.4], [0.0, 0.2, 0.3], "title").axes[0]
    exact, dots, limit = ax.lines
    np.testing.assert_allclose(exact.get_ydata(), [0.0, 0.1, 0.4])
    np.testing.assert_allclose(dots.get_ydata(), [0.0, 0.2, 0.3])
    assert limit.get_ydata()[0] == pytest.approx(np.log(2))


def test_an_ellipse_is_two_standard_deviations_wide():
    means, scales = np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([[0.5, 0.1], [1.0, 1.0]])
    panels = {"one": (means, scales, [3, 7]), "two": (means, scales, [3, 7])}
    ax = figures.code_panels(panels, "title", shown=1).axes[0]
    (ellipse,) = [patch for patch in ax.patches if type(patch) is Ellipse]
    assert (ellipse.width, ellipse.height) == (1.0, 0.2)
    assert tuple(ellipse.center) == (0.0, 1.0)


def test_the_curve_runs_through_the_medians():
    curve = {"a": ([1, 2, 9], [3, 4, 5], [1, 1, 1]), "b": ([4, 5, 6], [1, 1, 1], [0.1, 0.2, 0.3])}
    points = {"c": ([2, 2, 2], [7, 8, 9], [2, 3, 4])}
    left, right = figures.cost_planes(curve, points, "title").axes
    np.testing.assert_allclose(left.lines[0].get_xydata(), [[2, 4], [5, 1]])
    np.testing.assert_allclose(right.lines[0].get_xydata(), [[2, 1], [5, 0.2]])
    assert right.get_yscale() == "log"
    assert {"a", "b", "c"} <= {text.get_text() for text in left.texts}
