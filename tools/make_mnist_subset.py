"""Make hvae_lessons/data/_data/mnist_subset.npz from the four original IDX files of MNIST.

    python -m tools.make_mnist_subset FOLDER [OUTPUT]

FOLDER holds the files as published, packed with gzip or not. Each is checked against its known SHA-256, so
the subset is always made from the same images. The script prints the hash that hvae_lessons/data/images.py
must expect; the bytes are the same at every run with one version of liblzma.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np

from hvae_lessons.data import stratified_sample
from hvae_lessons.data.idx import read_idx
from hvae_lessons.data.images import MNIST_SUBSET, MNIST_SUBSET_SHA256
from hvae_lessons.data.mnist_files import MNIST_FILES

TRAIN_IMAGES, TEST_IMAGES = 8_000, 2_000
SEED = 0
# The earliest date a zip file can hold: the clock must not change the bytes.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def read_originals(folder: Path) -> list[np.ndarray]:
    """Train images, train labels, test images, test labels."""
    arrays = []
    for name, published in MNIST_FILES.items():
        packed = folder / f"{name}.gz"
        path = packed if packed.exists() else folder / name
        arrays.append(read_idx(path, published.shape, published.content_sha256))
    return arrays


def make_subset(folder: Path) -> bytes:
    """The bytes of the .npz: an LZMA zip, which np.load reads and which is 15 % smaller than its own."""
    train_images, train_labels, test_images, test_labels = read_originals(folder)
    train = stratified_sample(train_labels, TRAIN_IMAGES, SEED)
    test = stratified_sample(test_labels, TEST_IMAGES, SEED)
    arrays = {
        "train_x": train_images[train],
        "train_y": train_labels[train],
        "test_x": test_images[test],
        "test_y": test_labels[test],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", NO_DATE)
            info.compress_type = zipfile.ZIP_LZMA
            info.create_system = 3  # otherwise Windows writes another byte here
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the MNIST subset that ships with the package.")
    parser.add_argument("folder", type=Path, help="folder with the four original IDX files")
    default = Path(__file__).parents[1] / "hvae_lessons" / "data" / "_data" / MNIST_SUBSET
    parser.add_argument("output", type=Path, nargs="?", default=default, help="default: %(default)s")
    arguments = parser.parse_args()
    content = make_subset(arguments.folder)
    arguments.output.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    print(f"{arguments.output}: {len(content):,} bytes, SHA-256 {sha256}")
    if sha256 != MNIST_SUBSET_SHA256:
        print(f'Set MNIST_SUBSET_SHA256 = "{sha256}" in hvae_lessons/data/images.py.')


if __name__ == "__main__":
    main()
