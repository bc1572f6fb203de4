"""Datasets, binarization and IDX files."""

import numpy as np
from bad_input.inputs import CODES, LABELS, NAN, README, X
from random_data import generator

from hvae_lessons import data
from hvae_lessons.data import idx

SPRITES = {"x": X, "factors": CODES, "names": ("shape", "x"), "image_shape": (2, 3)}
IMAGES = {"name": "n", "train_x": X, "train_y": LABELS, "test_x": X, "test_y": LABELS, "image_shape": (2, 3)}

GOOD = {
    data.FactorData: SPRITES,
    data.make_shapes: {"scales": 2, "columns": 2, "rows": 1, "size": 8},
    data.ImageData: IMAGES,
    data.load_mnist: {"full": False},
    data.load_images: {"name": "digits"},
    data.stratified_sample: {"labels": LABELS, "count": 2, "seed": 0},
    data.binarize: {"x": X, "generator": generator()},
    data.binarize_static: {"x": X, "seed": 0},
    data.binarize_threshold: {"x": X, "threshold": 0.5},
    data.pool2x2: {"x": X[:, :4], "image_shape": (2, 2)},
    idx.parse_idx: {"content": b"\0\0\x08\1\0\0\0\1\7", "source": "seven"},
    idx.read_idx: None,
}

BAD = [
    (data.FactorData, {"x": X * 3}, "x", "pixels in [0, 1]", "1.5"),
    (data.FactorData, {"x": X[:, :5]}, "x", "[N, 6]", "(4, 5)"),
    (data.FactorData, {"names": ("x",)}, "factors", "(4, 1), one value per image and name", "(4, 2)"),
    (data.FactorData, {"image_shape": (6,)}, "image_shape", "2 sides, height and width", "1"),
    (data.FactorData, {"names": ("x", 3)}, "names", "a tuple of names", "('x', 3)"),
    (data.FactorData, {"factors": CODES.double()}, "factors", "int64", "torch.float64"),
    (data.make_shapes, {"shapes": "square"}, "shapes", "a tuple of names", "'square'"),
    (data.make_shapes, {"shapes": ("square", "square")}, "shapes", "each name once", "'square'"),
    (data.make_shapes, {"shapes": ("heart",)}, "shapes", "'square', 'ellipse'", "'heart'"),
    (data.make_shapes, {"shapes": ()}, "shapes", "at least two images", "0 of them"),
    (
        data.make_shapes,
        {"scales": 1, "columns": 1, "shapes": ("square",)},
        "shapes",
        "two images",
        "1 of them",
    ),
    (data.make_shapes, {"rows": 0}, "rows", "1 or more", "0"),
    (data.make_shapes, {"size": 16.0}, "size", "a whole number", "16.0"),
    (data.ImageData, {"train_x": X * 3}, "train_x", "pixels in [0, 1]", "1.5"),
    (data.ImageData, {"test_x": X[:, :5]}, "test_x", "[N, 6]", "(4, 5)"),
    (data.ImageData, {"test_y": LABELS[:3]}, "test_y", "one label per image", "(3,)"),
    (data.ImageData, {"image_shape": 6}, "image_shape", "(height, width)", "6"),
    (data.load_mnist, {"full": "digits"}, "full", "True or False", "'digits'"),
    (data.load_images, {"name": "cifar"}, "name", "'mnist', 'mnist-full', 'digits'", "'cifar'"),
    (data.stratified_sample, {"count": 5}, "count", "1 to 4", "5"),
    (data.stratified_sample, {"count": 0}, "count", "1 to 4", "0"),
    (data.stratified_sample, {"labels": LABELS[:0]}, "labels", "at least one row", "(0,)"),
    (data.stratified_sample, {"labels": np.eye(2)}, "labels", "[N]", "(2, 2)"),
    (data.stratified_sample, {"labels": LABELS - 1}, "labels", "0 or more", "from -1"),
    (data.binarize, {"x": X + 1}, "x", "pixels in [0, 1]", "from 1.5 to 1.5"),
    (data.binarize, {"x": -X}, "x", "pixels in [0, 1]", "-0.5"),
    (data.binarize, {"x": NAN}, "x", "finite", "NaN"),
    (data.binarize, {"x": X.byte()}, "x", "floating-point", "torch.uint8"),
    (data.binarize, {"generator": 3}, "generator", "a torch.Generator", "3"),
    (data.binarize_static, {"x": NAN}, "x", "finite", "NaN"),
    (data.binarize_static, {"seed": "zero"}, "seed", "an int", "'zero'"),
    (data.binarize_threshold, {"x": X * 255}, "x", "pixels in [0, 1]", "127.5"),
    (data.binarize_threshold, {"threshold": 127}, "threshold", "[0, 1)", "127"),
    (data.pool2x2, {"image_shape": (1, 4)}, "image_shape", "even height and width", "(1, 4)"),
    (data.pool2x2, {"image_shape": (2, 4)}, "x", "[N, 8]", "(4, 4)"),
    (data.pool2x2, {"image_shape": 2}, "image_shape", "(height, width)", "2"),
    (data.pool2x2, {"x": NAN}, "x", "finite", "NaN"),
    (idx.parse_idx, {"content": b"GIF89a"}, "seven", "magic number", "0x47494638"),
    (idx.parse_idx, {"content": b"\0\0\x08\1\0\0\0\2\7"}, "seven", "10 bytes", "9 bytes"),
    (idx.read_idx, {"path": README}, str(README), "magic number", "0x"),
]
