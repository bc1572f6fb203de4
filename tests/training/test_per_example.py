"""Posterior families and their fit, against torch.distributions, Jacobians by autograd and exact log p(x)."""

import math

import pytest
import torch

from hvae_lessons.formulas.distributions import gaussian_log_prob, standard_gaussian_log_prob
from hvae_lessons.models.parts.families import AutoregressiveFlow, DiagonalGaussian, FullGaussian
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.training.per_example import estimate_elbo, fit_posterior


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def oracle():
    """A model whose posterior is correlated, an observation, and log p(x, z)."""
    model = LinearGaussian(
        torch.tensor([[1.0, 0.9], [0.8, 1.0], [1.0, 1.0]]), torch.zeros(3), torch.tensor(0.5).log()
    )
    x = torch.tensor([[1.0, 0.5, 1.2]])

    def log_joint(z):
        likelihood = gaussian_log_prob(x, z @ model.weight.T, model.noise_log_var.expand(3))
        return standard_gaussian_log_prob(z) + likelihood

    return model, x, log_joint


def shaken(posterior, seed=1):
    """The family with other parameters than those it starts with."""
    generator = seeded(seed)
    with torch.no_grad():
        for parameter in posterior.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=generator)
    return posterior


def test_diagonal_density_is_that_of_torch():
    q = shaken(DiagonalGaussian(3))
    z, log_q = q(torch.randn(5, 3, generator=seeded()))
    expected = torch.distributions.Normal(q.mean, (0.5 * q.log_var).exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(log_q, expected)


def test_full_density_is_that_of_torch():
    q = shaken(FullGaussian(3))
    z, log_q = q(torch.randn(5, 3, generator=seeded()))
    expected = torch.distributions.MultivariateNormal(q.mean, scale_tril=q.scale_tril).log_prob(z)
    torch.testing.assert_close(log_q, expected)


@pytest.mark.parametrize("size", [2, 4])
def test_flow_density_follows_from_the_jacobian(size):
    q = shaken(AutoregressiveFlow(size, 3, seeded()))
    noise = torch.randn(20, size, generator=seeded())
    jacobian = torch.func.vmap(torch.func.jacrev(lambda e: q(e)[0]))(noise)
    expected = standard_gaussian_log_prob(noise) - torch.linalg.slogdet(jacobian).logabsdet
    torch.testing.assert_close(q(noise)[1], expected, rtol=1e-4, atol=1e-4)


def test_flow_density_integrates_to_one():
    q = shaken(AutoregressiveFlow(2, 2, seeded()))
    line = torch.linspace(-6, 6, 401)
    with torch.no_grad():
        z, log_q = q(torch.stack(torch.meshgrid(line, line, indexing="xy"), -1))
    # Area of each cell of the deformed grid, by the cross product of its diagonals.
    first, second = z[1:, 1:] - z[:-1, :-1], z[1:, :-1] - z[:-1, 1:]
    area = 0.5 * (first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]).abs()
    height = log_q.exp()
    corners = (height[1:, 1:] + height[:-1, :-1] + height[1:, :-1] + height[:-1, 1:]) / 4
    assert math.isclose((area * corners).sum().item(), 1, abs_tol=2e-3)


def test_full_family_reaches_log_px(oracle):
    model, x, log_joint = oracle
    q = FullGaussian(2)
    history = fit_posterior(q, log_joint, size=2, steps=600, generator=seeded())
    bound = estimate_elbo(q, log_joint, size=2, samples=2000, generator=seeded())
    assert history.shape == (600,)
    assert abs(bound.mean - model.log_px(x).item()) < 0.01
    mean, scale_tril = model.posterior(x)
    torch.testing.assert_close(q.mean, mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(q.scale_tril @ q.scale_tril.T, scale_tril @ scale_tril.T, atol=0.02, rtol=0)


def test_diagonal_family_keeps_the_gap_of_the_correlation(oracle):
    model, x, log_joint = oracle
    q = DiagonalGaussian(2)
    fit_posterior(q, log_joint, size=2, steps=600, generator=seeded())
    _, scale_tril = model.posterior(x)
    precision = torch.linalg.inv(scale_tril @ scale_tril.T)
    best = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision)).item()
    assert abs(model.gap(x, q.mean[None], q.log_var[None]).item() - best) < 0.01


def test_estimate_and_its_standard_error():
    q = DiagonalGaussian(1)
    # log p - log q = z under N(0, 1): mean 0, variance 1.
    estimate = estimate_elbo(
        q, lambda z: standard_gaussian_log_prob(z) + z.sum(-1), size=1, samples=10_000, generator=seeded()
    )
    assert abs(estimate.mean) < 0.04
    assert math.isclose(estimate.standard_error, 0.01, rel_tol=0.05)


def test_the_history_is_the_estimate_of_every_step(oracle):
    """With next to no learning rate q stays as it is: each entry is an estimate from the next noise."""
    q, replayed = shaken(FullGaussian(2)), seeded(3)
    expected = [estimate_elbo(q, oracle[2], size=2, samples=16, generator=replayed).mean for _ in range(4)]
    history = fit_posterior(
        q, oracle[2], size=2, steps=4, samples=16, learning_rate=1e-9, generator=seeded(3)
    )
    assert history == pytest.approx(expected, rel=1e-5)


def test_the_last_of_the_history_is_the_estimate_of_what_was_fitted(oracle):
    """The learning rate has fallen to next to nothing: the last step changes no digit that counts."""
    q, steps, replayed = DiagonalGaussian(2), 200, seeded(4)
    history = fit_posterior(q, oracle[2], size=2, steps=steps, samples=8, generator=seeded(4))
    for _ in range(steps - 1):
        torch.randn(8, 2, generator=replayed)
    last = estimate_elbo(q, oracle[2], size=2, samples=8, generator=replayed).mean
    assert history[-1] == pytest.approx(last, abs=1e-4)


def test_same_seed_same_fit(oracle):
    first, second = (
        fit_posterior(DiagonalGaussian(2), oracle[2], size=2, steps=5, generator=seeded(3)) for _ in range(2)
    )
    assert (first == second).all()


def test_refusals(oracle):
    q = DiagonalGaussian(2)
    with pytest.raises(ValueError, match=r"log_joint: expected values of shape \(8,\)"):
        fit_posterior(q, lambda z: z, size=2, samples=8, steps=1)
    with pytest.raises(ValueError, match="log_joint: expected a finite ELBO, got nan at step 0"):
        fit_posterior(q, lambda z: z.sum(-1) * torch.nan, size=2, steps=1)
    with pytest.raises(ValueError, match="samples: expected 2 or more"):
        estimate_elbo(q, oracle[2], size=2, samples=1)
    with pytest.raises(ValueError, match="noise"):
        fit_posterior(q, oracle[2], size=3, steps=1)
