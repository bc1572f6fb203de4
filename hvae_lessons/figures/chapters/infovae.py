"""Figures of the chapter on InfoVAE: data in, Figure out, nats throughout.

Titles state what the reader should see, so the caller writes them.
"""

import numpy as np
from matplotlib.patches import Circle, Ellipse

from hvae_lessons.figures.style import DIGITS, GAP, INFERENCE, INK, MODEL, PRIOR, WIDTH, axes, plt

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "prior": "$p(z)$",
    "aggregated": "$q(z)$",
    "bandwidth": "bandwidth $h$",
    "ratio": "MMD², in standard deviations",
    "noise": "two standard deviations",
    "shift": "mean of $q$",
    "js": "Jensen-Shannon, nats",
    "exact": "exact",
    "estimate": "discriminator",
    "distortion": "distortion, nats",
    "rate": "rate, nats",
    "mismatch": r"KL$(q(z) \parallel p(z))$, nats",
}
COLORS = (INFERENCE, "#8a5a00", MODEL, "#0f766e")


def posteriors_and_mixture(grid, panels, title):
    """Posteriors of a few examples, their mixture, and the prior.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `grid` | [G] | values of z |
    | `panels` | dict | panel title -> densities q(z given x_n) [N, G], their mean q(z) [G], p(z) [G] |
    | returns | Figure | each posterior with its share of the mixture, below the mixture |

    Source: N4 21.2.4, the aggregated posterior.
    """
    figure, row = axes(1, len(panels), height=2.5, sharey=True)
    for ax, (name, (posteriors, mixture, prior)) in zip(row, panels.items()):
        for posterior in np.asarray(posteriors) / len(posteriors):
            ax.fill_between(grid, posterior, color=INFERENCE, alpha=0.18, lw=0)
            ax.plot(grid, posterior, color=INFERENCE, lw=0.8)
        ax.plot(grid, mixture, color=INFERENCE, lw=2.4)
        ax.plot(grid, prior, color=PRIOR, ls=(0, (5, 2)))
        ax.set(xlabel="$z$", yticks=[], ylim=(0, None))
        ax.set_title(name, fontsize=10)
    grid, mixture, prior = (np.asarray(part) for part in (grid, mixture, prior))
    side = len(grid) * 5 // 8
    row[-1].annotate(WORDS["prior"], (grid[side], prior[side]), (5, 4), textcoords="offset points", color=INK)
    top = len(grid) - 1 - mixture[::-1].argmax()  # the last peak: the one with room beside it
    row[-1].annotate(
        WORDS["aggregated"],
        (grid[top], mixture[top]),
        (6, -6),
        textcoords="offset points",
        color=INFERENCE,
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def bandwidths(values, curves, chosen, title):
    """How well the MMD sees what is wrong, against the bandwidth of its kernel.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `values` | [H] | bandwidths |
    | `curves` | dict | what is wrong -> squared MMD over its standard deviation where nothing is [H] |
    | `chosen` | (number, name) | a bandwidth to mark |
    | returns | Figure | both axes logarithmic; below the line a batch cannot tell |

    Source: N4 21.38, whose kernel has a bandwidth.
    """
    figure, ax = axes(height=2.9)
    for (name, curve), color in zip(curves.items(), COLORS):
        curve = np.asarray(curve)
        ax.plot(values, curve, color=color)
        top = curve.argmax()
        ax.annotate(
            name,
            (values[top], curve[top]),
            (0, 5),
            textcoords="offset points",
            ha="left" if top < len(values) / 8 else "center",
            color=color,
        )
    ax.axhline(2, color=PRIOR, ls=(0, (5, 2)), lw=1.2)
    ax.text(values[-1], 2, WORDS["noise"], ha="right", va="bottom", fontsize=9)
    ax.axvline(chosen[0], color=GAP, lw=1.2)
    ax.text(chosen[0], 0.07, " " + chosen[1], fontsize=9, ha="left", va="bottom")
    ax.set(xscale="log", yscale="log", xlabel=WORDS["bandwidth"], ylabel=WORDS["ratio"], ylim=(0.05, 40))
    ax.set_title(title)
    return figure


def estimate_and_truth(shifts, exact, estimates, title):
    """A divergence that a classifier estimates, beside the exact one.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `shifts` | [S] | mean of q |
    | `exact` | [S] | nats |
    | `estimates` | [S] | nats, on fresh samples |
    | returns | Figure | a curve and dots; the line is log 2 |

    Source: N4 21.3.2.3.
    """
    figure, ax = plt.subplots(figsize=(0.75 * WIDTH, 2.8), layout="constrained")
    ax.plot(shifts, exact, color=MODEL)
    ax.plot(shifts, estimates, "o", color=INFERENCE, ms=6)
    ax.axhline(np.log(2), color=PRIOR, ls=(0, (5, 2)), lw=1.2)
    ax.text(0, np.log(2), r"$\log 2$", va="bottom", color=INK)
    middle = len(shifts) // 2
    for values, word, color, offset in (
        (exact, WORDS["exact"], MODEL, (-8, 8)),
        (estimates, WORDS["estimate"], INFERENCE, (8, -14)),
    ):
        ax.annotate(
            word,
            (shifts[middle], values[middle]),
            offset,
            textcoords="offset points",
            color=color,
            ha="right" if offset[0] < 0 else "left",
        )
    ax.set(xlabel=WORDS["shift"], ylabel=WORDS["js"], ylim=(0, 0.8))
    ax.set_title(title)
    return figure


def code_panels(panels, title, shown=120):
    """Posteriors in the plane: a dot for each mean, an ellipse of one standard deviation for some.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> means [N, 2], standard deviations [N, 2], labels [N] |
    | `shown` | whole number | ellipses drawn |
    | returns | Figure | circles: one, two and three standard deviations of the prior |

    Source: N4 21.2.4, the aggregated posterior by its components.
    """
    figure, row = axes(1, len(panels), height=2.7, sharex=True, sharey=True)
    for ax, (name, (means, scales, labels)) in zip(row, panels.items()):
        means, scales, labels = (np.asarray(part) for part in (means, scales, labels))
        colors = [DIGITS[label % 10] for label in labels]
        ax.scatter(*means.T, c=colors, s=2, lw=0)
        for center, scale, color in zip(means[:shown], scales[:shown], colors):
            ax.add_patch(Ellipse(center, *(2 * scale), color=color, alpha=0.25, lw=0))
        for radius in (1, 2, 3):
            ax.add_patch(Circle((0, 0), radius, fill=False, ec=PRIOR, ls=(0, (4, 3)), lw=0.8))
        ax.set(aspect="equal", xlim=(-4.2, 4.2), ylim=(-4.2, 4.2), xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        ax.set_title(name, fontsize=10)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def cost_planes(curve, points, title):
    """Rate, and mismatch of q(z), against distortion: a curve of one objective, points of others.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `curve` | dict | name of a setting -> (distortions, rates, mismatches), [S] each, one per seed |
    | `points` | dict | the same, for the other objectives |
    | returns | Figure | left: rate; right: mismatch, logarithmic; small dots are seeds, large ones medians |

    Source: N4 21.3.1, the plane; N4 21.35, the third term.
    """
    figure, (left, right) = axes(1, 2, height=3.2)
    medians = {name: [np.median(part) for part in parts] for name, parts in {**curve, **points}.items()}
    colors = dict.fromkeys(curve, PRIOR) | dict(zip(points, COLORS))
    for ax, which, name in ((left, 1, WORDS["rate"]), (right, 2, WORDS["mismatch"])):
        line = np.array([[medians[setting][0], medians[setting][which]] for setting in curve])
        ax.plot(*line.T, color=PRIOR)
        for setting, parts in {**curve, **points}.items():
            ax.scatter(parts[0], parts[which], color=colors[setting], s=6, alpha=0.5, lw=0)
            x, y = medians[setting][0], medians[setting][which]
            ax.scatter([x], [y], color=colors[setting], s=40, zorder=3)
            ax.annotate(
                setting,
                (x, y),
                (6, 4) if setting in curve else (-6, 7) if y > line[:, 1].max() else (-14, -24),
                textcoords="offset points",
                color=colors[setting],
                fontsize=8.5,
            )
        ax.set(xlabel=WORDS["distortion"])
        ax.set_title(name, fontsize=10)
        ax.margins(y=0.12)
    right.set(yscale="log")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure
