"""Images with their classes, as the explorers are given them."""

import math

import torch

from hvae_lessons.checks import check_data, expect
from hvae_lessons.data import load_digits


def check_labeled_images(x, labels, image_shape, data_dim):
    """Refuse images that are not the model's, labels that are not theirs, or a shape that does not fit.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x`, `labels` | [N, D], [N] | images, and classes 0 to 9 |
    | `image_shape` | (height, width) | with height * width = D |
    | `data_dim` | whole number | D |

    Raises: ValueError, with the reason. Source: none.
    """
    check_data("x", x, data_dim)
    fits = isinstance(labels, torch.Tensor) and tuple(labels.shape) == tuple(x.shape[:1])
    found = tuple(labels.shape) if hasattr(labels, "shape") else type(labels).__name__
    expect(fits, "labels", f"a tensor with one class for each of the {len(x)} images", found)
    inside = bool(labels.min() >= 0 and labels.max() <= 9)
    expect(inside, "labels", "classes from 0 to 9", f"{labels.min()} to {labels.max()}")
    folds = isinstance(image_shape, tuple) and len(image_shape) == 2 and math.prod(image_shape) == data_dim
    expect(folds, "image_shape", f"(height, width) with height * width = {data_dim}", image_shape)


def check_pixels(x):
    """Refuse images that a page cannot show: their pixels go from 0 to 1."""
    inside = bool(x.min() >= 0 and x.max() <= 1)
    expect(inside, "x", "pixels from 0 to 1", f"{x.min():.3g} to {x.max():.3g}")


def precision(model):
    """The type of a model's weights, which need not be PyTorch's default."""
    return next(model.parameters()).dtype


def first_of_each(labels):
    """Index of the first image of each class, in the order of the classes."""
    return [int((labels == digit).nonzero()[0]) for digit in labels.unique()]


def digits_test():
    """What a widget without arguments shows: the 8x8 test digits, their classes, their shape."""
    images = load_digits()
    return images.test_x, images.test_y, images.image_shape
