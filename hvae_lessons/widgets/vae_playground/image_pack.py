"""Image sets in as few bytes as they need, for training in the page; js/numerics/image_pack.js reads them."""

import numpy as np

from hvae_lessons.checks import expect
from hvae_lessons.data import ImageData, binarize_static, load_digits, load_mnist, stratified_sample

MNIST_TRAIN, MNIST_TEST = 2000, 400


def page_images(name):
    """The images that the page trains on: all 8x8 digits, or a sample of MNIST in 16 gray levels.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | "digits" or "mnist" | |
    | returns | ImageData | training images gray, test images binarized once (`binarize_static`) |

    Source: data.load_digits, data.load_mnist.
    """
    if name == "digits":
        images, test = load_digits(), slice(None)
        return _static_test(images, images.train_x, images.train_y, test)
    images = load_mnist()
    train = stratified_sample(images.train_y.numpy(), MNIST_TRAIN, seed=0)
    test = stratified_sample(images.test_y.numpy(), MNIST_TEST, seed=0)
    return _static_test(images, (images.train_x[train] * 15).round() / 15, images.train_y[train], test)


def pack_images(images, levels):
    """Five uint16 (side, training images, test images, bits, levels), pixels, test pixels, test labels.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `images` | ImageData | square; training pixels are multiples of 1 / levels, test pixels 0 or 1 |
    | `levels` | whole number | 1 to 255: the largest pixel; bits is what it needs |
    | returns | bytes | |

    Raises: ValueError for other pixels. Source: none, a format.
    """
    side = images.image_shape[0]
    train = images.train_x.numpy() * levels
    exact = np.abs(train - train.round()).max() < 1e-3
    expect(exact, "images", f"training pixels in steps of 1 / {levels}", "others")
    test = images.test_x.numpy()
    expect(np.isin(test, (0, 1)).all(), "images", "binary test pixels", "gray ones")
    bits = int(levels).bit_length()
    sizes = (side, len(train), len(test), bits, levels)
    as_bits = np.unpackbits(train.round().astype(np.uint8).reshape(-1, 1), axis=1)[:, -bits:]
    parts = (
        np.array(sizes, dtype="<u2").tobytes(),
        np.packbits(as_bits).tobytes(),
        np.packbits(test.astype(np.uint8)).tobytes(),
        images.test_y.numpy().astype(np.uint8).tobytes(),
    )
    return b"".join(parts)


def packed(name):
    """`page_images(name)`, packed: 16 levels of gray take 5 bits with both ends, the sample of MNIST 4."""
    return pack_images(page_images(name), 16 if name == "digits" else 15)


def _static_test(images, train_x, train_y, test):
    """The same set with other training images and binarized test images."""
    # Drawn in single precision whatever the default is, so that a page and its tests see the same images.
    test_x = binarize_static(images.test_x.float())[test].to(images.test_x)
    return ImageData(images.name, train_x, train_y, test_x, images.test_y[test], images.image_shape)
