"""Figures of the chapter on clusters: data in, Figure out, nats throughout.

Titles state what the reader should see, so the caller writes them.
"""

import numpy as np
from matplotlib.collections import LineCollection

from hvae_lessons.figures.graphs import GraphicalModel, graphical_models
from hvae_lessons.figures.style import DIGITS, GAP, INFERENCE, INK, MODEL, PRIOR, WIDTH, axes, plt

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "generator": "$p$: cluster to image",
    "from_code": "$q$: label from code",
    "from_data": "$q$: label from data",
    "samples": "samples, with their labels",
    "code": "code",
    "label": "label 2",
    "clusters": "clusters $Y$",
    "time": "milliseconds per step",
    "cluster": "cluster, named by the best matching",
    "digit": "digit",
    "position": "position between the two centers",
}

LABEL = ("#0f766e", "#b45309")  # the two labels of the toy: they differ in lightness too


def cluster_graphs(title):
    """The generator, and the two places from which a label can be read.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `title` | str | what the reader should see |
    | returns | Figure | p(x, z, y); q(z given x) q(y given z); q(z given x) q(y given x) |

    Source: N0, its factorizations; Jiang et al. (2017) for the third.
    """
    nodes = {"$x$": (0, 0, "observed"), "$z$": (1.2, 0, "latent"), "$y$": (2.4, 0, "discrete")}
    apart = {"$x$": (0, 0, "observed"), "$z$": (1.2, 0.45, "latent"), "$y$": (1.2, -0.45, "discrete")}
    panels = {
        WORDS["generator"]: GraphicalModel(nodes, (("$y$", "$z$", "p"), ("$z$", "$x$", "p"))),
        WORDS["from_code"]: GraphicalModel(nodes, (("$x$", "$z$", "q"), ("$z$", "$y$", "q"))),
        WORDS["from_data"]: GraphicalModel(apart, (("$x$", "$z$", "q"), ("$x$", "$y$", "q"))),
    }
    return graphical_models(panels, title)


def shuffled_labels(grid, densities, q_z, panels, centers, title):
    """Codes tied to the centers of their labels: their own labels, and the same labels shuffled.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `grid` | [G] | values of z |
    | `densities` | [2, G] | p(z given y) of both clusters |
    | `q_z` | [G] | q(z given x) |
    | `panels` | dict | panel title -> (codes [n], labels [n] 0 or 1), drawn from the top down |
    | `centers` | two numbers | means of the clusters |
    | returns | Figure | every thread runs from a code to the center of the cluster it is judged by |

    Source: N0, the two forms of the conditional-prior term.
    """
    grid, q_z, densities = (np.asarray(part) for part in (grid, q_z, densities))
    figure, rows = plt.subplots(
        2,
        len(panels),
        figsize=(WIDTH, 4.3),
        height_ratios=(1, 2.1),
        sharex=True,
        layout="constrained",
        squeeze=False,
    )
    for (top, bottom), (name, (codes, labels)) in zip(rows.T, panels.items()):
        codes, labels = np.asarray(codes), np.asarray(labels)
        top.fill_between(grid, q_z, color=INFERENCE, alpha=0.2, lw=0)
        top.plot(grid, q_z, color=INFERENCE)
        for density, color in zip(densities, LABEL):
            top.plot(grid, density, color=color, ls=(0, (5, 2)))
        top.set_title(name, fontsize=10)
        top.set(yticks=[], ylim=(0, None))
        height = np.arange(len(codes), 0, -1)
        ends = np.asarray(centers)[labels]
        threads = [[(z, h), (end, h)] for z, h, end in zip(codes, height, ends)]
        colors = [LABEL[label] for label in labels]
        bottom.add_collection(LineCollection(threads, colors=colors, lw=1.8))
        bottom.scatter(codes, height, color=INFERENCE, s=20, zorder=3)
        for center, color in zip(centers, LABEL):
            bottom.axvline(center, color=color, ls=(0, (5, 2)), lw=1)
        bottom.set(xlim=(-3.4, 3.4), ylim=(0, len(codes) + 1), yticks=[], xlabel="$z$")
    label = {"fontsize": 9, "ha": "center", "va": "bottom"}
    rows[0][0].text(grid[np.argmax(q_z)], 0.05, "$q(z|x)$", color=INFERENCE, **label)
    for density, color, name, side in zip(densities, LABEL, ("$p(z|1)$", "$p(z|2)$"), (-1.5, 1.5)):
        rows[0][0].text(grid[np.argmax(density)] + side, 0.75 * np.max(density), name, color=color, **label)
    rows[1][0].set_ylabel(WORDS["samples"])
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def optimal_codes(grid, panels, title):
    """What each objective makes of q(z | x) and of the label, beside the exact posterior.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `grid` | [G] | values of z |
    | `panels` | dict | panel title -> p(z given x), q(z given x), q(2 given z), p(2 given z), [G] each |
    | returns | Figure | above: the codes; below: the label as a function of z |

    Source: N0, the two forms, each optimized.
    """
    figure, rows = plt.subplots(
        2,
        len(panels),
        figsize=(WIDTH, 3.6),
        height_ratios=(1.4, 1),
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    for (top, bottom), (name, (posterior, q_z, label, exact)) in zip(rows.T, panels.items()):
        top.plot(grid, posterior, color=MODEL)
        top.fill_between(grid, q_z, color=INFERENCE, alpha=0.25, lw=0)
        top.plot(grid, q_z, color=INFERENCE)
        top.set_title(name, fontsize=10)
        bottom.plot(grid, exact, color=MODEL)
        bottom.plot(grid, label, color=INFERENCE, ls=(0, (5, 2)))
        bottom.set(xlabel="$z$", ylim=(-0.05, 1.05), yticks=(0, 0.5, 1))
        top.set(yticks=[])
    rows[0][0].set_ylabel(WORDS["code"])
    rows[1][0].set_ylabel(WORDS["label"])
    rows[0][0].set_ylim(0, None)
    grid, last = np.asarray(grid), list(panels.values())[-1]
    for values, share, name, color in (
        (last[0], 0.15, "$p(z|x)$", MODEL),
        (last[1], 0.7, "$q(z|x)$", INFERENCE),
    ):
        values = np.asarray(values)
        at = np.searchsorted(np.cumsum(values) / values.sum(), share)  # a point on the flank of the curve
        shift, side = (-4, "right") if share < 0.5 else (6, "left")
        rows[0][-1].annotate(
            name, (grid[at], values[at]), (shift, 2), color=color, ha=side, textcoords="offset points"
        )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def label_costs(counts, panels, title):
    """Time against the number of clusters, for the exact expectation and for one drawn label.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `counts` | list | numbers of clusters Y |
    | `panels` | dict | panel title -> dict: strategy -> milliseconds for each Y |
    | returns | Figure | both axes logarithmic |

    Source: N0, step 4: O(B) against O(BY).
    """
    figure, row = axes(1, len(panels), height=2.9, sharey=True)
    for ax, (name, curves) in zip(row, panels.items()):
        for (strategy, values), color, marker in zip(curves.items(), (MODEL, INFERENCE, PRIOR), "os^"):
            ax.plot(counts, values, color=color, marker=marker, ms=5)
            ax.annotate(
                strategy,
                (counts[-1], values[-1]),
                (0, 6),
                textcoords="offset points",
                color=color,
                ha="right",
            )
        ax.set(xscale="log", yscale="log", xlabel=WORDS["clusters"], xticks=counts, xticklabels=counts)
        ax.minorticks_off()
        ax.set_title(name, fontsize=10)
    row[0].set_ylabel(WORDS["time"])
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def seeds_by_method(panels, title, xlabel, limit=None, reference=None):
    """One dot per seed, one line per method, and the median as a bar.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> dict: method -> values of the seeds; the same methods |
    | `limit` | number | right end of the axis |
    | `reference` | (number, name) | a dashed line and what it means |
    | returns | Figure | the last method in indigo, the others grey |

    Source: no formula of the notes.
    """
    count = max(len(methods) for methods in panels.values())
    figure, row = axes(1, len(panels), height=0.55 + 0.34 * count, squeeze=False, sharey=True)
    for ax, (name, methods) in zip(row[0], panels.items()):
        for y, values in enumerate(methods.values()):
            color = INFERENCE if y == len(methods) - 1 else PRIOR
            ax.plot([np.median(values)] * 2, [y - 0.32, y + 0.32], color=color, lw=3)
            ax.scatter(values, np.full(len(values), y), color=color, s=22, zorder=3)
        ax.set(xlim=(0, limit), xlabel=xlabel, ylim=(len(methods) - 0.5, -0.5))
        ax.set_yticks(range(len(methods)), list(methods))
        ax.set_title(name, fontsize=10)
        if reference is not None:
            ax.axvline(reference[0], color=GAP, lw=1.2, ls=(0, (4, 3)))
            ax.text(reference[0], -0.5, reference[1], fontsize=9, ha="right", va="bottom", color="#8a5a00")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def confusion_matrix(table, title):
    """Examples of each class in each cluster, as shares of the class.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `table` | [K, K] | class by cluster, clusters named after classes (`measures.clusters.match_clusters`) |
    | returns | Figure | numbers are counts; shades are shares of the row |

    Source: no formula of the notes.
    """
    figure, ax = plt.subplots(figsize=(0.72 * WIDTH, 0.66 * WIDTH), layout="constrained")
    table = np.asarray(table)
    share = table / table.sum(1, keepdims=True)
    ax.imshow(share, cmap="Greys", vmin=0, vmax=1)
    for i, k in np.argwhere(table > 0):
        color = "white" if share[i, k] > 0.5 else INK
        ax.text(k, i, str(table[i, k]), ha="center", va="center", fontsize=8, color=color)
    ax.set_xticks(range(len(table)))
    ax.set_yticks(range(len(table)))
    ax.set(xlabel=WORDS["cluster"], ylabel=WORDS["digit"])
    ax.set_title(title)
    return figure


def label_path(positions, probs, names, images, image_shape, title):
    """The label along a straight line between two clusters, and the images on the way.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `positions` | [P] | from 0, the center of one cluster, to 1, the center of the other |
    | `probs` | [P, Y] | p(y given z) along the line |
    | `names` | [Y] | what the clusters are called |
    | `images` | [n, D] | decoded codes, evenly spaced on the line |
    | `image_shape` | (height, width) | D = height * width |
    | returns | Figure | above: images; below: stacked probabilities |

    Source: N0, q(y given z).
    """
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(WIDTH, 3.4), height_ratios=(1, 2.6), layout="constrained", sharex=True
    )
    high, wide = image_shape
    strip = np.asarray(images).reshape(-1, high, wide).transpose(1, 0, 2).reshape(high, -1)
    top.imshow(strip, cmap="Greys", vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect="auto")
    top.axis("off")
    probs, positions = np.asarray(probs), np.asarray(positions)
    shown = [k for k in range(probs.shape[1]) if probs[:, k].max() > 0.05]
    bottom.stackplot(
        positions, probs[:, shown].T, colors=[DIGITS[names[k] % 10] for k in shown], alpha=0.85, lw=0
    )
    base = np.cumsum(probs[:, shown], 1) - probs[:, shown]
    for column, k in enumerate(shown):
        at = probs[:, k].argmax()
        if probs[at, k] < 0.2:
            continue
        at = int(np.clip(at, 0.04 * len(positions), 0.96 * len(positions) - 1))
        height = base[at, column] + probs[at, k] / 2
        bottom.text(
            positions[at], height, str(names[k]), ha="center", va="center", weight="bold", color="white"
        )
    bottom.set(xlim=(0, 1), ylim=(0, 1), xlabel=WORDS["position"], ylabel="$q(y|z)$")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure
