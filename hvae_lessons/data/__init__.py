"""Datasets: the only place that touches files or the network."""

from hvae_lessons.data.binarization import binarize, binarize_static, binarize_threshold
from hvae_lessons.data.images import (
    ImageData,
    load_digits,
    load_images,
    load_mnist,
    pool2x2,
    stratified_sample,
)
from hvae_lessons.data.shapes import FactorData, make_shapes

__all__ = [
    "FactorData",
    "ImageData",
    "binarize",
    "binarize_static",
    "binarize_threshold",
    "load_digits",
    "load_images",
    "load_mnist",
    "make_shapes",
    "pool2x2",
    "stratified_sample",
]
