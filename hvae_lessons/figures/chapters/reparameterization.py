"""Figures of the chapter on the reparameterization trick.

Estimators keep one color each: pathwise indigo, score function gray, score function with baseline amber;
what is exact is red.
"""

import matplotlib.pyplot as plt
import numpy as np

from hvae_lessons.figures.graphs import Arrow, Node, draw
from hvae_lessons.figures.style import GAP, INFERENCE, INK, MODEL, MODEL_SHADES, PRIOR, WIDTH, axes

ESTIMATORS = {"pathwise": INFERENCE, "score function": PRIOR, "score function with baseline": GAP}


# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "pathwise": "pathwise",
    "score function": "score function",
    "score function with baseline": "score function\nwith baseline",
    "stops": "stops",
    "blocked": "A draw in the way: the gradient stops",
    "free": "The draw moved aside: it passes",
    "score_lines": "score\nfunction",
    "baseline": "with\nbaseline",
    "samples": "samples $n$ per estimate",
    "estimate_variance": "variance of the estimate",
    "all_fall": "All fall as $1/n$, from other heights",
    "dimension": "dimension of $z$",
    "sample_variance": "variance of one sample",
    "ignores": "Only pathwise ignores the dimension",
    "gradient": "gradient ${value:.2f}$",
    "deviation": "sd {value:.1f}",
    "single": "estimate from a single sample (nats per unit of the mean)",
    "three": "One gradient, three estimators: same mean, other noise",
    "cells": "Each cell keeps its probability; where it shrinks, the density rises",
    "exact": "exact",
    "corners": "Cold samples sit in the corners, hot ones meet in the middle",
    "relaxed": "relaxed",
    "straight": "straight-through",
    "unbiased": "score function: no bias at all",
    "temperature": r"temperature $\tau$",
    "bias": "bias",
    "warm": "Warm relaxations are biased",
    "standard_deviation": "standard deviation",
    "cold": "Cold ones are noisy",
}


def gradient_paths():
    """One expectation as two computation graphs: the random node in the way, and the random node aside.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | Figure | squares compute, circles are random; dashed: the way of the gradient |

    Source: N4 draft 21.27-21.33.
    """
    figure, panels = axes(1, 2, height=2.45)
    for panel, is_random in zip(panels, (True, False)):
        kind, color = ("latent", GAP) if is_random else ("deterministic", INFERENCE)
        nodes = {
            "phi": Node(0, 0, "deterministic", r"$\phi$", INFERENCE, fontsize=13),
            "z": Node(1.5, 0, kind, "$z$", color, fontsize=13),
            "f": Node(3, 0, "deterministic", "$f$", MODEL, fontsize=13),
        }
        forward = [Arrow("phi", "z", shift=-0.1), Arrow("z", "f", shift=-0.1)]
        back = [Arrow("f", "z", MODEL, dashed=True, shift=-0.13)]
        if not is_random:
            nodes["noise"] = Node(1.5, 1, "latent", r"$\epsilon$", GAP, fontsize=13)
            forward.append(Arrow("noise", "z"))
            back.append(Arrow("z", "phi", MODEL, dashed=True, shift=-0.13))
        draw(panel, nodes, forward + back)
        panel.set(xlim=(-0.35, 3.35), ylim=(-1.05, 1.35))
        panel.text(2.25, -0.32, r"$\partial f / \partial z$", color=MODEL, ha="center", va="top")
    blocked, free = panels
    cross = {"fontsize": 15, "fontfamily": "DejaVu Sans"}
    blocked.text(0.75, -0.15, "✕", color=MODEL, ha="center", va="center", **cross)
    blocked.text(0.75, -0.36, WORDS["stops"], color=MODEL, ha="center", va="top")
    blocked.text(1.5, -0.9, r"$z \sim q_\phi(z)$", ha="center")
    blocked.set_title(WORDS["blocked"])
    free.text(0.75, -0.32, r"$\partial z / \partial \phi$", color=MODEL, ha="center", va="top")
    free.text(1.5, -0.9, r"$z = r(\epsilon, \phi)$", ha="center")
    free.text(1.92, 1, r"$\epsilon \sim p(\epsilon)$", va="center")
    free.set_title(WORDS["free"])
    return figure


def estimator_variances(counts, over_counts, one_sample, dimensions, over_dimensions, laws):
    """Variance of gradient estimators against the number of samples and against the dimension.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `counts` | [N] | samples per estimate |
    | `over_counts` | name -> [N] | measured variances |
    | `one_sample` | name -> number | closed-form variance of one sample: the 1/n lines |
    | `dimensions` | [M] | dimension of z |
    | `over_dimensions`, `laws` | name -> [M] | measured variances of one sample, and their closed forms |
    | returns | Figure | names as in `ESTIMATORS` |

    Raises: KeyError for another name. Source: none of the notes; the closed forms are in the chapter.
    """
    figure, (left, right) = axes(1, 2, height=3.5)
    counts, dimensions = np.asarray(counts), np.asarray(dimensions)
    for name, measured in over_counts.items():
        color = ESTIMATORS[name]
        left.loglog(counts, one_sample[name] / counts, color=color, linewidth=1.2)
        left.loglog(counts, measured, "o", color=color, markersize=4.5)
        right.loglog(dimensions, laws[name], color=color, linewidth=1.2)
        right.loglog(dimensions, over_dimensions[name], "o", color=color, markersize=4.5)
    left.text(counts[2], 1.35 * one_sample["score function"] / counts[2], WORDS["score function"])
    left.text(
        counts[2],
        0.6 * one_sample["pathwise"] / counts[2],
        WORDS["pathwise"] + " ",
        color=INFERENCE,
        ha="right",
        va="top",
    )
    left.set(xlabel=WORDS["samples"], ylabel=WORDS["estimate_variance"])
    left.set_title(WORDS["all_fall"])
    right.set(xlabel=WORDS["dimension"], ylabel=WORDS["sample_variance"])
    right.set_title(WORDS["ignores"])
    top = {name: laws[name][-1] for name in laws}
    place = dimensions[-1] * 0.75
    right.text(place, 1.7 * top["pathwise"], WORDS["pathwise"], color=INFERENCE, ha="right")
    right.text(
        place, 0.3 * top["score function with baseline"], WORDS["baseline"], color=INK, ha="right", va="top"
    )
    right.text(
        place * 0.45, top["score function"] * 0.5, WORDS["score_lines"], color=INK, ha="right", va="center"
    )
    return figure


def single_estimates(samples, exact):
    """Many one-sample estimates of one partial derivative, one row per estimator, on one common axis.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `samples` | name -> [K] | one-sample estimates, names as in `ESTIMATORS` |
    | `exact` | number | the mean that all of them share |
    | returns | Figure | |

    Raises: KeyError for another name. Source: none of the notes.
    """
    figure, panel = axes(height=2.7)
    jitter = np.random.RandomState(0)
    for row, (name, values) in enumerate(samples.items()):
        values = np.asarray(values)
        height = -row + jitter.uniform(-0.24, 0.24, len(values))
        panel.scatter(values, height, s=7, color=ESTIMATORS[name], alpha=0.45, linewidths=0)
        panel.text(
            1.01,
            -row,
            WORDS["deviation"].format(value=values.std()),
            transform=panel.get_yaxis_transform(),
            va="center",
        )
    panel.axvline(exact, color=MODEL, linewidth=1.2)
    panel.text(exact, 0.55, WORDS["gradient"].format(value=exact), color=MODEL, ha="center", va="bottom")
    panel.set_yticks([-row for row in range(len(samples))], [WORDS[name] for name in samples])
    panel.set(ylim=(0.5 - len(samples), 0.5), xlabel=WORDS["single"])
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_title(WORDS["three"], pad=20)
    return figure


def deformed_grids(grids, span=2.6, every=10):
    """What each transformation does to a square grid of noise: cells keep their probability, not their area.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `grids` | title -> [G, G, 2] | images of the grid points; the first is drawn as noise |
    | `span` | number | half width of the panels |
    | `every` | whole number | lines drawn: one of so many, so that they bend smoothly |
    | returns | Figure | |

    Source: N4 draft 21.34-21.45.
    """
    figure, panels = plt.subplots(
        1,
        len(grids),
        figsize=(WIDTH, WIDTH / len(grids) + 0.6),
        layout="constrained",
        sharex=True,
        sharey=True,
    )
    for panel, (title, grid) in zip(panels, grids.items(), strict=True):
        grid = np.asarray(grid)
        color = GAP if panel is panels[0] else INFERENCE
        for lines in (grid[:, ::every], grid.transpose(1, 0, 2)[:, ::every]):
            panel.plot(lines[..., 0], lines[..., 1], color=color, linewidth=0.7)
        panel.set(
            xlim=(-span, span), ylim=(-span, span), aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2]
        )
        panel.set_title(title, fontsize=10)
    figure.suptitle(WORDS["cells"], x=0.01, ha="left", fontsize=11)
    return figure


def fits_of_a_posterior(grid, log_posterior, fits, view, title):
    """An exact two-dimensional posterior, shaded, and the densities fitted to it, as contours.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `grid` | [G, G, 2] | where the posterior is known |
    | `log_posterior` | [G, G] | its log-density |
    | `fits` | name -> ([H, H, 2], [H, H]) | points made from a grid of noise, and log q there |
    | `view` | (x0, x1, y0, y1) | limits of the panels |
    | `title` | str | the finding |
    | returns | Figure | contours at 60%, 20% and 4% of each density's greatest value |

    Source: N4 draft 21.2.5.
    """
    shape = (view[3] - view[2]) / (view[1] - view[0])
    figure, panels = plt.subplots(
        1,
        len(fits),
        figsize=(WIDTH, WIDTH / len(fits) * shape + 0.55),
        layout="constrained",
        sharex=True,
        sharey=True,
    )
    posterior = np.exp(np.asarray(log_posterior))
    for panel, (name, (points, log_q)) in zip(panels, fits.items(), strict=True):
        levels = np.array([0.01, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.001]) * posterior.max()
        panel.contourf(
            grid[..., 0], grid[..., 1], posterior, levels=levels, cmap=MODEL_SHADES, vmax=1.4 * levels[-1]
        )
        density = np.exp(np.asarray(log_q))
        contours = np.array([0.04, 0.2, 0.6]) * density.max()
        panel.contour(
            points[..., 0], points[..., 1], density, levels=contours, colors=INFERENCE, linewidths=1.4
        )
        panel.set(xlim=view[:2], ylim=view[2:], aspect="equal", xlabel="$z_1$")
        panel.set_title(name, fontsize=10)
    panels[0].set_ylabel("$z_2$")
    panels[0].text(0.04, 0.97, WORDS["exact"], color=MODEL, transform=panels[0].transAxes, va="top")
    panels[0].text(0.04, 0.89, "$q$", color=INFERENCE, transform=panels[0].transAxes, va="top")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def relaxed_samples(weights):
    """Gumbel-softmax samples in the triangle of probability vectors, one panel per temperature.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `weights` | temperature -> [n, 3] | relaxed samples |
    | returns | Figure | |

    Source: N4 21.85.
    """
    figure, panels = axes(1, len(weights), height=2.15)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    for panel, (temperature, samples) in zip(panels, weights.items(), strict=True):
        points = np.asarray(samples) @ corners
        panel.add_patch(plt.Polygon(corners, fill=False, edgecolor=PRIOR, linewidth=1.0))
        panel.scatter(*points.T, s=8, color=INFERENCE, alpha=0.3, linewidths=0, zorder=3, clip_on=False)
        for (x, y), name in zip(corners, ("1", "2", "3"), strict=True):
            outward = np.array([x - 0.5, y - 0.29]) * 0.17
            panel.text(x + outward[0], y + outward[1], name, ha="center", va="center")
        panel.set(xlim=(-0.13, 1.13), ylim=(-0.13, 1.02), aspect="equal")
        panel.axis("off")
        panel.text(0.5, -0.1, rf"$\tau = {temperature:g}$", ha="center", va="top")
    figure.suptitle(WORDS["corners"], x=0.01, ha="left", fontsize=11)
    return figure


def bias_and_spread(temperatures, relaxed, straight, score_spread):
    """Bias and standard deviation of discrete gradient estimators against the temperature.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `temperatures` | [N] | tau |
    | `relaxed`, `straight` | [N, 2] | bias and standard deviation (Euclidean norms) at each temperature |
    | `score_spread` | number | standard deviation of the unbiased score function with baseline |
    | returns | Figure | |

    Source: none of the notes; N4 21.6.5 names the estimators.
    """
    figure, (left, right) = axes(1, 2, height=3.2)
    for values, style, color in ((relaxed, "o-", INFERENCE), (straight, "s--", INK)):
        values = np.asarray(values)
        left.loglog(temperatures, values[:, 0], style, color=color, markersize=4.5)
        right.loglog(temperatures, values[:, 1], style, color=color, markersize=4.5)
    right.axhline(score_spread, color=GAP)
    right.text(
        temperatures[-1], score_spread * 1.12, WORDS["score function with baseline"], ha="right", va="bottom"
    )
    right.text(
        temperatures[-2] * 0.8, relaxed[-2][1], WORDS["relaxed"], color=INFERENCE, ha="right", va="center"
    )
    right.text(temperatures[1] * 1.15, straight[1][1] * 1.2, WORDS["straight"])
    left.text(
        temperatures[2] * 0.85,
        relaxed[2][0] * 1.1,
        WORDS["relaxed"],
        color=INFERENCE,
        ha="right",
        va="bottom",
    )
    left.text(temperatures[2] * 1.15, straight[2][0] * 0.9, WORDS["straight"], va="top")
    left.text(temperatures[0], relaxed[0][0] * 0.55, WORDS["unbiased"], va="top")
    left.set(xlabel=WORDS["temperature"], ylabel=WORDS["bias"], ylim=(relaxed[0][0] * 0.3, None))
    left.set_title(WORDS["warm"])
    right.set(xlabel=WORDS["temperature"], ylabel=WORDS["standard_deviation"])
    right.set_title(WORDS["cold"])
    return figure
