"""Graphs draw every variable and every arrow, and refuse what makes no sense."""

import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from hvae_lessons.figures.graphs import Arrow, GraphicalModel, Node, draw, graphical_models
from hvae_lessons.figures.style import INFERENCE, MODEL


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_graph_has_a_red_solid_arrow_for_p_and_a_dashed_indigo_one_for_q():
    nodes = {"$x$": (0, 0, "observed"), "$z$": (0, 1, "latent")}
    graph = GraphicalModel(nodes, (("$z$", "$x$", "p"), ("$x$", "$z$", "q")), plate="$N$ images")
    (ax,) = graphical_models({"VAE": graph}, "A code and an image").axes
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert [plt.matplotlib.colors.to_hex(arrow.get_edgecolor()) for arrow in arrows] == [MODEL, INFERENCE]
    assert [arrow.get_linestyle() for arrow in arrows] == ["-", "--"]
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 2
    assert {"$x$", "$z$", "$N$ images"} <= {text.get_text() for text in ax.texts}


@pytest.mark.parametrize(
    ("graph", "named"),
    [
        (GraphicalModel({"$z$": (0, 0, "hidden")}), "kind"),
        (GraphicalModel({"$z$": (0, 0, "latent")}, (("$z$", "$x$", "p"),)), "edges"),
        (GraphicalModel({"$z$": (0, 0, "latent")}, (("$z$", "$z$", "r"),)), "side"),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(graph, named):
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        graphical_models({"": graph}, "")


def test_an_arrow_runs_between_the_borders_of_what_it_joins():
    _, ax = plt.subplots(figsize=(4, 4))
    nodes = {"noise": Node(0, 0, "latent", "e"), "code": Node(2, 0, "box", "z", size=(1, 0.4))}
    draw(ax, nodes, [Arrow("noise", "code"), Arrow("code", "noise", dashed=True, shift=0.1)])
    ax.set(xlim=(-1, 3), ylim=(-2, 2))
    there, back = (arrow.get_path() for arrow in ax.patches if isinstance(arrow, FancyArrowPatch))
    # The circle's radius is 0.3, the box begins at 1.5; a few hundredths of air on either side.
    assert there.get_extents().intervalx == pytest.approx([0.3, 1.5], abs=0.1)
    assert back.get_extents().intervalx == pytest.approx([0.3, 1.5], abs=0.1)
    assert there.vertices[0, 1] == pytest.approx(0, abs=1e-6)
    assert back.vertices[0, 1] == pytest.approx(0.1, abs=1e-6)  # to the right of its way, which is upwards


def test_an_arrow_to_nowhere_is_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="^edges: expected names of nodes, got 'f'"):
        draw(ax, {"z": Node(0, 0, "latent", "$z$")}, [Arrow("z", "f")])
