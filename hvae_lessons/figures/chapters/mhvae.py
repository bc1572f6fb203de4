"""Figures of the chapter on Markovian hierarchies: data in, Figure out, nats throughout.

Titles state what the reader should see, so the caller writes them.
"""

import matplotlib as mpl
import numpy as np

from hvae_lessons.figures.graphs import GraphicalModel, graphical_models
from hvae_lessons.figures.images import framed_image
from hvae_lessons.figures.style import GAP, INFERENCE, INK, MODEL, PRIOR, WIDTH, axes, plt

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "chain_p": "chain: $p$",
    "chain_q": "chain: $q$",
    "noise_p": "noise: $p$",
    "noise_q": "noise: $q$",
    "epoch": "epoch",
    "kl": "KL, nats per image",
    "exact": r"exact $\log p(x)$",
    "elbo": "ELBO",
    "closed_form": "a closed-form KL at every level",
    "best": "best slope {slope:.2f}",
    "slope": "$b$, slope of $q(z_2 | z_1)$",
    "nats": "nats",
}

# Level 1, next to the data, is the lightest.
LEVELS = ("#8fa3f0", INFERENCE, "#141b57", "#000000")


def markov_graphs(title):
    """The chain (p and q) and N1's noise wiring (p and q), three levels each.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `title` | str | what the reader should see |
    | returns | Figure | four graphs; squares are deterministic |

    Source: N0, N2 and N3 (the chain); N1 (the noise wiring).
    """
    z, h = [f"$z_{l}$" for l in (1, 2, 3)], [f"$h_{l}$" for l in (1, 2, 3)]
    column = {"$x$": (0, 0, "observed")} | {name: (0, l, "latent") for l, name in enumerate(z, 1)}
    chain = ("$x$", *z)
    path = ("$x$", *h)
    noise = {"$x$": (0, 0, "observed")}
    noise |= {name: (0, l, "deterministic") for l, name in enumerate(h, 1)}
    noise |= {name: (1, l, "latent") for l, name in enumerate(z, 1)}
    features = [f"$F_{l}$" for l in (1, 2, 3)]
    ladder = {"$x$": (0, 0, "observed")}
    ladder |= {name: (0, l, "deterministic") for l, name in enumerate(features, 1)}
    ladder |= {name: (1, l, "latent") for l, name in enumerate(z, 1)}
    trunk = ("$x$", *features)
    down = tuple((above, below, "p") for below, above in zip(chain, chain[1:]))
    up = tuple((below, above, "q") for below, above in zip(chain, chain[1:]))
    panels = {
        WORDS["chain_p"]: GraphicalModel(column, down),
        WORDS["chain_q"]: GraphicalModel(column, up),
        WORDS["noise_p"]: GraphicalModel(
            noise,
            tuple((above, below, "p") for below, above in zip(path, path[1:]))
            + tuple((a, b, "p") for a, b in zip(z, h)),
        ),
        WORDS["noise_q"]: GraphicalModel(
            ladder,
            tuple((below, above, "q") for below, above in zip(trunk, trunk[1:]))
            + tuple((a, b, "q") for a, b in zip(features, z)),
        ),
    }
    return graphical_models(panels, title)


def kl_per_level(panels, title):
    """KL of every level over the epochs, one panel per run.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> KL [E, L] in nats per image, e.g. History.kl |
    | returns | Figure | one curve per level, named at its end with the last value |

    Source: Sonderby et al. (2016), figure 3, as curves.
    """
    figure, row = axes(1, len(panels), height=2.7, sharey=True, squeeze=False)
    top = max(np.asarray(kl).max() for kl in panels.values())
    for ax, (name, kl) in zip(row[0], panels.items()):
        kl = np.asarray(kl)
        epoch = np.arange(1, len(kl) + 1)
        heights = _apart(np.maximum(kl[-1], 0.03 * top), 0.08 * top)
        for l in range(kl.shape[1]):
            ax.plot(epoch, kl[:, l], color=LEVELS[l], ls=("-", "--", "-.", ":")[l])
            ax.annotate(
                f"$z_{l + 1}$ {kl[-1, l]:.2f}",
                (epoch[-1], heights[l]),
                (4, 0),
                textcoords="offset points",
                color=LEVELS[l],
                va="center",
                fontsize=9,
                annotation_clip=False,
            )
        ax.set(xlabel=WORDS["epoch"], xlim=(1, len(kl) * 1.35), ylim=(0, 1.08 * top))
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
        ax.set_title(name, fontsize=10)
    row[0][0].set_ylabel(WORDS["kl"])
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def kl_over_seeds(panels, title):
    """KL of one level over the epochs, one panel per way of training, one line per seed.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> KL [S, E] in nats per image |
    | `title` | str | what the reader should see |
    | returns | Figure | three panels in a row, all at one scale |

    Source: Sonderby et al. (2016), figure 3, for several seeds.
    """
    rows = -(-len(panels) // 3)
    figure, grid = axes(rows, 3, height=1.7, sharex=True, sharey=True, squeeze=False)
    for ax in grid.flat[len(panels) :]:
        ax.set_visible(False)
    for ax, (name, kl) in zip(grid.flat, panels.items()):
        kl = np.asarray(kl)
        epoch = np.arange(1, kl.shape[1] + 1)
        ax.plot(epoch, kl.T, color=INFERENCE, lw=1.1, alpha=0.7)
        ax.set_title(name, fontsize=10)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    grid[0, 0].set_ylim(0, 1.05 * max(np.max(kl) for kl in panels.values()))
    figure.supxlabel(WORDS["epoch"], fontsize=10)
    figure.supylabel(WORDS["kl"], fontsize=10)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _apart(values, least):
    """Heights for labels near the values, none closer than `least` to the next."""
    heights = np.array(values, dtype=float)
    order = np.argsort(heights)
    for low, high in zip(order, order[1:]):
        heights[high] = max(heights[high], heights[low] + least)
    return heights


def resampling_grid(blocks, image_shape, title):
    """What changes when the noise of some levels is drawn anew.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `blocks` | list | (image [D], dict: row label -> images [n, D]), one block per image |
    | `image_shape` | (height, width) | D = height * width |
    | returns | Figure | each image at the left of its rows; the same labels in every block |

    Source: N4 21.5.2, resampling the lower levels of a deep VAE.
    """
    labels = list(blocks[0][1])
    count = len(next(iter(blocks[0][1].values())))
    figure = plt.figure(figsize=(WIDTH, 0.42 * len(labels) * len(blocks) + 0.25 * len(blocks) + 0.3))
    groups = figure.add_gridspec(len(blocks), 1, hspace=0.12, left=0.0, right=1, top=0.93, bottom=0.0)
    for group, (image, rows) in zip(groups, blocks):
        grid = group.subgridspec(len(labels), 2, width_ratios=(0.36, 1), wspace=0.02, hspace=0.08)
        left = figure.add_subplot(grid[:, 0])
        left.set(xlim=(0, 1), ylim=(0, 1))
        left.axis("off")
        inset = left.inset_axes((0.0, 0.2, 0.36, 0.6))
        framed_image(inset, np.asarray(image).reshape(image_shape), color=INFERENCE, linewidth=1.5)
        for r, label in enumerate(labels):
            y = 1 - (r + 0.5) / len(labels)
            left.text(0.98, y, label, ha="right", va="center", fontsize=9, color=INK)
            ax = figure.add_subplot(grid[r, 1])
            tiles = np.asarray(rows[label]).reshape(count, *image_shape)
            strip = np.pad(tiles, ((0, 0), (1, 1), (1, 1))).transpose(1, 0, 2).reshape(image_shape[0] + 2, -1)
            ax.imshow(strip, cmap="Greys", vmin=0, vmax=1)
            ax.set_anchor("W")
            ax.axis("off")
    figure.suptitle(title, x=0.0, y=1.0, ha="left", va="top", fontsize=11)
    return figure


def two_bounds(slope, exact, closed_forms, log_px, title):
    """The ELBO of a chain against the encoder's slope, and what closed forms at every level give instead.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `slope` | [S] | b of q(z_2 given z_1) = N(b z_1, tau^2) |
    | `exact`, `closed_forms` | [S] | the bound, and the sum with a KL in closed form at every level, nats |
    | `log_px` | number | what both should be compared with |
    | returns | Figure | the maximum of each curve is marked |

    Source: N0's ELBO, in a linear-Gaussian chain; theorem markov-elbo.
    """
    figure, ax = axes(height=2.8)
    slope = np.asarray(slope)
    ax.axhline(log_px, color=MODEL)
    ax.annotate(WORDS["exact"], (slope[0], log_px), (0, 4), textcoords="offset points", color=MODEL)
    for values, color, style, name in (
        (exact, INFERENCE, "-", WORDS["elbo"]),
        (closed_forms, GAP, "--", WORDS["closed_form"]),
    ):
        values = np.asarray(values)
        ax.plot(slope, values, color=color, ls=style, label=name)
        best = values.argmax()
        ax.plot(slope[best], values[best], "o", color=color, ms=6)
        ax.annotate(
            WORDS["best"].format(slope=slope[best]),
            (slope[best], values[best]),
            (0, -8),
            textcoords="offset points",
            ha="center",
            va="top",
            color=INK,
            fontsize=9,
        )
    ax.legend(loc="lower center")
    ax.set(xlabel=WORDS["slope"], ylabel=WORDS["nats"], title=title)
    ax.set_ylim(top=log_px + 0.12 * (log_px - ax.get_ylim()[0]))
    return figure


def diffusion_steps(points, names, title):
    """Clouds of points on their way, one panel per step, colored by where they end.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `points` | [S, N, 2] | the last step first: points[0] decides the color |
    | `names` | list | one panel title per step, in the same order; drawn from the last to the first |
    | returns | Figure | all panels at one scale |

    Source: the pictures of Sohl-Dickstein et al. (2015), figure 1.
    """
    points = np.asarray(points)
    figure, row = axes(1, len(points), height=WIDTH / len(points) + 0.45, sharex=True, sharey=True)
    angle = np.arctan2(points[0, :, 1], points[0, :, 0])
    colors = mpl.colormaps["twilight_shifted"]((angle + np.pi) / (2 * np.pi))
    for ax, cloud, name in zip(row, points[::-1], names[::-1]):
        ax.scatter(*cloud.T, s=2.5, c=colors, linewidths=0)
        ax.set_title(name, fontsize=10)
        ax.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), aspect="equal", xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=PRIOR)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure
