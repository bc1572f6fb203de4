"""The levels of one digit as a still picture."""

import matplotlib.pyplot as plt
import torch

from hvae_lessons.figures.images import framed_image
from hvae_lessons.figures.style import INFERENCE, PRIOR, WIDTH
from hvae_lessons.widgets.hierarchy_explorer.words import PICTURE


def draw(digit, decoded, kl, above, draws):
    """A digit, its decoded code, the KL of each level, and draws that keep the levels above one.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `digit`, `decoded` | [height, width] | x, and the mean of p(x given z), from 0 to 1 |
    | `kl` | [L] | of each level in nats, from the data upwards |
    | `above` | whole number | the levels above it are kept; the bars of the others are hollow |
    | `draws` | [n, height, width] | images whose other levels are drawn from the prior |
    | returns | Figure | |

    Source: N4 21.63-21.66.
    """
    figure, panels = plt.subplot_mosaic(
        [["digit", "decoded", "bars"], ["draws", "draws", "draws"]],
        figsize=(WIDTH, 3.4),
        layout="constrained",
        width_ratios=(1, 1, 2.1),
        height_ratios=(2.1, 1),
    )
    row = torch.cat(list(torch.nn.functional.pad(draws, (1, 1, 1, 1))), dim=1)
    names = [f"$z_{level}$" for level in range(1, len(kl) + 1)]
    kept = ", ".join(reversed(names[above:]))
    draws_title = PICTURE["draws"].format(levels=kept) if kept else PICTURE["draws_of_nothing"]
    shown = {"digit": digit, "decoded": decoded, "draws": row}
    titles = {"digit": PICTURE["digit"], "decoded": PICTURE["decoded"], "draws": draws_title}
    for name, image in shown.items():
        framed_image(panels[name], image.numpy(), titles[name])
    bars = panels["bars"]
    for level, nats in enumerate(kl, start=1):
        face = INFERENCE if level > above else "none"
        bars.barh(level, nats, height=0.6, color=face, edgecolor=INFERENCE if level > above else PRIOR)
        bars.annotate(f"{nats:.1f}", (nats, level), (4, 0), textcoords="offset points", va="center")
    bars.set_yticks(range(1, len(kl) + 1), names)
    bars.margins(x=0.15)
    bars.tick_params(axis="y", length=0)
    bars.set(title=PICTURE["kl"])
    return figure
