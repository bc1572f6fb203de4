"""The latent plane as a still picture."""

import matplotlib.pyplot as plt

from hvae_lessons.figures.images import framed_image, latent_scatter
from hvae_lessons.figures.style import INFERENCE, INK, WIDTH
from hvae_lessons.widgets.latent_explorer.words import PICTURE


def draw(codes, labels, at, image, reach, plane):
    """The latent plane with a marked code, and the image decoded from it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `labels` | [N, 2], [N] | codes of test images in the plane, and their classes |
    | `at` | [2] | the marked code |
    | `image` | [height, width] | decoded, from 0 to 1 |
    | `reach` | number | the plane goes from -reach to reach |
    | `plane` | two whole numbers | its dimensions, counted from 0 |
    | returns | Figure | |

    Source: N4 21.2.3.
    """
    figure, (map_of_codes, digit) = plt.subplots(
        1, 2, figsize=(WIDTH, 3.7), layout="constrained", width_ratios=(1.5, 1)
    )
    latent_scatter(codes, labels, PICTURE["codes"], map_of_codes)
    across, up = (f"$z_{{{dimension + 1}}}$" for dimension in plane)
    map_of_codes.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel=across, ylabel=up)
    hair = {"color": INK, "linewidth": 0.6, "alpha": 0.5}
    map_of_codes.axvline(float(at[0]), **hair)
    map_of_codes.axhline(float(at[1]), **hair)
    map_of_codes.plot(*at, "o", color=INFERENCE, markeredgecolor="white", markersize=10, zorder=9)
    framed_image(digit, image, PICTURE["decoded"])
    return figure
