"""Draw the book's cover, book/_static/cover.png: the plane of a trained VAE, seen by decoder and by encoder.

    python -m tools.make_cover            trains a two-dimensional VAE on the MNIST subset, under a minute

Left and right are the same plane, stretched so that the codes fill it evenly. On the left the decoder draws
what a code means; toward the right the encoder's codes of the training images take over, one color per digit.
"""

import argparse
import io
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from hvae_lessons.data import binarize, load_mnist
from hvae_lessons.figures.style import DIGITS
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.training import fit

COVER = Path(__file__).resolve().parent.parent / "book" / "_static" / "cover.png"
WIDTH, HEIGHT, TILE = 1600, 600, 50  # pixels
SPREAD = 1.25  # standard deviation of the codes, a little more than the prior's
COLORS = np.array([matplotlib.colors.to_rgb(color) for color in DIGITS])


def trained(images, seed, epochs):
    """A VAE with two latent coordinates."""
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(latent_dim=2), generator=generator)
    fit(
        model, images.train_x, epochs=epochs, learning_rate=2e-3, prepare=binarize, generator=generator,
        progress=False,
    )  # fmt: skip
    return model


def encoder_share(position):
    """How much of the picture belongs to the encoder at a horizontal position in [0, 1]: a smooth step."""
    ramp = np.clip((position - 0.3) / 0.34, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


@torch.no_grad()
def codes(model, images):
    """Positions of the training images in the unit square, and their digits."""
    position = torch.special.ndtr(model.encode(images.train_x).mean / SPREAD).numpy()
    return position, images.train_y.numpy()


@torch.no_grad()
def tiles(model, position, labels):
    """The decoded plane as one RGBA picture; a tile takes the color of most codes around it."""
    columns, rows = WIDTH // TILE, HEIGHT // TILE
    u = (np.arange(columns) + 0.5) / columns
    v = 1 - (np.arange(rows) + 0.5) / rows
    centers = np.stack(np.meshgrid(u, v), -1).reshape(-1, 2)  # row by row, from the top
    z = SPREAD * torch.special.ndtri(torch.tensor(centers, dtype=torch.float32))
    decoded = model.decode(z).mean.numpy()
    picture = np.zeros((HEIGHT, WIDTH, 4))
    for index, (center, pixels) in enumerate(zip(centers, decoded)):
        nearest = np.argsort(((position - center) ** 2).sum(1))[:15]
        tone = 0.85 * COLORS[np.bincount(labels[nearest]).argmax()]
        small = Image.fromarray((255 * pixels.reshape(28, 28)).astype(np.uint8))
        ink = np.asarray(small.resize((TILE, TILE), Image.Resampling.BICUBIC)) / 255
        row, column = divmod(index, columns)
        area = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        picture[area] = np.dstack([np.broadcast_to(tone, (TILE, TILE, 3)), ink])
    picture[..., 3] *= 1 - encoder_share((np.arange(WIDTH) + 0.5) / WIDTH)
    return picture


def draw(model, images):
    """The cover: white ground, rounded corners, transparent outside."""
    position, labels = codes(model, images)
    figure = plt.figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
    ax.axis("off")
    card = FancyBboxPatch(
        (0, 0), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=28", facecolor="white", edgecolor="none"
    )
    ax.add_patch(card)
    extent = (0, WIDTH, 0, HEIGHT)
    shown = ax.imshow(tiles(model, position, labels), extent=extent, interpolation="nearest", zorder=2)
    share = encoder_share(position[:, 0])[:, None]
    x, y = position.T * [[WIDTH], [HEIGHT]]
    points = ax.scatter(x, y, s=22, c=np.hstack([COLORS[labels], 0.8 * share]), linewidths=0, zorder=3)
    for artist in (shown, points):
        artist.set_clip_path(card)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True, bbox_inches=None)
    plt.close(figure)
    picture = Image.open(buffer).convert("RGBA")
    # A palette makes a third of the bytes; its last entry is the transparent ground outside the corners.
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    few = flat.quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.putpalette(few.getpalette()[: 3 * 255] + [255, 255, 255])
    few.paste(255, mask=picture.getchannel("A").point(lambda alpha: 255 * (alpha < 128)))
    return few


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--out", type=Path, default=COVER)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images = load_mnist()
    draw(trained(images, arguments.seed, arguments.epochs), images).save(arguments.out, transparency=255)
    print(f"{arguments.out.name}: {arguments.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
