"""Figures of images and of codes in the plane, for every model with a decoder.

Data in, Figure out: images come as flat pixels in [0, 1] [n, D] with their `image_shape`, codes as [N, 2].
Titles state what the reader should see, so the caller writes them.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle

from hvae_lessons.figures.style import DIGITS, INK, PRIOR, WIDTH, axes


def image_rows(rows, image_shape, title, gap_after=()):
    """One strip of images per row, with its label on the left.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `rows` | dict | label -> images [n, D], the same n in each row |
    | `image_shape` | (height, width) | D = height * width |
    | `gap_after` | labels | leave air below these rows |
    | returns | Figure | white is 0, black is 1 |

    Source: the layout of N4's figures 21.2 and 21.3.
    """
    strips = {label: _strip(images, image_shape) for label, images in rows.items()}
    high, wide = next(iter(strips.values())).shape
    margin = 1.4  # inches for the labels
    row_height = (WIDTH - margin) * high / wide
    heights = [row_height + (0.12 if label in gap_after else 0.0) for label in strips]
    top = 0.27
    figure = plt.figure(figsize=(WIDTH, sum(heights) + top))
    figure.suptitle(title, x=0.0, y=1.0, ha="left", va="top", fontsize=11)
    y = sum(heights)
    for (label, strip), height in zip(strips.items(), heights):
        total = sum(heights) + top
        ax = figure.add_axes(
            (margin / WIDTH, (y - row_height) / total, 1 - margin / WIDTH, row_height / total)
        )
        ax.imshow(strip, cmap="Greys", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        ax.axis("off")
        figure.text(0.0, (y - row_height / 2) / total, label, ha="left", va="center", fontsize=9)
        y -= height
    return figure


def framed_image(ax, image, title="", color=PRIOR, linewidth=0.5):
    """One image with a frame around it, on axes that are there.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `ax` | Axes | |
    | `image` | [height, width] | white is 0, black is 1 |
    | `color`, `linewidth` | color, points | of the frame |
    | returns | None | |
    """
    ax.imshow(image, cmap="Greys", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[], title=title)
    for spine in ax.spines.values():
        spine.set(visible=True, color=color, linewidth=linewidth)


def latent_scatter(mean, labels, title, ax=None, named=True):
    """Codes of labeled images in the plane, with the prior's 1 and 2 sigma circles.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean` | [N, 2] | a code for each image |
    | `labels` | [N] | its digit; the name of the digit stands at the median of its codes |
    | `ax` | Axes | draw here instead of in a new figure |
    | `named` | bool | write the digits into the picture |
    | returns | Figure | one color per digit |

    Source: N4 21.14, the aggregate posterior, by its means.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(0.72 * WIDTH, 0.7 * WIDTH), layout="constrained")
    mean, labels = np.asarray(mean), np.asarray(labels)
    limit = 1.05 * np.abs(mean).max()
    for digit in np.unique(labels):
        chosen = mean[labels == digit]
        ax.scatter(*chosen.T, s=5, color=DIGITS[digit % 10], alpha=0.55, linewidths=0)
    for radius in (1, 2):
        ax.add_patch(Circle((0, 0), radius, fill=False, color=INK, lw=1.2, ls=(0, (4, 3)), zorder=3))
    for digit in np.unique(labels) if named else ():
        _tag(ax, *np.median(mean[labels == digit], axis=0), str(digit), DIGITS[digit % 10])
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    ax.set_title(title)
    return ax.figure


def code_clouds(panels, title):
    """Several `latent_scatter` side by side, each on its own scale.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> (mean [N, 2], labels [N]) |
    | returns | Figure | the dashed circles are the prior's 1 and 2 sigma in every panel |

    Source: N4 21.2.3.
    """
    figure, row = axes(1, len(panels), height=WIDTH / len(panels))
    for ax, (name, (mean, labels)) in zip(row, panels.items()):
        latent_scatter(mean, labels, name, ax, named=False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def latent_plane(images, ticks, image_shape, title):
    """The decoded plane: the image at (z_1, z_2) for every pair of ticks.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `images` | [T * T, D] | decoded `torch.cartesian_prod(ticks, ticks)`: z_1 is the slow index |
    | `ticks` | [T] | increasing values of each coordinate, often quantiles of the prior |
    | returns | Figure | z_1 to the right, z_2 upwards |

    Source: the quantile grid of Kingma and Welling (2014), figure 4.
    """
    size, (high, wide) = len(ticks), image_shape
    tiles = np.asarray(images).reshape(size, size, high, wide)
    canvas = tiles[:, ::-1].transpose(1, 2, 0, 3).reshape(size * high, size * wide)
    figure, ax = plt.subplots(figsize=(0.78 * WIDTH, 0.78 * WIDTH), layout="constrained")
    ax.imshow(canvas, cmap="Greys", vmin=0, vmax=1, extent=(0, size, 0, size))
    shown = np.linspace(0, size - 1, 5).round().astype(int)
    names = [f"{float(ticks[i]):.1f}".replace("-0.0", "0.0") for i in shown]
    ax.set_xticks(shown + 0.5, names)
    ax.set_yticks(shown + 0.5, names)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.set_title(title)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    return figure


def _strip(images, image_shape):
    """Images side by side, a white column between them."""
    high, wide = image_shape
    tiles = np.asarray(images).reshape(-1, high, wide)
    return np.pad(tiles, ((0, 0), (1, 1), (1, 1))).transpose(1, 0, 2).reshape(high + 2, -1)


def _tag(ax, x, y, text, color):
    """A digit's name on a white disc."""
    ax.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=10,
        weight="bold",
        color=INK,
        bbox={"boxstyle": "circle,pad=0.18", "facecolor": "white", "edgecolor": color, "linewidth": 1.6},
    )
