"""The rate-distortion plane of a sweep as a still picture."""

import matplotlib.pyplot as plt
import numpy as np
import torch

from hvae_lessons.figures.style import INFERENCE, INK, PRIOR, WIDTH
from hvae_lessons.widgets.rate_distortion_explorer.words import PICTURE

LEAST_BETA = 0.1  # whose models lie inside the plane; the rates of smaller ones are huge


def draw(points, betas, beta, size, images, kl):
    """The models of a sweep in the plane, and what one of them makes of digits and of its prior.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `points` | dict | latent size -> [(rate, distortion), ...], one for each beta, in nats |
    | `betas` | list | their betas, ascending |
    | `beta`, `size` | number, Z | the marked model |
    | `images` | 3 of [10, height, width] | digits, their reconstructions, samples |
    | `kl` | [Z] | of the marked model's coordinates, in nats |
    | returns | Figure | |

    Source: N4 21.24; Alemi et al. (2018) for the plane.
    """
    figure, panels = plt.subplot_mosaic(
        [["plane", "images"], ["plane", "bars"]],
        figsize=(WIDTH, 3.7),
        layout="constrained",
        width_ratios=(1, 1.1),
    )
    plane = panels["plane"]
    first = next((i for i, other in enumerate(betas) if other >= LEAST_BETA), 0)
    reach = 1.06 * max(rate for of in points.values() for rate, _ in of[first:])
    for other, of in points.items():
        color = INFERENCE if other == size else PRIOR
        plane.plot(*zip(*of), "o-", color=color, markersize=3, linewidth=1.6 if other == size else 0.8)
    rate, distortion = points[size][betas.index(beta)]
    across = np.array([0, reach])
    plane.plot(across, distortion + beta * (rate - across), "--", color=INK, linewidth=1)
    plane.plot(rate, distortion, "o", color=INFERENCE, markeredgecolor=INK, markersize=9, zorder=9)
    top = 1.06 * max(distortion for of in points.values() for _, distortion in of)
    plane.set(
        xlim=(-0.02 * reach, reach), ylim=(0, top), xlabel=PICTURE["rate"], ylabel=PICTURE["distortion"]
    )
    plane.set_title(PICTURE["plane"].format(beta=beta, size=size))
    rows = [torch.cat(list(torch.nn.functional.pad(row, (1, 1, 1, 1))), dim=1) for row in images]
    panels["images"].imshow(torch.cat(rows).numpy(), cmap="Greys", vmin=0, vmax=1)
    panels["images"].set(xticks=[], yticks=[], title=PICTURE["images"])
    panels["bars"].bar(range(1, len(kl) + 1), kl.tolist(), color=INFERENCE, width=0.6)
    panels["bars"].set_title(PICTURE["kl"])
    panels["bars"].set(xlim=(0.4, len(kl) + 0.6))
    return figure
