"""The aggregated posterior against torch.distributions, closed forms of Gaussians, and draws."""

import math

import numpy as np
import pytest
import torch
from random_data import generator, normal
from scipy.spatial.distance import pdist
from torch import distributions

from hvae_lessons.formulas.mmd import mmd_unbiased, rbf_kernel
from hvae_lessons.measures.aggregated_posterior import (
    aggregate_kl_estimate,
    aggregate_log_prob,
    aggregate_mmd,
    median_distance,
    mismatch_on_grid,
)
from hvae_lessons.trace import Gaussian


def gaussians(count=6, size=2):
    return Gaussian(normal(count, size, seed=1), normal(count, size, seed=2) - 1)


def mixture(q_z):
    components = distributions.Independent(distributions.Normal(q_z.mean, (0.5 * q_z.log_var).exp()), 1)
    weights = distributions.Categorical(torch.ones(len(q_z.mean)).double())
    return distributions.MixtureSameFamily(weights, components)


def test_the_density_is_that_of_the_mixture():
    z = 2 * normal(9, 2, seed=3)
    torch.testing.assert_close(aggregate_log_prob(gaussians(), z, chunk=4), mixture(gaussians()).log_prob(z))


def test_a_narrow_posterior_far_away_keeps_its_digits():
    q_z = Gaussian(torch.tensor([[6.0, -5.0]]).double(), torch.full((1, 2), -8.0).double())
    z = torch.tensor([[6.01, -5.0]]).double()
    expected = distributions.Normal(q_z.mean[0], (0.5 * q_z.log_var[0]).exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(aggregate_log_prob(q_z, z), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("size", [1, 2])
def test_one_gaussian_has_the_kl_of_gaussians_and_no_information(size):
    mean, log_var = torch.tensor([[0.7, -0.2]]).double(), torch.tensor([[-0.9, 0.3]]).double()
    one = Gaussian(mean[:, :size], log_var[:, :size])
    p = distributions.Normal(0.0, 1.0)
    q = distributions.Normal(one.mean, (0.5 * one.log_var).exp())
    found = mismatch_on_grid(one)
    assert found.kl == pytest.approx(distributions.kl_divergence(q, p).sum().item(), abs=1e-9)
    assert found.information == pytest.approx(0, abs=1e-9)
    assert found.mass == pytest.approx(1, abs=1e-9)


def test_grid_and_draws_agree():
    law, found = mixture(gaussians()), mismatch_on_grid(gaussians())
    torch.manual_seed(0)
    z, y = law.sample((100_000,)), torch.randn(100_000, 2).double()
    prior = distributions.Independent(distributions.Normal(torch.zeros(2).double(), 1.0), 1)

    def log_middle(points):
        return torch.logaddexp(law.log_prob(points), prior.log_prob(points)) - math.log(2)

    kl = (law.log_prob(z) - prior.log_prob(z)).mean().item()
    js = ((law.log_prob(z) - log_middle(z)).mean() + (prior.log_prob(y) - log_middle(y)).mean()) / 2
    assert found.kl == pytest.approx(kl, abs=0.02)
    assert found.jensen_shannon == pytest.approx(js.item(), abs=0.01)


def test_far_apart_the_information_is_the_logarithm_of_the_number_of_examples():
    q_z = Gaussian(torch.tensor([[-4.0], [-1.0], [2.0], [5.0]]).double(), torch.full((4, 1), -4.0).double())
    assert mismatch_on_grid(q_z, points=2001).information == pytest.approx(math.log(4), abs=1e-6)


def test_the_estimate_is_unbiased_for_the_examples_at_hand():
    q_z, source = gaussians(), generator()
    noise = torch.randn(600, *q_z.mean.shape, generator=source).double()
    estimates = torch.tensor([aggregate_kl_estimate(q_z, q_z.sample(draw)) for draw in noise])
    error = estimates.std().item() / math.sqrt(600)
    assert abs(estimates.mean().item() - mismatch_on_grid(q_z).kl) < 4 * error


def test_a_batch_encloses_the_kl_of_the_population():
    # q(z | x) = N(m, 0.1 I) with m from N(0, 0.9 I): q(z) of the population is the prior, its KL is 0.
    source, log_var = generator(), torch.full((20, 2), math.log(0.1)).double()
    own, others = [], []
    for _ in range(200):
        mean, other = math.sqrt(0.9) * torch.randn(2, 20, 2, generator=source).double()
        noise = torch.randn(20, 2, generator=source).double()
        q_z = Gaussian(mean, log_var)
        own.append(aggregate_kl_estimate(q_z, q_z.sample(noise)))
        others.append(aggregate_kl_estimate(q_z, Gaussian(other, log_var).sample(noise)))
    assert sum(own) / 200 > 0.3
    assert sum(others) / 200 < -0.3


def test_the_mmd_by_draws():
    q_z = gaussians()
    torch.manual_seed(0)
    z, y = mixture(q_z).sample((400, 50)), torch.randn(400, 50, 2).double()
    drawn = mmd_unbiased(rbf_kernel(z, z, 1.1), rbf_kernel(y, y, 1.1), rbf_kernel(z, y, 1.1))
    assert abs(aggregate_mmd(q_z, 1.1) - drawn.mean().item()) < 4 * drawn.std().item() / math.sqrt(400)


def test_the_median_heuristic_by_scipys_distances():
    pooled = normal(11, 3)  # 55 pairs: one is in the middle
    assert median_distance(pooled[:7], pooled[7:]) == pytest.approx(np.median(pdist(pooled)))
    assert median_distance(3 * pooled[:7], 3 * pooled[7:]) == pytest.approx(3 * np.median(pdist(pooled)))
