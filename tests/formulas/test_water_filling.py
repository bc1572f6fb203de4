"""The linear VAE's curve against optimizers that know nothing of it, and against probabilistic PCA."""

import math

import pytest
import torch
from random_data import generator
from torch.distributions import MultivariateNormal

from hvae_lessons.formulas.water_filling import linear_vae_optimum, water_filling

NOISE = 0.3
VARIANCES = torch.tensor([2.0, 0.9, 0.4, 0.1], dtype=torch.float64)


def best_by_search(covariance, beta, latent_dim, seed):
    """Rate and distortion where L-BFGS ends, over linear encoders and decoders of all shapes."""
    size, start = len(covariance), generator(seed)
    encoder, decoder, log_var = (
        (0.5 * torch.randn(shape, generator=start, dtype=torch.float64)).requires_grad_()
        for shape in ((latent_dim, size), (size, latent_dim), (latent_dim,))
    )
    search = torch.optim.LBFGS(
        [encoder, decoder, log_var], max_iter=2000, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def terms():
        left = torch.eye(size, dtype=torch.float64) - decoder @ encoder
        error = (left @ covariance @ left.T).trace() + ((decoder**2).sum(0) * log_var.exp()).sum()
        spread = ((encoder @ covariance) * encoder).sum(-1) + log_var.exp()
        rate = 0.5 * (spread - 1 - log_var).sum()
        return rate, 0.5 * error / NOISE + 0.5 * size * math.log(2 * math.pi * NOISE)

    def loss():
        search.zero_grad()
        rate, distortion = terms()
        value = distortion + beta * rate
        value.backward()
        return value

    search.step(loss)
    return tuple(term.item() for term in terms())


@pytest.mark.parametrize(("beta", "latent_dim"), [(0.2, 4), (1.0, 4), (2.0, 3), (0.5, 2), (8.0, 2)])
def test_no_search_ends_below_the_curve_and_one_ends_on_it(beta, latent_dim):
    axes = torch.linalg.qr(torch.randn(4, 4, generator=generator(1), dtype=torch.float64)).Q
    covariance = axes @ torch.diag(VARIANCES) @ axes.T
    rate, distortion = (term.item() for term in linear_vae_optimum(VARIANCES, NOISE, beta, latent_dim))
    ends = [best_by_search(covariance, beta, latent_dim, seed) for seed in range(3)]
    values = [found_distortion + beta * found_rate for found_rate, found_distortion in ends]
    assert min(values) == pytest.approx(distortion + beta * rate, abs=1e-7)
    assert ends[values.index(min(values))] == pytest.approx((rate, distortion), abs=1e-4)


def test_at_beta_1_the_bound_is_the_likelihood_of_probabilistic_pca():
    """Eight points whose covariance is diagonal, under N(0, C) with C at its maximum of the likelihood."""
    x = torch.cat([torch.diag((4 * VARIANCES).sqrt()), -torch.diag((4 * VARIANCES).sqrt())])
    in_model = torch.tensor([2.0, 0.9, NOISE, NOISE], dtype=torch.float64)
    expected = -MultivariateNormal(torch.zeros_like(VARIANCES), torch.diag(in_model)).log_prob(x).mean()
    rate, distortion = linear_vae_optimum(VARIANCES, NOISE, 1.0, 2)
    torch.testing.assert_close(rate + distortion, expected)


@pytest.mark.parametrize(("level", "dead"), [(0.05, 0), (0.1, 1), (0.41, 2), (0.9, 3), (5.0, 4)])
def test_a_direction_dies_at_its_variance(level, dead):
    rate, error = water_filling(VARIANCES, level)
    assert (rate == 0).sum() == dead
    assert error.tolist() == pytest.approx([min(v, level) for v in VARIANCES.tolist()], rel=1e-12)


def test_a_pixel_that_never_changes_costs_nothing_and_has_no_error():
    rate, error = water_filling(torch.tensor([0.0, 1.0]), 0.5)
    assert rate.tolist() == pytest.approx([0, 0.5 * math.log(2)])
    assert error.tolist() == pytest.approx([0, 0.5])


def test_one_nat_divides_the_error_by_e_squared():
    rate, error = water_filling(torch.tensor([1.0], dtype=torch.float64), math.exp(-2))
    assert (rate.item(), error.item()) == pytest.approx((1.0, math.exp(-2)))
