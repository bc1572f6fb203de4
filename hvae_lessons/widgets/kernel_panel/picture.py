"""The runs of a kernel panel as a picture."""

import matplotlib.pyplot as plt
import torch

from hvae_lessons.figures.style import INFERENCE, PRIOR, WIDTH
from hvae_lessons.widgets.kernel_panel.words import PICTURE


def draw(curves, samples):
    """Learning curves of several runs, and what each has learned to draw; the latest run is indigo.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `curves` | list of [E] | -ELBO of the training images after each epoch, in nats |
    | `samples` | list of [n, height, width] | samples of the prior, decoded; the same n for all |
    | returns | Figure | runs are numbered from 1, as in a table beside it |
    """
    height = max(2.8, 0.45 + 0.36 * len(samples))
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(WIDTH, height), layout="constrained", width_ratios=(1, 1.15)
    )
    ends = []
    for number, curve in enumerate(curves, start=1):
        color = INFERENCE if number == len(curves) else PRIOR
        epochs = range(1, len(curve) + 1)
        left.plot(epochs, curve, color=color, marker="o" if len(curve) == 1 else None)
        ends.append((float(curve[-1]), number, len(curve), color))
    span = max(max(curve) for curve in curves) - min(end for end, *_ in ends) or 1.0
    place = -float("inf")
    for end, number, epoch, color in sorted(ends):
        # Curves that end together would write their numbers on one another.
        place = max(end, place + 0.07 * span)
        left.annotate(
            str(number),
            (epoch, place),
            (5, 0),
            textcoords="offset points",
            color=color,
            va="center",
            weight="bold",
        )
    left.set(xlabel=PICTURE["epoch"], title=PICTURE["curves"])
    left.margins(x=0.08)

    strips = [torch.nn.functional.pad(torch.as_tensor(images), (1, 1, 1, 1)) for images in samples]
    tops = range(len(strips))
    for top, strip in zip(tops, strips, strict=True):
        row = torch.cat(list(strip), dim=1)
        right.imshow(
            row.numpy(), vmin=0, vmax=1, extent=(0, len(strip), top + 0.97, top + 0.03), aspect="equal"
        )
    right.set(xlim=(0, max(map(len, strips))), ylim=(len(strips), 0), xticks=[], title=PICTURE["samples"])
    right.set_yticks([top + 0.5 for top in tops], [str(top + 1) for top in tops])
    right.tick_params(length=0)
    for spine in right.spines.values():
        spine.set_visible(False)
    return figure
