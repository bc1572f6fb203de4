"""The PNG of a figure, small enough for the text of a page."""

import io

import matplotlib.pyplot as plt
from PIL import Image

from hvae_lessons.figures.style import apply_style

DOTS_PER_INCH = 120


def as_png(draw):
    """The PNG of a figure in the book's style; the figure is closed, so that no notebook shows it too.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `draw` | callable | returns a Figure |
    | returns | bytes | |
    """
    buffer = io.BytesIO()
    with plt.rc_context():
        apply_style()
        figure = draw()
        # The version of matplotlib is no part of the picture.
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        plt.close(figure)
    # A drawing has few colors: a palette takes a third of the bytes, and a page carries them in its text.
    small = io.BytesIO()
    with Image.open(buffer) as picture:
        colors = picture.convert("RGB").quantize(96, method=Image.Quantize.FASTOCTREE)
        # The ground was averaged with the grays next to white.
        colors.putpalette([255 if value > 247 else value for value in colors.getpalette()])
        colors.save(small, format="png", optimize=True)
    return small.getvalue()
