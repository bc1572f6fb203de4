"""Figures of the site are smaller than those the notebooks made, and look the same."""

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from book._ext.figure_files import with_palette


def png(picture) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()


def test_a_drawing_shrinks_by_half_and_no_pixel_moves_visibly():
    figure = Figure(figsize=(7, 3), dpi=110, facecolor="white")
    axes = figure.subplots(1, 2)
    axes[0].plot(np.sin(np.linspace(0, 9, 200)), color="#3b4cc0")
    axes[0].set_title("A title")
    axes[1].imshow(np.outer(np.arange(20), np.arange(20)), cmap=matplotlib.colormaps["Greys"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    before, after = buffer.getvalue(), with_palette(buffer.getvalue())
    assert len(after) < 0.6 * len(before)
    old, new = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float) for data in (before, after))
    assert abs(old - new).mean() < 2
    assert abs(old - new).max() < 20
    assert (new[0, 0] == 255).all()


def test_what_is_transparent_or_has_a_palette_stays():
    see_through = png(Image.new("RGBA", (50, 50), (255, 0, 0, 100)))
    small = png(Image.new("P", (50, 50)))
    assert with_palette(see_through) == see_through
    assert with_palette(small) == small


def test_it_never_grows():
    noise = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    content = png(Image.fromarray(noise))
    assert len(with_palette(content)) <= len(content)
