"""Nodes and arrows in one style: circles are random, squares compute, red is p, dashed indigo is q."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from hvae_lessons.checks import check_choice, expect
from hvae_lessons.figures.style import INFERENCE, INK, MODEL, PRIOR, WIDTH, plt

RADIUS = 0.3
SIDES = {"p": MODEL, "q": INFERENCE}
CORNERS = {"deterministic": 0.02, "discrete": 0.12, "box": 0.05}
KINDS = ("latent", "observed", *CORNERS)


class Node(NamedTuple):
    """A variable, or a step of a computation.

    | Field | Shape | Meaning |
    |---|---|---|
    | `x`, `y` | numbers | its middle |
    | `kind` | str | circle: "latent", "observed"; square: "deterministic", "discrete"; "box": has a size |
    | `text` | str | what stands in it; LaTeX between dollar signs |
    | `color` | color | of its border, and of a box's text |
    | `size` | (width, height) | of a box |
    | `fontsize` | points | |
    """

    x: float
    y: float
    kind: str
    text: str
    color: str = INK
    size: tuple = (1.7 * RADIUS, 1.7 * RADIUS)
    fontsize: float = 11


class Arrow(NamedTuple):
    """From the border of one node to the border of another.

    | Field | Shape | Meaning |
    |---|---|---|
    | `start`, `end` | str | names of nodes |
    | `color` | color | |
    | `dashed` | bool | |
    | `bend` | number | 0 is straight; positive passes on the right of the straight way |
    | `shift` | number | moves it sideways, to the right of its direction if positive |
    """

    start: str
    end: str
    color: str = INK
    dashed: bool = False
    bend: float = 0.0
    shift: float = 0.0


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


def draw(ax, nodes, edges):
    """Nodes and arrows on axes without a frame, one scale in both directions; the caller sets the limits.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `ax` | Axes | |
    | `nodes` | dict | name -> Node |
    | `edges` | iterable of Arrow | their names are those of `nodes` |
    | returns | None | |

    Raises: ValueError for an unknown kind, or an arrow to a node that is not there. Source: none.
    """
    ax.set_aspect("equal")
    ax.axis("off")
    shapes = {name: ax.add_patch(_shape(node)) for name, node in nodes.items()}
    for node in nodes.values():
        color = node.color if node.kind == "box" else INK
        style = {"ha": "center", "va": "center", "linespacing": 1.5, "zorder": 4}
        ax.text(node.x, node.y, node.text, color=color, fontsize=node.fontsize, **style)
    for arrow in edges:
        for name in (arrow.start, arrow.end):
            expect(name in nodes, "edges", "names of nodes", repr(name))
        start, end = (np.array(nodes[name][:2], dtype=float) for name in (arrow.start, arrow.end))
        along = (end - start) / np.linalg.norm(end - start)
        aside = arrow.shift * np.array([along[1], -along[0]])
        ax.add_patch(
            FancyArrowPatch(
                start + aside,
                end + aside,
                # From middle to middle, cut off at the borders of both shapes.
                patchA=shapes[arrow.start],
                patchB=shapes[arrow.end],
                shrinkA=1.5,
                shrinkB=2.5,
                connectionstyle=f"arc3,rad={arrow.bend}",
                arrowstyle="-|>",
                mutation_scale=11,
                color=arrow.color,
                linestyle="--" if arrow.dashed else "-",
                linewidth=1.5,
                zorder=2,
            )
        )


def draw_model(ax, graph, extent, fontsize=11):
    """One graphical model on axes that are there.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `ax` | Axes | |
    | `graph` | GraphicalModel | |
    | `extent` | four numbers | left, right, bottom, top: what the axes show, and where the plate runs |
    | `fontsize` | points | of the variables' names |
    | returns | None | |

    Raises: ValueError for an unknown kind or side, or an edge to a variable that is not there. Source: none.
    """
    between = Counter(frozenset(edge[:2]) for edge in graph.edges)
    arrows = []
    for start, end, side, *bend in graph.edges:
        check_choice("side", side, tuple(SIDES))
        # Two arrows between the same variables bow apart.
        curve = bend[0] if bend else (-0.45 if between[frozenset((start, end))] > 1 else 0.0)
        arrows.append(Arrow(start, end, SIDES[side], side == "q", curve))
    nodes = {name: Node(*place, name, fontsize=fontsize) for name, place in graph.nodes.items()}
    draw(ax, nodes, arrows)
    left, right, bottom, top = extent
    ax.set(xlim=(left, right), ylim=(bottom, top))
    for x, y, text, side in graph.notes:
        ax.text(x, y, text, ha="center", va="center", fontsize=fontsize - 2, color=SIDES[side])
    if graph.plate:
        size = right - left - 0.1, top - bottom - 0.1
        ax.add_patch(Rectangle((left + 0.05, bottom + 0.05), *size, fill=False, color=PRIOR, lw=1))
        ax.text(right - 0.12, bottom + 0.1, graph.plate, ha="right", va="bottom", color=PRIOR, fontsize=7.5)


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
        draw_model(ax, graph, extent)
        middle = (extent[2] + extent[3]) / 2
        ax.set_ylim(middle - high / 2, middle + high / 2)
        ax.set_title(name, fontsize=9)
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


def _shape(node):
    check_choice("kind", node.kind, KINDS)
    if node.kind in CORNERS:
        wide, high = node.size
        corner = f"round,pad=0,rounding_size={CORNERS[node.kind]}"
        shape = FancyBboxPatch((node.x - wide / 2, node.y - high / 2), wide, high, boxstyle=corner)
    else:
        shape = Circle((node.x, node.y), RADIUS)
    fill = "#d9dce6" if node.kind == "observed" else "white"
    shape.set(facecolor=fill, edgecolor=node.color, linewidth=1.4, zorder=3)
    return shape
