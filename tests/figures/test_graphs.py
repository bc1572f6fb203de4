"""Graphs draw every variable and every arrow, and refuse what makes no sense."""

import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from hvae_lessons.figures.graphs import GraphicalModel, graphical_models
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
