"""Figures of top-down inference show what they were given; the chapter quotes what was measured."""

from statistics import mean

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from quotations import quoted, record

from hvae_lessons import figures
from hvae_lessons.figures.style import GAP, INFERENCE, MODEL


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def test_both_orders_and_the_backbone_are_drawn():
    skips, built, bottom_up, top_down = figures.skip_graphs("title").axes
    # Three codes and x, everyone to everyone below: 3 + 2 + 1 arrows, in either direction.
    assert [len(arrows(ax)) for ax in (skips, bottom_up)] == [6, 6]
    assert {arrow.get_linestyle() for arrow in arrows(skips)} == {"-"}
    assert {arrow.get_linestyle() for arrow in arrows(bottom_up)} == {"--"}
    # Backbone: three steps down, three codes in, two priors out of it.
    assert len(arrows(built)) == 8
    assert sum(isinstance(patch, FancyBboxPatch) for patch in built.patches) == 3
    # Inference: three steps up, three features read, two parents; shared with p: two codes in, one step down.
    assert sum(arrow.get_linestyle() == "--" for arrow in arrows(top_down)) == 8
    assert sum(arrow.get_linestyle() == "-" for arrow in arrows(top_down)) == 3


def test_prior_message_and_posterior_keep_their_colors():
    z = np.linspace(-1, 1, 5)
    densities = (z**2, 1 - z**2, z + 1)
    (ax,) = figures.prior_times_message(z, {"panel": densities}, "title").axes
    assert [line.get_color() for line in ax.lines] == [MODEL, GAP, INFERENCE]
    assert all(np.array_equal(line.get_ydata(), density) for line, density in zip(ax.lines, densities))


def test_an_error_of_zero_is_drawn_at_the_bottom():
    (ax,) = figures.rounding_errors([1, 10], {"one": [1e-3, 1e-2], "two": [0.0, 1e-7]}, "title").axes
    assert ax.lines[0].get_ydata().tolist() == [1e-3, 1e-2]
    assert ax.lines[1].get_ydata()[0] == ax.lines[1].get_ydata().min() > 0
    assert [text.get_text() for text in ax.texts] == ["one", "two"]


def test_every_bound_is_named_with_its_last_value():
    (ax,) = figures.bound_by_samples([1, 10], {"low": [-3.0, -2.0], "high": [-2.0, -1.5]}, "title").axes
    assert [text.get_text() for text in ax.texts] == ["high -1.5", "low -2.0"]
    assert ax.lines[0].get_ydata().tolist() == [-2.0, -1.5]


def test_skipped_steps_are_marked_and_counted():
    (ax,) = figures.gradient_norms({"run": ([1.0, 50.0, 2.0, np.inf], [0, 1, 0, 2])}, 10.0, "title").axes
    assert ax.get_title() == "run\n3 steps skipped"
    _, taken, skipped, limit = ax.lines
    assert taken.get_xdata().tolist() == [1, 3]
    assert skipped.get_xdata().tolist() == [2, 4]
    assert np.isfinite(skipped.get_ydata()).all()
    assert list(limit.get_ydata()) == [10.0, 10.0]


def test_a_tree_has_one_parent_for_each_node():
    chain, tree = figures.code_graphs("title").axes
    assert len(arrows(chain)) == 3 + 2 + 1
    circles = sum(isinstance(patch, Circle) for patch in tree.patches)
    assert circles == 15
    assert len(arrows(tree)) == circles - 1


def test_costs_are_drawn_as_given():
    steps, time = figures.sampling_cost(
        [2, 4], {"a": [2, 4], "b": [1, 2]}, {"a": [5, 6], "b": [3, 4]}, "t"
    ).axes
    assert [list(line.get_ydata()) for line in steps.lines] == [[2, 4], [1, 2]]
    assert [list(line.get_ydata()) for line in time.lines] == [[5, 6], [3, 4]]


def runs(name):
    """The three seeds of a row of the chapter's tables."""
    if name in ("Markov chain", "Markov chain, no help"):
        source = "3 levels, no help" if name.endswith("no help") else "3 levels, both"
        return [run for run in record("hierarchy_seeds")["runs"] if run["name"] == source]
    model, _, setting = name.replace("Markov chain", "markov").partition(", ")
    source = (
        f"{model}, {setting}" if setting == "no help" else ", ".join(filter(None, (model, "both", setting)))
    )
    return [run for run in record("topdown_seeds")["runs"] if run["name"] == source]


def levels(found):
    return [mean(run["kl_per_level"][l] for run in found) for l in range(3)]


def test_the_chapter_quotes_the_measured_bounds_and_levels():
    seeds, per_level = quoted("topdown", "seeds"), quoted("topdown", "per_level")
    assert seeds.keys() == per_level.keys()
    assert len(seeds) == 8
    for name, values in seeds.items():
        found = runs(name)
        assert values == pytest.approx([run["negative_elbo"] for run in found], abs=0.051)
        assert per_level[name] == pytest.approx(levels(found), abs=0.051)


def test_the_chapter_quotes_what_balancing_did():
    for name, (negative_elbo, *kl) in quoted("topdown", "balanced_vectors").items():
        found = runs(name)
        assert len(found) == 3
        assert negative_elbo == pytest.approx(mean(run["negative_elbo"] for run in found), abs=0.051)
        assert kl == pytest.approx(levels(found), abs=0.051)
    for name, rows in quoted("topdown", "balanced_maps").items():
        found = [run for run in record("convolutional_seeds")["runs"] if run["name"] == name]
        assert len(rows) == len(found) == 5
        for row, run in zip(rows, found):
            assert row == pytest.approx((run["negative_elbo"], *run["kl_per_level"]), abs=0.051)


def test_the_chapter_quotes_the_whole_data_set():
    found = {run["name"]: run for run in record("hierarchy_full")["runs"]}
    rows = quoted("topdown", "full")
    assert rows.keys() == found.keys()
    names = ("negative_elbo", "negative_elbo_of_first_1000", "negative_iwae_5000_of_first_1000")
    for name, row in rows.items():
        assert row == tuple(found[name][key] for key in names)


MEASURED = {
    "24 levels, residual, scaled": ("depth", {"posterior": "residual", "depth_scaled": True}),
    "24 levels, residual, not scaled": ("depth", {"posterior": "residual", "depth_scaled": False}),
    "24 levels, merge, scaled": ("depth", {"posterior": "merge", "depth_scaled": True}),
    "24 levels, merge, not scaled": ("depth", {"posterior": "merge", "depth_scaled": False}),
    "no odd image": ("outlier", {"factor": 1}),
    "odd image": ("outlier", {"factor": 16, "threshold": None}),
    "odd image, threshold 1000": ("outlier", {"factor": 16, "threshold": 1000}),
    "odd image, threshold 300": ("outlier", {"factor": 16, "threshold": 300}),
    "rate 0.02": ("rate", {"learning_rate": 0.02, "threshold": None}),
    "rate 0.02, threshold 100": ("rate", {"learning_rate": 0.02, "threshold": 100}),
    "MNIST, not normalized": ("ordinary", {"batch_norm": False, "threshold": None}),
    "MNIST, not normalized, threshold 200": ("ordinary", {"batch_norm": False, "threshold": 200}),
    "spectral 0": ("spectral", {"weight": 0, "learning_rate": 0.002}),
    "spectral 0.001": ("spectral", {"weight": 0.001, "learning_rate": 0.002}),
    "spectral 0.01": ("spectral", {"weight": 0.01, "learning_rate": 0.002}),
    "spectral 0.1": ("spectral", {"weight": 0.1, "learning_rate": 0.002}),
    "spectral 0, rate 0.01": ("spectral", {"weight": 0, "learning_rate": 0.01}),
    "spectral 0.01, rate 0.01": ("spectral", {"weight": 0.01, "learning_rate": 0.01}),
    "spectral 0, rate 0.02": ("spectral", {"weight": 0, "learning_rate": 0.02}),
    "spectral 0.1, rate 0.02": ("spectral", {"weight": 0.1, "learning_rate": 0.02}),
}


def test_the_chapter_quotes_what_the_tricks_did():
    stability, measured = record("topdown_stability"), quoted("topdown", "measured")
    assert measured.keys() == MEASURED.keys()
    for name, (section, settings) in MEASURED.items():
        found = [
            run for run in stability[section] if all(run[key] == value for key, value in settings.items())
        ]
        assert measured[name] == tuple(run["negative_elbo"] for run in found)


def test_ordinary_training_stays_below_the_norms_that_the_chapter_names():
    normalized = [
        run["gradient_norm_per_epoch"] for run in record("topdown_stability")["ordinary"] if run["batch_norm"]
    ]
    assert len(normalized) == 3
    assert all(65 < norms[0] < 75 and max(norms[1:]) < 40 for norms in normalized)
