"""The linear-Gaussian oracle, against torch.distributions and against what is trained."""

import pytest
import torch
from random_data import generator

from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.training import fit

LINEAR = VAEConfig(data_dim=5, latent_dim=2, hidden=(), likelihood="gaussian")


def correlated(count, seed=0):
    noise = torch.randn(count, 2, generator=generator(seed))
    return noise @ torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5], [0.0, 1.0, 1.5, 0.5, -1.0]]) + 0.3 * torch.randn(
        count, 5, generator=generator(seed + 1)
    )


def test_linear_gaussian_against_torch_distributions():
    g = generator(5)
    weight, bias = torch.randn(4, 2, generator=g), torch.randn(4, generator=g)
    oracle = LinearGaussian(weight, bias, torch.tensor(-0.5))
    x = torch.randn(6, 4, generator=g)
    noise_var = torch.exp(torch.tensor(-0.5))
    marginal = torch.distributions.LowRankMultivariateNormal(bias, weight, noise_var.expand(4))
    assert torch.allclose(oracle.log_px(x), marginal.log_prob(x), atol=1e-4)

    # The posterior by conditioning the joint Gaussian of (z, x), a route the class does not take.
    mean, scale_tril = oracle.posterior(x)
    gain = weight.T @ torch.linalg.inv(marginal.covariance_matrix)
    assert torch.allclose(mean, (x - bias) @ gain.T, atol=1e-5)
    assert torch.allclose(scale_tril @ scale_tril.T, torch.eye(2) - gain @ weight, atol=1e-5)


def test_linear_gaussian_elbo_plus_gap_is_log_px_and_the_trace_agrees():
    model = VAE(LINEAR, generator())
    oracle, x = LinearGaussian.from_vae(model), correlated(6)
    with torch.no_grad():
        q_z = model.encode(x)
        bound, gap = oracle.elbo(x, *q_z), oracle.gap(x, *q_z)
        sampled = elbo(model(x, generator=generator(1), samples=20_000))
    assert (gap > 0).all()
    assert torch.allclose(bound + gap, oracle.log_px(x), atol=1e-4)
    error = sampled.std(0) / 20_000**0.5
    assert ((sampled.mean(0) - bound).abs() < 5 * error).all()


def test_training_reaches_the_exact_likelihood_when_the_posterior_can_be_diagonal():
    # One latent coordinate: the encoder can express the exact posterior.
    g = generator(2)
    x = torch.randn(2000, 1, generator=g) @ torch.tensor([[1.0, -0.5, 2.0]]) + 0.5 * torch.randn(
        2000, 3, generator=g
    )
    model = VAE(VAEConfig(data_dim=3, latent_dim=1, hidden=(), likelihood="gaussian"), g)
    fit(model, x, epochs=60, batch_size=100, learning_rate=0.02, generator=g, progress=False)
    fit(model, x, epochs=30, batch_size=500, learning_rate=0.001, generator=g, progress=False)
    oracle = LinearGaussian.from_vae(model)
    with torch.no_grad():
        gap = oracle.gap(x, *model.encode(x))
    assert gap.mean() < 1e-3
    sample_covariance = torch.cov(x.T)
    best = torch.distributions.MultivariateNormal(x.mean(0), sample_covariance).log_prob(x).mean()
    assert (best - oracle.log_px(x).mean()).abs() < 0.01


def test_importance_weighting_converges_to_the_exact_likelihood():
    model = VAE(LINEAR, generator())
    x = correlated(8)
    exact = LinearGaussian.from_vae(model).log_px(x).mean()
    few, many = (log_px_estimate(model, x, k, generator(1)).mean() for k in (5, 5000))
    assert few < exact
    assert (many - exact).abs() < 0.05


def test_linear_gaussian_refuses_a_vae_that_is_not_linear():
    with pytest.raises(ValueError, match="model: expected"):
        LinearGaussian.from_vae(VAE(VAEConfig(data_dim=12, latent_dim=3, hidden=(8, 6)), generator()))
