"""The KL to a cluster against 50 digits."""

import mpmath
import pytest
import torch
from fifty_digits import COMPARED, DTYPES, PAIRS, PRECISION, Pairs, exact, full_kl
from mpmath import mpf
from random_data import generator

from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.trace import Gaussian

pytestmark = pytest.mark.usefixtures("fifty_digits")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_kl_to_a_cluster_is_never_negative_and_right_where_it_is_small(covariance, dtype):
    mixture = GaussianMixture(3, 2, covariance, generator=generator()).to(dtype)
    pairs = Pairs(dtype, size=2)
    with torch.no_grad():
        mixture.log_var.copy_(torch.randn(3, 2, generator=pairs.source))
        if covariance == "full":
            mixture.lower.copy_(torch.randn(3, 2, 2, generator=pairs.source))
            # The one diagonal Gaussian close to a cluster with correlations is none: take those of one away.
            mixture.lower[0] *= 1e-9
    y = torch.arange(PAIRS) % 2
    with torch.no_grad():
        q = Gaussian(pairs.beside(mixture.mean[y]), pairs.beside(mixture.log_var[y]))
        kl, kl_at = mixture.kl(q), mixture.kl_at(q, y)
    assert (kl >= 0).all()
    assert (kl_at >= 0).all()
    for n in range(COMPARED):
        own = int(y[n])
        mean, log_var = exact(mixture.mean[own]), exact(mixture.log_var[own])
        diagonal = [mpmath.exp(v / 2) for v in log_var]
        below = exact(mixture.lower[own, 1, 0]) if covariance == "full" else mpf(0)
        factor_p = [[diagonal[0], 0], [below, diagonal[1]]]
        scales = [mpmath.exp(v / 2) for v in exact(q.log_var[n])]
        expected = full_kl(exact(q.mean[n]), [[scales[0], 0], [0, scales[1]]], mean, factor_p)
        for got in (kl[n, own], kl_at[n]):
            assert abs(exact(got) - expected) <= PRECISION[dtype] * max(expected, mpf("1e-12"))
