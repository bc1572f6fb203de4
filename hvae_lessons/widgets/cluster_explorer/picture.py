"""Clusters of codes as a still picture."""

import matplotlib.pyplot as plt

from hvae_lessons.figures.images import framed_image
from hvae_lessons.figures.style import DIGITS, INFERENCE, MODEL, WIDTH
from hvae_lessons.widgets.cluster_explorer.words import PICTURE


def draw(codes, labels, curves, names, at, image, probabilities, box):
    """Codes with their clusters and a marked code; the image decoded from it, and its q(y | z).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `labels` | [N, 2], [N] | codes of images in the plane, and their classes |
    | `curves`, `names` | [Y, P, 2], [Y] | an ellipse and a name for each cluster |
    | `at` | [2] | the marked code |
    | `image` | [height, width] | decoded, from 0 to 1 |
    | `probabilities` | [Y] | q(y given z) |
    | `box` | four numbers | left, right, bottom and top of the plane |
    | returns | Figure | |

    Source: N0, "VAE Automatic Classification".
    """
    figure, panels = plt.subplot_mosaic(
        [["plane", "digit"], ["plane", "bars"]],
        figsize=(WIDTH, 4),
        layout="constrained",
        width_ratios=(1.5, 1),
        height_ratios=(1.4, 1),
    )
    plane, digit, bars = panels["plane"], panels["digit"], panels["bars"]
    plane.scatter(*codes.T, s=5, c=[DIGITS[label] for label in labels], alpha=0.6, linewidths=0)
    halo = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    for name, curve in zip(names, curves, strict=True):
        plane.plot(*curve.T, color=MODEL, linewidth=0.9)
        plane.text(*curve[:-1].mean(0), name, color=MODEL, weight="bold", ha="center", va="center", bbox=halo)
    plane.plot(*at, "o", color=INFERENCE, markeredgecolor="white", markersize=10, zorder=9)
    plane.set(xlim=box[:2], ylim=box[2:], aspect="equal", title=PICTURE["plane"])
    framed_image(digit, image, PICTURE["decoded"])
    order = sorted(range(len(names)), key=names.__getitem__)
    bars.bar(range(len(names)), probabilities[order], color=INFERENCE)
    bars.set(ylim=(0, 1), yticks=(0, 1), title=PICTURE["probabilities"])
    bars.set_xticks(range(len(names)), sorted(names))
    return figure
