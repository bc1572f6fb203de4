"""Trees that hardly err, against 50 digits."""

import mpmath
import pytest
import torch
from fifty_digits import DTYPES
from mpmath import mpf

from hvae_lessons.oracles import BinaryTree

pytestmark = pytest.mark.usefixtures("fifty_digits")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("flip", [0.1, 1e-8, 1e-20, 1e-50, 1e-300])
def test_a_tree_that_hardly_errs(flip, dtype):
    """Two leaves: equal with probability ((1 - f)^2 + f^2) / 2, different with f (1 - f)."""
    x = torch.tensor([[1.0, 1.0], [0.0, 1.0]], dtype=dtype)
    f = mpf(flip)
    expected = [float(mpmath.log(((1 - f) ** 2 + f**2) / 2)), float(mpmath.log(f * (1 - f)))]
    log_px = BinaryTree(1, flip).log_px(x)
    assert log_px.dtype == dtype
    assert log_px.tolist() == pytest.approx(expected, rel=2 * torch.finfo(dtype).eps)


def test_a_tree_takes_its_probability_in_the_precision_of_a_python_number():
    """flip = 0.1 in single precision is 1.5e-9 too large."""
    x = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    expected = mpmath.log(mpf(0.1) * (1 - mpf(0.1)))
    assert BinaryTree(1, 0.1).log_px(x).item() == pytest.approx(float(expected), rel=1e-15)
