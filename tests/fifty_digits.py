"""Tools for tests against mpmath at 50 digits.

The arguments of a reference are the floating-point numbers that the code is given, taken as exact. The
fixture `fifty_digits` sets the precision.
"""

import mpmath
import torch
from mpmath import mpf
from random_data import generator

DTYPES = [torch.float32, torch.float64]
PRECISION = {torch.float32: 1e-4, torch.float64: 1e-12}  # relative, down to a KL of 1e-12
PAIRS, COMPARED = 10_000, 250  # pairs that must not be negative; those of them that 50 digits are worth


def exact(tensor):
    """Nested lists of the same numbers in mpmath."""
    if isinstance(tensor, list):
        return [exact(part) for part in tensor]
    if isinstance(tensor, torch.Tensor):
        return exact(tensor.detach().double().tolist())
    return mpf(tensor)


class Pairs:
    """Random parameters, and others beside them at distances from 1e-8 to 10: [N, size] in one precision."""

    def __init__(self, dtype, size=4, count=PAIRS):
        self.dtype, self.shape, self.source = dtype, (count, size), generator(1)
        self.distance = 10 ** (-8 + 9 * torch.rand(count, 1, generator=self.source, dtype=torch.float64))

    def normal(self, *more):
        return torch.randn(*self.shape, *more, generator=self.source, dtype=torch.float64)

    def one(self):
        return (2 * self.normal()).to(self.dtype)

    def beside(self, other):
        return (other + self.distance * self.normal()).to(self.dtype)

    def small(self):
        return (self.distance * self.normal()).to(self.dtype)


def full_kl(mean_q, factor_q, mean_p, factor_p):
    inverse = mpmath.matrix(factor_p) ** -1
    ratio = inverse * mpmath.matrix(factor_q)
    shift = inverse * (mpmath.matrix(mean_q) - mpmath.matrix(mean_p))
    traces = sum(entry**2 for entry in ratio) + sum(entry**2 for entry in shift) - len(mean_q)
    return traces / 2 - sum(mpmath.log(ratio[i, i]) for i in range(len(mean_q)))
