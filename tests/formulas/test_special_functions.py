"""The special functions and their derivatives against 50 digits."""

import math

import mpmath
import pytest
import torch
from fifty_digits import DTYPES, exact

from hvae_lessons.formulas.special_functions import expm1_minus, kl_term, log_quotient

pytestmark = pytest.mark.usefixtures("fifty_digits")


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_functions(dtype):
    eps = torch.finfo(dtype).eps
    magnitudes = [10**-k for k in range(19)] + [0.0099, 0.01, 0.0101, 0.5, 3.0, 20.0, 80.0]
    v = torch.tensor([sign * m for m in magnitudes for sign in (1, -1)], dtype=dtype)
    lost = max(4 * eps, 4 * eps / 0.01)
    for got, argument in zip(exact(expm1_minus(v)), exact(v)):
        expected = mpmath.expm1(argument) - argument
        assert abs(got - expected) <= lost * expected
    a = torch.tensor([1.0, 1 + 2 * eps, 1.3, 2.0, 1e-9, 1e9], dtype=dtype)
    for b in (1.0, 0.7, 1e-20, 1e15):
        quotient = log_quotient(a, torch.full_like(a, b))
        for got, x in zip(exact(quotient), exact(a)):
            expected = mpmath.log(x / exact(torch.tensor(b, dtype=dtype)))
            assert abs(got - expected) <= 4 * eps * abs(expected)
    assert expm1_minus(torch.tensor([0.0, -math.inf], dtype=dtype)).tolist() == [0.0, math.inf]
    assert log_quotient(torch.tensor([-1.0]), torch.tensor([1.0])).isnan().all()


@pytest.mark.parametrize("value", [0.0, 0.3, -2.0, 1e-3, 0.0099999, -0.01000001, 5.0])
def test_derivatives_of_the_special_functions(value):
    v = torch.tensor([value, value / 2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(expm1_minus, (v,))
    assert torch.autograd.gradgradcheck(expm1_minus, (v,))
    (slope,) = torch.autograd.grad(expm1_minus(v).sum(), v, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), v)
    torch.testing.assert_close(slope, torch.expm1(v), rtol=1e-15, atol=0)
    torch.testing.assert_close(curvature, torch.exp(v), rtol=1e-15, atol=0)
    ratio = (torch.exp(v)).detach().requires_grad_()
    assert torch.autograd.gradcheck(log_quotient, (ratio, torch.ones_like(ratio).requires_grad_()))
    q = torch.tensor([0.2, 0.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda q, v: kl_term(q, q * torch.exp(v), v), (q, v))
