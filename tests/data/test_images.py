"""Datasets: against scikit-learn, known facts about MNIST, and the original files where they are."""

import gzip
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import datasets

from hvae_lessons import data
from tools.make_mnist_subset import make_subset

# Images per class in the original files, as every description of MNIST lists them.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

ORIGINALS = Path(os.environ.get("HVAE_DATA", ""), "train-images-idx3-ubyte.gz")
needs_originals = pytest.mark.skipif(
    not ORIGINALS.is_file(), reason="HVAE_DATA does not name a folder with the original MNIST files"
)


@pytest.fixture(scope="module")
def mnist():
    return data.load_mnist()


def original_bytes(name, header):
    """Values of an original file, by code that shares nothing with the package."""
    return np.frombuffer(gzip.open(ORIGINALS.with_name(name)).read()[header:], np.uint8)


def test_subset_has_the_promised_shapes_and_types(mnist):
    assert mnist.train_x.shape == (8000, 784)
    assert mnist.test_x.shape == (2000, 784)
    assert mnist.train_y.shape == (8000,)
    assert mnist.test_y.shape == (2000,)
    assert mnist.image_shape == (28, 28)
    assert mnist.train_x.dtype == mnist.test_x.dtype == torch.float32
    assert mnist.train_y.dtype == mnist.test_y.dtype == torch.int64


def test_subset_keeps_the_class_shares_of_the_whole(mnist):
    for labels, counts in ((mnist.train_y, TRAIN_COUNTS), (mnist.test_y, TEST_COUNTS)):
        shares = np.array(counts) * len(labels) / sum(counts)
        assert np.abs(np.bincount(labels) - shares).max() < 1


def test_subset_has_the_published_mean_and_standard_deviation(mnist):
    # 0.1307 and 0.3081 are the constants by which MNIST is normalized everywhere.
    assert mnist.train_x.mean() == pytest.approx(0.1307, abs=0.002)
    assert mnist.train_x.std() == pytest.approx(0.3081, abs=0.002)
    assert mnist.train_x.min() == 0
    assert mnist.train_x.max() == 1


def test_subset_images_are_upright(mnist):
    ones = mnist.train_x[mnist.train_y == 1].mean(0).reshape(28, 28)
    sevens = mnist.train_x[mnist.train_y == 7].mean(0).reshape(28, 28)
    down, right = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    assert (ones * down**2).sum() > 2 * (ones * right**2).sum()  # a one is tall: not transposed
    assert (ones * down * right).sum() < 0  # and leans to the right: not mirrored
    assert sevens[5:10].sum() > 1.1 * sevens[18:23].sum()  # a seven has its bar at the top: not turned over


def test_subset_parts_share_no_image(mnist):
    train = {row.tobytes() for row in mnist.train_x.numpy()}
    assert len(train) == 8000
    assert not any(row.tobytes() in train for row in mnist.test_x.numpy())


def test_subset_needs_no_network_and_no_folder(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setenv("HVAE_DATA", "/nonexistent")
    assert len(data.load_mnist().train_x) == 8000


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:5000] + b"\0" + b[5001:], lambda b: b""])
def test_damaged_subset_is_refused_by_name(damage, monkeypatch, tmp_path):
    shipped = Path(data.__file__).parent / "_data" / "mnist_subset.npz"
    (tmp_path / "_data").mkdir()
    (tmp_path / "_data" / "mnist_subset.npz").write_bytes(damage(shipped.read_bytes()))
    monkeypatch.setattr(data.images.resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"mnist_subset\.npz: expected .* got .* damaged"):
        data.load_mnist()


def test_license_lies_beside_the_subset():
    notice = (Path(data.__file__).parent / "_data" / "README.md").read_text(encoding="utf-8")
    for words in ("LeCun", "Cortes", "Attribution-Share Alike 3.0", "creativecommons.org/licenses/by-sa/3.0"):
        assert words in notice


@needs_originals
def test_full_set_equals_the_original_files():
    full = data.load_mnist(full=True)
    assert full.train_x.shape == (60000, 784)
    assert full.test_x.shape == (10000, 784)
    assert np.bincount(full.train_y).tolist() == TRAIN_COUNTS
    assert np.bincount(full.test_y).tolist() == TEST_COUNTS
    for x, name in ((full.train_x, "train-images-idx3-ubyte.gz"), (full.test_x, "t10k-images-idx3-ubyte.gz")):
        original = original_bytes(name, header=16)
        assert np.array_equal(np.rint(x.numpy().ravel() * 255), original)


@needs_originals
def test_subset_is_what_the_script_makes_from_the_originals(tmp_path):
    first, second = make_subset(ORIGINALS.parent), make_subset(ORIGINALS.parent)
    assert first == second
    (tmp_path / "made.npz").write_bytes(first)
    shipped = Path(data.__file__).parent / "_data" / "mnist_subset.npz"
    with np.load(tmp_path / "made.npz") as made, np.load(shipped) as ours:
        assert set(made) == set(ours)
        assert all(np.array_equal(made[key], ours[key]) for key in ours)


@needs_originals
def test_subset_comes_from_the_matching_original_part(mnist):
    for x, y, prefix in ((mnist.train_x, mnist.train_y, "train"), (mnist.test_x, mnist.test_y, "t10k")):
        images = original_bytes(f"{prefix}-images-idx3-ubyte.gz", header=16).reshape(-1, 784)
        labels = original_bytes(f"{prefix}-labels-idx1-ubyte.gz", header=8)
        known = {image.tobytes(): label for image, label in zip(images, labels)}
        ours = np.rint(x.numpy() * 255).astype(np.uint8)
        assert all(known[image.tobytes()] == label for image, label in zip(ours, y.numpy()))


def test_digits_are_those_of_scikit_learn():
    ours, theirs = data.load_digits(), datasets.load_digits()
    assert ours.train_x.shape == (1437, 64)
    assert ours.test_x.shape == (360, 64)
    assert ours.image_shape == (8, 8)
    x = torch.cat([ours.train_x, ours.test_x]).numpy() * 16
    y = torch.cat([ours.train_y, ours.test_y]).numpy()
    together = np.column_stack([x, y]).tolist()
    assert sorted(together) == sorted(np.column_stack([theirs.data, theirs.target]).tolist())
    shares = np.bincount(theirs.target) * 360 / 1797
    assert np.abs(np.bincount(ours.test_y) - shares).max() < 1
    assert torch.equal(data.load_digits().test_x, ours.test_x)


def test_load_images_dispatches_and_lists_what_exists(mnist):
    assert torch.equal(data.load_images("mnist").train_x, mnist.train_x)
    assert data.load_images("digits").image_shape == (8, 8)
    with pytest.raises(ValueError, match="name: .* 'mnist', 'mnist-full', 'digits', got 'fashion'"):
        data.load_images("fashion")


def test_stratified_sample_rounds_by_largest_remainder():
    labels = np.array([0] * 6 + [1] * 3 + [2])  # shares of 5: 3, 1.5, 0.5; the tie goes to the first
    rows = data.stratified_sample(labels, 5, seed=0)
    assert np.bincount(labels[rows], minlength=3).tolist() == [3, 2, 0]
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert data.stratified_sample(labels, 10, seed=3).tolist() == list(range(10))
    assert (
        data.stratified_sample(np.zeros(1000, int), 5, 0).tolist()
        != data.stratified_sample(np.zeros(1000, int), 5, 1).tolist()
    )


def test_binarize_draws_each_pixel_with_its_own_probability():
    probability = torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0])
    draws = data.binarize(probability.expand(20_000, 5), torch.Generator().manual_seed(0))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    five_sigma = 5 * (probability * (1 - probability) / 20_000).sqrt()
    assert ((draws.mean(0) - probability).abs() <= five_sigma).all()


def test_binarize_follows_its_generator_alone():
    x = torch.full((50, 40), 0.5)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    generator = torch.Generator().manual_seed(7)
    first, second = data.binarize(x, generator), data.binarize(x, generator)
    assert not torch.equal(first, second)
    assert torch.equal(first, data.binarize(x, torch.Generator().manual_seed(7)))
    assert torch.equal(before, torch.random.get_rng_state())


def test_binarize_static_is_one_draw_per_seed():
    x = torch.full((50, 40), 0.5)
    assert torch.equal(data.binarize_static(x), data.binarize_static(x))
    assert not torch.equal(data.binarize_static(x), data.binarize_static(x, seed=1))
    assert data.binarize_static(x).mean() == pytest.approx(0.5, abs=5 * 0.5 / 2000**0.5)


def test_binarize_threshold_by_hand():
    x = torch.tensor([[0.0, 0.2, 0.5, 0.51, 1.0]])
    assert data.binarize_threshold(x).tolist() == [[0, 0, 0, 1, 1]]
    assert data.binarize_threshold(x, threshold=0.1).tolist() == [[0, 1, 1, 1, 1]]


def test_pool2x2_by_hand_and_against_avg_pool():
    image = torch.tensor([[1.0, 0.0, 0.5, 0.5, 0.0, 1.0, 0.5, 0.1]])  # 2 rows of 4
    assert torch.allclose(data.pool2x2(image, (2, 4)), torch.tensor([[0.5, 0.4]]))
    x = torch.rand(3, 28 * 20, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.avg_pool2d(x.reshape(3, 1, 28, 20), 2).flatten(1)
    assert torch.allclose(data.pool2x2(x, (28, 20)), expected)


def test_image_data_is_frozen(mnist):
    with pytest.raises(AttributeError):
        mnist.name = "other"


def test_the_pixels_that_never_carry_ink():
    # The errata (N2.5) rest on this count.
    assert (data.load_mnist().train_x.amax(0) == 0).sum() == 108
