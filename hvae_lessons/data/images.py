"""Datasets, as flat tensors of pixels in [0, 1].

N examples, D = height * width pixels. Images come as [N, D]; `image_shape` folds them back. What is loaded
is gray; see `binarization`.
"""

import hashlib
import io
from dataclasses import dataclass
from importlib import resources

import numpy as np
import torch
from torch import Tensor

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_counts,
    check_flag,
    check_pixels,
    check_seed,
    expect,
    is_whole,
)
from hvae_lessons.data.mnist_files import read_mnist_files

MNIST_SUBSET = "mnist_subset.npz"
MNIST_SUBSET_SHA256 = "9d488d985788ff14f56364cc82de4b3304e340a38995e058bd4a0cb89172856b"


@dataclass(frozen=True)
class ImageData:
    """A set of labeled images, split into a training and a test part.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | what the set is called in a figure |
    | `train_x`, `test_x` | [N, D] | pixels in [0, 1], 0 is background, in PyTorch's default precision |
    | `train_y`, `test_y` | [N] int64 | class of each image |
    | `image_shape` | (height, width) | with height * width = D |

    Raises: ValueError when the parts do not fit each other.
    Source: none, a record.
    """

    name: str
    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    image_shape: tuple[int, int]

    def __post_init__(self):
        expect(isinstance(self.name, str), "name", "a string", Shown(self.name))
        height, width = _sides(self.image_shape)
        for part in ("train", "test"):
            x, y = getattr(self, f"{part}_x"), getattr(self, f"{part}_y")
            check_pixels(f"{part}_x", x)
            _check_fold(f"{part}_x", x, height, width)
            rows = tuple(x.shape[:1])
            got = tuple(y.shape) if isinstance(y, Tensor | np.ndarray) else Shown(y)
            expect(got == rows, f"{part}_y", f"one label per image, {rows}", got)


def load_mnist(full: bool = False) -> ImageData:
    """MNIST digits, 28x28.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `full` | bool | False: the subset in this package; True: all 60,000 + 10,000 images |
    | returns | ImageData | gray levels divided by 255 |

    The subset is 8,000 of the 60,000 training and 2,000 of the 10,000 test images, drawn with a fixed seed
    so that each class has its share of the whole, and kept in their original order; training images come
    only from training images and test images only from test images. The full set is read from the folder
    HVAE_DATA, from the cache, or downloaded once.

    Raises: ValueError naming the file that is damaged; with full=True also ConnectionError without network
    and OSError on a full disk, each saying what to do.
    Source: MNIST of LeCun, Cortes and Burges, under CC BY-SA 3.0.
    """
    check_flag("full", full)
    if full:
        return _image_data("MNIST", *read_mnist_files(), scale=255, image_shape=(28, 28))
    content = (resources.files("hvae_lessons.data") / "_data" / MNIST_SUBSET).read_bytes()
    got = hashlib.sha256(content).hexdigest()
    expect(
        got == MNIST_SUBSET_SHA256,
        MNIST_SUBSET,
        f"the file with SHA-256 {MNIST_SUBSET_SHA256}",
        f"{len(content)} bytes with {got}: it is damaged, install the package again",
    )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        parts = [arrays[key] for key in ("train_x", "train_y", "test_x", "test_y")]
    return _image_data("MNIST subset", *parts, scale=255, image_shape=(28, 28))


def load_digits() -> ImageData:
    """Handwritten digits of 8x8 pixels that come with scikit-learn: 1,437 to train on, 360 to test.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | ImageData | counts 0 to 16 divided by 16 |

    The split is drawn with a fixed seed and gives each class its share. Raises: nothing.
    Source: sklearn.datasets.load_digits (test part of the UCI set of Alpaydin and Kaynak).
    """
    from sklearn import datasets  # takes a second to import, and most chapters do not need it

    digits = datasets.load_digits()
    test = stratified_sample(digits.target, 360, seed=0)
    train = np.setdiff1d(np.arange(len(digits.target)), test)
    parts = [array[rows] for rows in (train, test) for array in (digits.data, digits.target)]
    return _image_data("digits", *parts, scale=16, image_shape=(8, 8))


_LOADERS = {"mnist": load_mnist, "mnist-full": lambda: load_mnist(full=True), "digits": load_digits}


def load_images(name: str) -> ImageData:
    """The data set called `name`: "mnist" (the subset), "mnist-full" or "digits".

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | for exercises that leave the set open |
    | returns | ImageData | as load_mnist and load_digits return it |

    Raises: ValueError naming the sets that exist; what the loaders raise.
    Source: load_mnist, load_digits.
    """
    check_choice("name", name, _LOADERS)
    return _LOADERS[name]()


def stratified_sample(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Rows of a sample without replacement in which each class has its share of `labels`, to within one.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `labels` | [N] int | class of each row, 0 and up |
    | `count` | int | rows to draw, 1 to N; shares are rounded by largest remainder |
    | `seed` | int | the same seed draws the same rows, on every version of numpy |
    | returns | [count] int | row numbers, ascending |

    Raises: ValueError for labels that are not [N] or a count out of range.
    Source: stratified sampling with largest-remainder rounding.
    """
    is_list = isinstance(labels, tuple | list) and all(map(is_whole, labels))
    expect(is_list or isinstance(labels, np.ndarray | Tensor), "labels", "[N] whole numbers", Shown(labels))
    labels = np.asarray(labels)
    expect(labels.ndim == 1 and len(labels) > 0, "labels", "[N] with at least one row", labels.shape)
    whole = np.issubdtype(labels.dtype, np.integer)
    expect(whole, "labels", "whole numbers, 0 or more", labels.dtype)
    expect(labels.min() >= 0, "labels", "whole numbers, 0 or more", f"{labels.dtype} from {labels.min()}")
    expect(is_whole(count) and 1 <= count <= len(labels), "count", f"1 to {len(labels)} rows", Shown(count))
    check_seed(seed)
    share = np.bincount(labels) * count / len(labels)
    quota = np.floor(share).astype(int)
    quota[np.argsort(quota - share, kind="stable")[: count - quota.sum()]] += 1
    # RandomState, because numpy promises that its stream never changes; default_rng's may.
    shuffled = np.random.RandomState(seed).permutation(len(labels))
    rows = [shuffled[labels[shuffled] == label][:taken] for label, taken in enumerate(quota)]
    return np.sort(np.concatenate(rows))


def pool2x2(x: Tensor, image_shape: tuple[int, int]) -> Tensor:
    """Images of half the height and width: each pixel is the mean of a 2x2 block.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [N, D] | flat images, D = height * width |
    | `image_shape` | (height, width) | both even |
    | returns | [N, D / 4] | flat images of (height / 2, width / 2) |

    Raises: ValueError for odd sides, a D that is not height * width, or pixels as in binarize.
    Source: mean pooling.
    """
    check_pixels("x", x)
    height, width = _sides(image_shape)
    even = height % 2 == 0 and width % 2 == 0
    expect(even, "image_shape", "an even height and width", tuple(image_shape))
    _check_fold("x", x, height, width)
    return x.reshape(-1, height // 2, 2, width // 2, 2).mean(dim=(2, 4)).flatten(1)


def _sides(image_shape) -> tuple[int, int]:
    """Height and width, or a refusal."""
    is_pair = isinstance(image_shape, tuple | list) and len(image_shape) == 2
    expect(is_pair, "image_shape", "(height, width)", Shown(image_shape))
    check_counts("image_shape", image_shape)
    return image_shape


def _check_fold(name: str, x: Tensor, height: int, width: int) -> None:
    """Refuse rows that are not flat images of this height and width."""
    fits = x.ndim == 2 and x.shape[1] == height * width
    expect(fits, name, f"[N, {height * width}] for images of {height}x{width}", tuple(x.shape))


def _image_data(name, train_x, train_y, test_x, test_y, scale, image_shape) -> ImageData:
    """Flat pixels in PyTorch's default precision and int64 labels from the arrays of a file."""

    def pixels(array):
        return torch.from_numpy(array.reshape(len(array), -1)).to(torch.get_default_dtype()) / scale

    def labels(array):
        return torch.from_numpy(array.astype(np.int64))

    return ImageData(name, pixels(train_x), labels(train_y), pixels(test_x), labels(test_y), image_shape)
