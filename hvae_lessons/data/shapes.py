"""Pictures whose causes are known: a small dSprites, drawn in memory.

Every combination of shape, scale, orientation and place is one image, and there are no others: in this data
set the factors are independent, and each image has one cause of every kind.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_count,
    check_counts,
    check_length,
    check_pixels,
    check_tensor,
    expect,
)

# In units of the image's side. A shape fills a circle, so that turned by any angle it stays inside the image.
SMALLEST, LARGEST = 0.12, 0.26  # radius of the circle
REACH_X, REACH_Y = 0.24, 0.12  # how far its center moves to either side, and up or down
SUBPIXELS = 8  # samples along each side of a pixel: 64 gray levels smooth the edges


def _square(u, v):
    """A square with its corners on the unit circle."""
    return torch.maximum(u.abs(), v.abs()) <= 0.5**0.5


def _ellipse(u, v):
    """An ellipse half as high as the unit circle."""
    return u**2 + (2 * v) ** 2 <= 1


SHAPES = {"square": _square, "ellipse": _ellipse}


@dataclass(frozen=True)
class FactorData:
    """Images with the factors that made them.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [N, D] | pixels in [0, 1], 0 is background, in PyTorch's default precision |
    | `factors` | [N, F] int64 | value of every factor, 0 and up |
    | `names` | F str | what the factors are called |
    | `image_shape` | (height, width) | with height * width = D |

    Raises: ValueError when the parts do not fit each other.
    Source: none, a record.
    """

    x: Tensor
    factors: Tensor
    names: tuple[str, ...]
    image_shape: tuple[int, int]

    def __post_init__(self):
        check_pixels("x", self.x)
        check_counts("image_shape", self.image_shape)
        check_length("image_shape", self.image_shape, 2, "sides, height and width")
        pixels = math.prod(self.image_shape)
        fits = self.x.ndim == 2 and self.x.shape[1] == pixels
        expect(fits, "x", f"[N, {pixels}] for images of {self.image_shape}", tuple(self.x.shape))
        are_names = isinstance(self.names, tuple | list) and all(isinstance(n, str) for n in self.names)
        expect(are_names, "names", "a tuple of names", Shown(self.names))
        check_tensor("factors", self.factors)
        shape, got = (len(self.x), len(self.names)), tuple(self.factors.shape)
        expect(got == shape, "factors", f"{shape}, one value per image and name", got)
        expect(self.factors.dtype == torch.int64, "factors", "whole numbers, int64", self.factors.dtype)


def make_shapes(shapes=("square", "ellipse"), scales=5, orientations=1, columns=12, rows=12, size=16):
    r"""A small dSprites: one white shape on black, every combination of its factors once.

    The last factor, y, changes fastest. The values of a factor are the middles of as many equal parts of its
    range. A shape turns by less than a quarter, after which a square repeats. It moves half as far up and
    down as it moves sideways: were both the same, any rotation of (x, y) would explain the images as well.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `shapes` | names | of "square" and "ellipse" |
    | `scales`, `orientations`, `columns`, `rows` | whole numbers | how many values; 1 leaves the factor out |
    | `size` | whole number | side of the image in pixels |
    | returns | FactorData | of "shape", "scale", "orientation", "x", "y" those that vary |

    Raises: ValueError for a shape that it does not know, a count below 1, or a grid in which nothing varies.
    Source: the design of dSprites (Matthey et al., 2017), with smooth edges.
    """
    expect(isinstance(shapes, tuple | list), "shapes", "a tuple of names", Shown(shapes))
    for shape in shapes:
        check_choice("shapes", shape, tuple(SHAPES))
    expect(len(set(shapes)) == len(shapes), "shapes", "each name once", Shown(shapes))
    counts = {"scales": scales, "orientations": orientations, "columns": columns, "rows": rows}
    for name, count in {**counts, "size": size}.items():
        check_count(name, count)
    total = len(shapes) * math.prod(counts.values())
    expect(total > 1, "shapes", "a grid of at least two images", f"{total} of them")

    radii = size * (SMALLEST + (LARGEST - SMALLEST) * _middles(scales))
    angles = math.pi / 2 * (_middles(orientations) - 0.5 / orientations)  # the first stands upright
    center_x = size * (0.5 + REACH_X * (2 * _middles(columns) - 1))
    center_y = size * (0.5 + REACH_Y * (2 * _middles(rows) - 1))
    images = [
        _draw(SHAPES[shape], radius, angle, center_x, center_y, size)
        for shape, radius, angle in itertools.product(shapes, radii, angles)
    ]
    values = (len(shapes), *counts.values())
    factors = torch.cartesian_prod(*map(torch.arange, values))
    varies = [place for place, count in enumerate(values) if count > 1]
    names = ("shape", "scale", "orientation", "x", "y")
    return FactorData(
        torch.cat(images), factors[:, varies], tuple(names[place] for place in varies), (size, size)
    )


def _middles(count):
    """The middles of `count` equal parts of [0, 1]."""
    return (torch.arange(count) + 0.5) / count


def _draw(inside, radius, angle, center_x, center_y, size):
    """The same shape at every place: [columns * rows, size * size]. A pixel is the share that is covered."""
    points = (torch.arange(size * SUBPIXELS) + 0.5) / SUBPIXELS
    right = points - center_x.view(-1, 1, 1, 1)  # [columns, 1, 1, points]
    down = points.view(-1, 1) - center_y.view(-1, 1, 1)  # [rows, points, 1]
    u = (torch.cos(angle) * right + torch.sin(angle) * down) / radius  # along the long axis
    v = (torch.cos(angle) * down - torch.sin(angle) * right) / radius
    covered = inside(u, v).to(torch.get_default_dtype())  # [columns, rows, points, points]
    return covered.reshape(-1, size, SUBPIXELS, size, SUBPIXELS).mean((2, 4)).flatten(1)
