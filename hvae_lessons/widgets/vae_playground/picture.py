"""A short training as a still picture."""

import matplotlib.pyplot as plt
import torch

from hvae_lessons.figures.images import latent_scatter
from hvae_lessons.figures.style import INFERENCE, MODEL, WIDTH
from hvae_lessons.widgets.vae_playground.words import PICTURE


def draw(history, kl, means, labels, plane, image_shape):
    """The terms over the epochs, KL of each coordinate, codes of the test images, and the decoded plane.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `history` | History | what `training.fit` returns |
    | `kl` | [Z] | mean KL of each coordinate in nats |
    | `means`, `labels` | [N, 2], [N] | codes of test images and their digits |
    | `plane` | [T * T, D] | decoded codes, row by row from the top left |
    | `image_shape` | (height, width) | |
    | returns | Figure | |

    Source: N4 21.14 and 21.16.
    """
    figure, ((terms, bars), (codes, images)) = plt.subplots(
        2, 2, figsize=(WIDTH, 5.4), layout="constrained", height_ratios=(1, 2.1)
    )
    epoch = range(1, len(history.objective) + 1)
    distortion, total = -history.log_px_given_z, history.kl.sum(1) - history.log_px_given_z
    terms.stackplot(epoch, distortion, total - distortion, colors=(MODEL, INFERENCE), alpha=0.35)
    terms.plot(epoch, distortion, color=MODEL)
    terms.plot(epoch, total, color=INFERENCE)
    terms.annotate(PICTURE["distortion"], (epoch[-1], distortion[-1] / 2), color=MODEL, ha="right")
    place = {"xytext": (0, 4), "textcoords": "offset points"}
    terms.annotate(PICTURE["plus_kl"], (epoch[-1], total[-1]), color=INFERENCE, ha="right", **place)
    terms.set(xlabel=PICTURE["epochs"], ylim=(0, None), title=PICTURE["nats"])
    bars.bar(range(1, len(kl) + 1), kl.tolist(), color=INFERENCE, width=0.5)
    bars.set(xlim=(0.4, len(kl) + 0.6), xticks=range(1, len(kl) + 1), title=PICTURE["kl"])
    latent_scatter(means, labels, PICTURE["codes"], codes)
    size, (high, wide) = round(len(plane) ** 0.5), image_shape
    tiles = torch.nn.functional.pad(plane.reshape(size, size, high, wide), (1, 0, 1, 0))
    tiles = tiles.transpose(1, 2).reshape(size * (high + 1), size * (wide + 1))
    images.imshow(tiles.numpy(), cmap="Greys", vmin=0, vmax=1)
    images.axis("off")
    images.set_title(PICTURE["decoded"])
    return figure
