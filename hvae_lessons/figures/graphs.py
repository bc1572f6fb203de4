"""Graphical models in the book's one style: circles for variables, red arrows for p, dashed indigo for q."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from hvae_lessons.checks import check_choice, expect
from hvae_lessons.figures.style import INFERENCE, INK, MODEL, PRIOR, WIDTH, plt

RADIUS = 0.3
KINDS = ("latent", "observed", "deterministic", "discrete")


class GraphicalModel(NamedTuple):
    """What is drawn: where the variables stand, and who depends on whom.

    | Field | Shape | Meaning |
    |---|---|---|
    | `nodes` | dict | name -> (x, y, kind); kind: "latent", "observed", "deterministic", "discrete" |
    | `edges` | tuple | (from, to, side) or (from, to, side, bend); side: "p" or "q"; bend: 0 is straight |
    | `plate` | str | what is repeated, e.g. "$N$ images"; "" draws no plate |
    | `notes` | tuple | (x, y, text, side): formulas beside the arrows |

    Neighbors stand one unit apart. Names are LaTeX and are shown as they are.
    """

    nodes: dict
    edges: tuple = ()
    plate: str = ""
    notes: tuple = ()


def graphical_models(panels, title, width=WIDTH):
    """Graphical models side by side, all at one scale.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> GraphicalModel |
    | `width` | inches | of the whole figure; less if there is little to show |
    | returns | Figure | red: p; dashed indigo: q; gray: observed; squares: deterministic |

    Raises: ValueError for an unknown kind or side, or an edge to a variable that is not there.
    Source: the drawings of N0, N2 and N4 21.5, in one style.
    """
    extents = [_extent(graph) for graph in panels.values()]
    widths = [right - left for left, right, _, _ in extents]
    high = max(top - bottom for _, _, bottom, top in extents)
    scale = min(width / sum(widths), 0.75)  # inches per unit
    size = (scale * sum(widths), scale * high + 0.55)
    figure, row = plt.subplots(
        1, len(panels), figsize=size, layout="constrained", width_ratios=widths, squeeze=False
    )
    for ax, (name, graph), extent in zip(row[0], panels.items(), extents):
        left, right, bottom, top = extent
        middle = (bottom + top) / 2
        ax.set(xlim=(left, right), ylim=(middle - high / 2, middle + high / 2), aspect="equal")
        ax.axis("off")
        ax.set_title(name, fontsize=9)
        _draw(ax, graph, extent)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _extent(graph):
    """Left, right, bottom, top of a graph with its margins."""
    points = [node[:2] for node in graph.nodes.values()]
    points += [(x + 0.095 * len(text.replace("\\", "")) / 2, y) for x, y, text, _ in graph.notes]
    points += [(x - 0.095 * len(text.replace("\\", "")) / 2, y) for x, y, text, _ in graph.notes]
    x, y = np.array(points, dtype=float).T
    margin = RADIUS + (0.35 if graph.plate else 0.2)
    return x.min() - margin, x.max() + margin, y.min() - margin, y.max() + margin


def _draw(ax, graph, extent):
    both = {frozenset(edge[:2]) for edge in graph.edges if edge[2] == "q"} & {
        frozenset(edge[:2]) for edge in graph.edges if edge[2] == "p"
    }
    for start, end, side, *bend in graph.edges:
        check_choice("side", side, ("p", "q"))
        for name in (start, end):
            expect(name in graph.nodes, "edges", "variables of the graph", repr(name))
        # Two arrows between the same variables bow apart.
        curve = bend[0] if bend else (-0.3 if frozenset((start, end)) in both else 0.0)
        _arrow(ax, graph.nodes[start][:2], graph.nodes[end][:2], side, curve)
    for name, (x, y, kind) in graph.nodes.items():
        _node(ax, x, y, name, kind)
    for x, y, text, side in graph.notes:
        ax.text(x, y, text, ha="center", va="center", fontsize=8.5, color=_color(side))
    if graph.plate:
        left, right, bottom, top = extent
        size = right - left - 0.1, top - bottom - 0.1
        ax.add_patch(Rectangle((left + 0.05, bottom + 0.05), *size, fill=False, color=PRIOR, lw=1))
        ax.text(right - 0.12, bottom + 0.1, graph.plate, ha="right", va="bottom", color=PRIOR, fontsize=7.5)


def _color(side):
    return MODEL if side == "p" else INFERENCE


def _node(ax, x, y, name, kind):
    check_choice("kind", kind, KINDS)
    fill = "#d9dce6" if kind == "observed" else "white"
    if kind in ("latent", "observed"):
        shape = Circle((x, y), RADIUS)
    else:
        side = 1.7 * RADIUS
        corner = {"deterministic": 0.02, "discrete": 0.12}[kind]
        box = f"round,pad=0,rounding_size={corner}"
        shape = FancyBboxPatch((x - side / 2, y - side / 2), side, side, boxstyle=box)
    shape.set(facecolor=fill, edgecolor=INK, linewidth=1.3, zorder=3)
    ax.add_patch(shape)
    ax.text(x, y, name, ha="center", va="center", fontsize=11, zorder=4)


def _arrow(ax, start, end, side, bend):
    start, end = np.array(start, dtype=float), np.array(end, dtype=float)
    unit = (end - start) / np.linalg.norm(end - start)
    normal = np.array([unit[1], -unit[0]])
    # A bent arrow leaves and meets the circles a little to the side.
    turn = np.clip(bend, -0.5, 0.5)
    leave, meet = unit * np.cos(turn) + normal * np.sin(turn), unit * np.cos(turn) - normal * np.sin(turn)
    ax.add_patch(
        FancyArrowPatch(
            start + (RADIUS + 0.03) * leave,
            end - (RADIUS + 0.05) * meet,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=11,
            shrinkA=0,
            shrinkB=0,
            color=_color(side),
            linestyle="--" if side == "q" else "-",
            linewidth=1.5,
            zorder=2,
        )
    )
