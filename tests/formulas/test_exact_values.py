"""Exact oracles: the linear-Gaussian model, whose log p(x) is known; values by hand; inequalities."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal, Normal, kl_divergence

from hvae_lessons.formulas import (
    bounds,
    discrete_divergences,
    distributions,
    divergences,
    entropies,
    gaussian_products,
)
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.measures import log_px
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo, reconstruction
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.trace import Gaussian, Layer, Trace

SAMPLES = 40_000


def linear_gaussian(data_dim=4, latent_dim=2, dtype=torch.float64, seed=3):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(data_dim, latent_dim, generator=generator, dtype=dtype)
    bias = torch.randn(data_dim, generator=generator, dtype=dtype)
    model = LinearGaussian(weight, bias, torch.tensor(-0.4, dtype=dtype))
    return model, torch.randn(5, data_dim, generator=generator, dtype=dtype), generator


def trace_of(model, x, q, noise):
    """The Trace that a VAE with this linear decoder returns."""
    z = q.sample(noise)
    p_x = Gaussian(z @ model.weight.T + model.bias, model.noise_log_var.expand(len(model.weight)))
    return Trace(p_x.log_prob(x), (Layer(z, q, Gaussian.standard_like(q)),))


@pytest.mark.parametrize(("data_dim", "latent_dim"), [(1, 1), (4, 2), (2, 3), (3, 1)])
def test_marginal_is_that_of_torch(data_dim, latent_dim):
    model, x, _ = linear_gaussian(data_dim, latent_dim)
    noise = model.noise_log_var.exp().expand(data_dim)
    torch.testing.assert_close(
        model.log_px(x), LowRankMultivariateNormal(model.bias, model.weight, noise).log_prob(x)
    )
    covariance = model.weight @ model.weight.T + torch.diag(noise)
    torch.testing.assert_close(model.log_px(x), MultivariateNormal(model.bias, covariance).log_prob(x))


@pytest.mark.parametrize(("data_dim", "latent_dim"), [(1, 1), (4, 2), (2, 3)])
def test_posterior_is_bayes_rule(data_dim, latent_dim):
    model, x, generator = linear_gaussian(data_dim, latent_dim)
    mean, scale_tril = model.posterior(x)
    z = torch.randn(len(x), latent_dim, generator=generator, dtype=x.dtype)
    noise = torch.exp(0.5 * model.noise_log_var)
    likelihood = Normal(z @ model.weight.T + model.bias, noise).log_prob(x).sum(-1)
    joint = likelihood + Normal(0.0, 1.0).log_prob(z).sum(-1)
    torch.testing.assert_close(
        MultivariateNormal(mean, scale_tril=scale_tril).log_prob(z), joint - model.log_px(x)
    )


@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 10_000),
)
@settings(max_examples=25, deadline=None)
def test_bound_and_gap_add_up_to_the_evidence(data_dim, latent_dim, seed):
    model, x, generator = linear_gaussian(data_dim, latent_dim, seed=seed)
    mean = torch.randn(5, latent_dim, generator=generator, dtype=x.dtype)
    log_var = torch.randn(5, latent_dim, generator=generator, dtype=x.dtype)
    gap = model.gap(x, mean, log_var)
    assert torch.all(gap >= -1e-9)
    torch.testing.assert_close(model.elbo(x, mean, log_var) + gap, model.log_px(x))


def test_bound_is_tight_at_the_posterior():
    model, x, _ = linear_gaussian(latent_dim=1)
    mean, scale_tril = model.posterior(x)
    log_var = 2 * scale_tril[..., 0].log().expand_as(mean)
    torch.testing.assert_close(model.gap(x, mean, log_var), torch.zeros(5, dtype=x.dtype))
    torch.testing.assert_close(model.elbo(x, mean, log_var), model.log_px(x))


@pytest.mark.parametrize(
    ("objective", "beta"),
    [(elbo, 1.0), (lambda trace: beta_elbo(trace, 0.3), 0.3), (reconstruction, 0.0)],
    ids=["elbo", "beta-elbo", "reconstruction"],
)
def test_objectives_have_the_exact_mean(objective, beta):
    model, x, generator = linear_gaussian()
    q = Gaussian(*torch.randn(2, 5, 2, generator=generator, dtype=x.dtype))
    noise = torch.randn(SAMPLES, 5, 2, generator=generator, dtype=x.dtype)
    values = objective(trace_of(model, x, q, noise))
    kl = kl_divergence(Normal(q.mean, torch.exp(0.5 * q.log_var)), Normal(0.0, 1.0)).sum(-1)
    exact = model.elbo(x, *q) + (1 - beta) * kl
    assert torch.all((values.mean(0) - exact).abs() <= 5 * values.std(0) / math.sqrt(SAMPLES))


def test_importance_weights_close_the_gap():
    model, x, generator = linear_gaussian()
    posterior_mean, _ = model.posterior(x)
    q = Gaussian(posterior_mean + 0.3, torch.zeros_like(posterior_mean))
    noise = torch.randn(SAMPLES, 5, 2, generator=generator, dtype=x.dtype)
    log_weight = trace_of(model, x, q, noise).log_weight
    estimates = [
        bounds.importance_weighted_bound(log_weight.view(k, SAMPLES // k, 5)).mean(0)
        for k in (1, 4, 40, SAMPLES)
    ]
    errors = torch.stack([model.log_px(x) - estimate for estimate in estimates])
    assert torch.all(errors[:-1] > errors[1:])
    assert torch.all(errors[0] > 0.1)
    assert torch.all(errors[-1].abs() < 0.03)


def test_weights_of_the_exact_posterior_are_all_the_evidence():
    model, x, generator = linear_gaussian(latent_dim=1)
    mean, scale_tril = model.posterior(x)
    q = Gaussian(mean, 2 * scale_tril[..., 0].log().expand_as(mean))
    log_weight = trace_of(model, x, q, torch.randn(7, 5, 1, generator=generator, dtype=x.dtype)).log_weight
    torch.testing.assert_close(log_weight, model.log_px(x).expand(7, 5))
    torch.testing.assert_close(bounds.importance_weighted_bound(log_weight), model.log_px(x))


def test_estimate_of_a_linear_vae_is_its_exact_evidence():
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(data_dim=3, latent_dim=1, hidden=(), likelihood="gaussian"), generator)
    x = torch.randn(6, 3, generator=generator)
    exact = LinearGaussian.from_vae(model).log_px(x)
    estimate = log_px.log_px_estimate(model, x, samples=20_000, generator=generator, chunk=4)
    torch.testing.assert_close(estimate, exact, atol=0.03, rtol=0)


HALF_LOG_2PI = 0.9189385332046727
BY_HAND = {
    "KL of N(1, 1) to N(0, 1)": (divergences.kl_standard_gaussian, ([1.0], [0.0]), 0.5),
    "KL of N(0, 4) to N(0, 1)": (divergences.kl_standard_gaussian, ([0.0], [math.log(4)]), 1.5 - math.log(2)),
    "KL of N(0, 2) to N(0, 1)": (
        divergences.kl_gaussian,
        ([0.0], [math.log(2)], [0.0], [0.0]),
        0.5 * (1 - math.log(2)),
    ),
    "KL adds up over coordinates": (divergences.kl_standard_gaussian, ([1.0, 2.0], [0.0, 0.0]), 2.5),
    "residual KL of a shift by 3 sigma": (
        divergences.kl_gaussian_residual,
        ([6.0], [0.0], [math.log(4)]),
        4.5,
    ),
    "KL of a shift by L": (
        divergences.kl_gaussian_full,
        ([2.0, 1.0], [[2.0, 0.0], [1.0, 1.0]], [0.0, 0.0], [[2.0, 0.0], [1.0, 1.0]]),
        0.5,
    ),
    "KL of (3/4, 1/4) to the uniform": (
        discrete_divergences.kl_categorical_uniform,
        ([math.log(3), 0.0],),
        0.75 * math.log(3) - math.log(2),
    ),
    "KL of (1/2, 1/2) to (3/4, 1/4)": (
        discrete_divergences.kl_categorical,
        ([0.0, 0.0], [math.log(3), 0.0]),
        0.5 * math.log(4 / 3),
    ),
    "peak of N(0, I) in two dimensions": (
        distributions.standard_gaussian_log_prob,
        ([0.0, 0.0],),
        -2 * HALF_LOG_2PI,
    ),
    "one sigma from the mean": (
        distributions.gaussian_log_prob,
        ([3.0], [1.0], [math.log(4)]),
        -HALF_LOG_2PI - math.log(2) - 0.5,
    ),
    "full Gaussian one L from the mean": (
        distributions.gaussian_full_log_prob,
        ([2.0, 1.0], [0.0, 0.0], [[2.0, 0.0], [1.0, 3.0]]),
        -2 * HALF_LOG_2PI - 0.5 - math.log(6),
    ),
    "a fair coin": (distributions.bernoulli_log_prob, ([1.0], [0.0]), -math.log(2)),
    "a coin of 3 to 1": (distributions.bernoulli_log_prob, ([0.0], [math.log(3)]), -math.log(4)),
    "entropy of N(0, 1)": (entropies.gaussian_entropy, ([0.0],), HALF_LOG_2PI + 0.5),
    "entropy of a full Gaussian": (
        entropies.gaussian_full_entropy,
        ([[2.0, 0.0], [1.0, 3.0]],),
        2 * HALF_LOG_2PI + 1 + math.log(6),
    ),
    "entropy of two fair coins": (entropies.bernoulli_entropy, ([0.0, 0.0],), 2 * math.log(2)),
    "entropy of a fair die": (entropies.categorical_entropy, ([0.0] * 6,), math.log(6)),
    "two weights, 1 and 3": (bounds.importance_weighted_bound, ([0.0, math.log(3)],), math.log(2)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_value_by_hand(name):
    formula, arguments, expected = BY_HAND[name]
    value = formula(*(torch.tensor(argument, dtype=torch.float64) for argument in arguments))
    assert value.item() == pytest.approx(expected, abs=1e-12)


def test_product_of_gaussians_by_hand():
    """N(0, 1) and N(3, 1/2): precisions 1 and 2 add to 3, the mean is (0 + 2 * 3) / 3."""
    numbers = ([0.0], [0.0], [3.0], [-math.log(2)])
    mean, log_var = gaussian_products.gaussian_product(
        *(torch.tensor(n, dtype=torch.float64) for n in numbers)
    )
    assert mean.item() == pytest.approx(2.0, abs=1e-12)
    assert log_var.item() == pytest.approx(-math.log(3), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("certain", [-1000.0, -80.0, 0.0, 80.0])
@pytest.mark.parametrize("further", [80.0, 500.0])
def test_product_of_gaussians_with_extreme_variances(certain, further, dtype):
    """The certain factor is all there is, in either order, and so it is for the gradient."""
    numbers = (1.0, certain, 2.0, certain + further)
    parts = [torch.tensor([number], dtype=dtype, requires_grad=True) for number in numbers]
    for order in ((0, 1, 2, 3), (2, 3, 0, 1)):
        mean, log_var = gaussian_products.gaussian_product(*(parts[i] for i in order))
        assert mean.item() == pytest.approx(1.0)
        assert log_var.item() == pytest.approx(certain)
        gradient = torch.autograd.grad((mean + log_var).sum(), parts)
        assert [part.item() for part in gradient] == pytest.approx([1.0, 1.0, 0.0, 0.0], abs=1e-30)


def test_a_small_share_of_a_large_mean_counts():
    mean, _ = gaussian_products.gaussian_product(
        *(torch.tensor([n]) for n in (0.0, 0.0, 1e12, 20 * math.log(10)))
    )
    assert mean.item() == pytest.approx(1e-8)


@given(st.lists(st.tuples(*(st.floats(-30, 30) for _ in range(6))), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_products_of_gaussians_may_be_taken_in_any_order(rows):
    a, v_a, b, v_b, c, v_c = torch.tensor(rows, dtype=torch.float64).T
    left = gaussian_products.gaussian_product(*gaussian_products.gaussian_product(a, v_a, b, v_b), c, v_c)
    right = gaussian_products.gaussian_product(a, v_a, *gaussian_products.gaussian_product(b, v_b, c, v_c))
    torch.testing.assert_close(left, right)
    assert (left[1] <= torch.minimum(torch.minimum(v_a, v_b), v_c)).all()


def test_class_probability_by_hand():
    logits = torch.tensor([math.log(3), 0.0], dtype=torch.float64)
    log_prob = distributions.categorical_log_prob(torch.tensor(0), logits)
    assert log_prob.item() == pytest.approx(math.log(0.75), abs=1e-12)


coordinates = st.lists(st.floats(-3, 3), min_size=4, max_size=4)


@given(st.lists(coordinates, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_gaussian_kl_is_a_divergence(rows):
    mean_q, log_var_q, mean_p, log_var_p = torch.tensor(rows, dtype=torch.float64).T
    kl = divergences.kl_gaussian(mean_q, log_var_q, mean_p, log_var_p)
    distance = ((mean_q - mean_p) ** 2).sum() + ((log_var_q - log_var_p) ** 2).sum()
    assert kl >= -1e-12
    # Zero at equality alone: on this box the worst ratio is e^-3 / 2 = 0.0249, for a shift at log_var_p = 3.
    assert kl >= 0.0248 * distance - 1e-9
    assert divergences.kl_gaussian(mean_q, log_var_q, mean_q, log_var_q).abs() < 1e-12


@given(st.lists(coordinates, min_size=2, max_size=5), st.data())
@settings(max_examples=30, deadline=None)
def test_gaussian_kl_adds_up(rows, data):
    parts = torch.tensor(rows, dtype=torch.float64).T
    cut = data.draw(st.integers(1, len(rows) - 1))
    split = divergences.kl_gaussian(*parts[:, :cut]) + divergences.kl_gaussian(*parts[:, cut:])
    torch.testing.assert_close(divergences.kl_gaussian(*parts), split)


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_categorical_kl_is_a_divergence(pairs):
    logits_q, logits_p = torch.tensor(pairs, dtype=torch.float64).T
    kl = discrete_divergences.kl_categorical(logits_q, logits_p)
    total_variation = 0.5 * (torch.softmax(logits_q, -1) - torch.softmax(logits_p, -1)).abs().sum()
    assert kl >= 2 * total_variation**2 - 1e-12  # Pinsker's inequality
    assert discrete_divergences.kl_categorical(logits_q, logits_q + 3).abs() < 1e-12


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_discrete_entropies_stay_in_range(logits):
    logits = torch.tensor(logits, dtype=torch.float64)
    entropy = entropies.categorical_entropy(logits)
    assert -1e-12 <= entropy <= math.log(len(logits)) + 1e-12
    assert -1e-12 <= entropies.bernoulli_entropy(logits) <= len(logits) * math.log(2) + 1e-12


@given(st.lists(st.floats(-300, 300), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_importance_weighted_bound_lies_between_mean_and_maximum(log_weight):
    log_weight = torch.tensor(log_weight, dtype=torch.float64)
    bound = bounds.importance_weighted_bound(log_weight)
    assert log_weight.mean() - 1e-9 <= bound <= log_weight.max() + 1e-9


def test_standard_noise_has_the_moments_of_the_standard_gaussian():
    noise = standard_noise((200, 1000), torch.zeros(1), torch.Generator().manual_seed(0))
    moments = [(noise**power).mean().item() for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=0.04)
    assert torch.cov(noise.T[:3]).fill_diagonal_(0).abs().max() < 0.3  # of 200 draws each
