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

__all__ = [
    "ImageData",
    "binarize",
    "binarize_static",
    "binarize_threshold",
    "load_digits",
    "load_images",
    "load_mnist",
    "pool2x2",
    "stratified_sample",
]
