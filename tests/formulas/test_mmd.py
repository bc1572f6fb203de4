"""The MMD and its estimators against SciPy, against draws, and against what is known of two Gaussians."""

import math

import numpy as np
import pytest
import torch
from random_data import generator, normal
from scipy.spatial.distance import cdist
from sklearn.gaussian_process.kernels import RBF

from hvae_lessons.formulas.mmd import (
    expected_rbf_kernel,
    inverse_multiquadratic_kernel,
    mmd_biased,
    mmd_unbiased,
    mmd_variance_at_match,
    rbf_centered_square,
    rbf_kernel,
    rbf_mmd_gaussians,
)

X, Y = normal(7, 3, seed=1), 2 * normal(5, 3, seed=2) + 1


def test_the_gaussian_kernel_is_that_of_scikit_learn():
    expected = RBF(1.7)(X.numpy(), Y.numpy())
    np.testing.assert_allclose(rbf_kernel(X, Y, 1.7), expected, rtol=1e-12)


def test_the_inverse_multiquadratic_kernel_by_scipys_distances():
    expected = 6 / (6 + cdist(X, Y, "sqeuclidean"))
    np.testing.assert_allclose(inverse_multiquadratic_kernel(X, Y, 6.0), expected, rtol=1e-12)


def test_leading_axes_stay_apart():
    z, y = normal(2, 3, 6, 2, seed=3), normal(2, 3, 4, 2, seed=4)
    together = mmd_unbiased(rbf_kernel(z, z, 1.0), rbf_kernel(y, y, 1.0), rbf_kernel(z, y, 1.0))
    assert together.shape == (2, 3)
    z, y = z[1, 2], y[1, 2]
    alone = mmd_unbiased(rbf_kernel(z, z, 1.0), rbf_kernel(y, y, 1.0), rbf_kernel(z, y, 1.0))
    torch.testing.assert_close(together[1, 2], alone)


def test_draws_agree_with_the_closed_form_of_two_gaussians():
    mean, log_var = torch.tensor([0.8, -0.3]).double(), torch.tensor([-1.0, 0.4]).double()
    standard = torch.zeros(2).double()
    exact = rbf_mmd_gaussians(mean, log_var, standard, standard, 1.2).item()
    source = generator()
    z = mean + torch.exp(0.5 * log_var) * torch.randn(400, 50, 2, generator=source).double()
    y = torch.randn(400, 50, 2, generator=source).double()
    kernels = (rbf_kernel(z, z, 1.2), rbf_kernel(y, y, 1.2), rbf_kernel(z, y, 1.2))
    unbiased, biased = mmd_unbiased(*kernels), mmd_biased(*kernels)
    error = unbiased.std().item() / math.sqrt(400)
    assert abs(unbiased.mean().item() - exact) < 4 * error
    within = [expected_rbf_kernel(*law, *law, 1.2).item() for law in ((mean, log_var), (standard, standard))]
    excess = sum(1 - mean_kernel for mean_kernel in within) / 50
    assert abs(biased.mean().item() - exact - excess) < 4 * error
    assert excess > 10 * error


def test_the_variance_at_match_by_draws():
    source = generator()
    z, y = (torch.randn(4000, count, 2, generator=source).double() for count in (20, 30))
    estimates = mmd_unbiased(rbf_kernel(z, z, 1.4), rbf_kernel(y, y, 1.4), rbf_kernel(z, y, 1.4))
    expected = mmd_variance_at_match(rbf_centered_square(2, 1.4), 20, 30)
    # The estimates have heavier tails than a Gaussian: their variance is known to a few percent.
    assert estimates.var().item() == pytest.approx(expected, rel=0.12)
    assert abs(estimates.mean().item()) < 4 * math.sqrt(expected / 4000)


def test_a_tiny_and_a_huge_bandwidth_see_nothing():
    shift, zero = torch.ones(2).double(), torch.zeros(2).double()
    values = [rbf_mmd_gaussians(shift, zero, zero, zero, h).item() for h in (1e-3, 1.0, 1e3)]
    assert values[0] < 1e-5 < values[1] > 1e-5 > values[2] > 0
