"""Figures of top-down inference show what they were given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from hvae_lessons.figures.chapters import topdown as figures
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


def test_bars_are_as_long_as_the_nats_and_stacked_from_z_1():
    rows = {"one": ([4.0, 2.0, 0.1], "first"), "two": ([1.0, 3.0, 3.0], "second")}
    (ax,) = figures.nats_of_levels(rows, "title").axes
    bars = sorted(ax.patches, key=lambda bar: (bar.get_y(), bar.get_x()))
    assert [bar.get_width() for bar in bars] == pytest.approx([4.0, 2.0, 0.1, 1.0, 3.0, 3.0])
    assert [bar.get_x() for bar in bars] == pytest.approx([0, 4.0, 6.0, 0, 1.0, 4.0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]
    words = [text.get_text() for text in ax.texts]
    assert [word for word in words if word in ("first", "second")] == ["first", "second"]
    assert words.count("3.0") == 2
    assert "0.1" not in words  # no room for it


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


def test_steps_are_drawn_as_given():
    (ax,) = figures.sampling_steps([2, 4], {"a": [2, 4], "b": [1, 2]}, "t").axes
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 4], [1, 2]]
    assert [text.get_text() for text in ax.texts] == ["a", "b"]
