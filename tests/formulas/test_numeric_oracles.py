"""Numeric oracles: every closed form against torch.distributions and against Monte Carlo.

A case draws random parameters and returns what the package computes beside what something else computes.
Cases are collected in two tables; each table is run by one test. A case of the second table returns a closed
form [...] and samples [SAMPLES, ...] whose mean it must be. The third oracle is in test_exact_values.py.
"""

import math

import pytest
import torch
from torch.distributions import (
    Bernoulli,
    Categorical,
    Gumbel,
    Independent,
    MultivariateNormal,
    Normal,
    RelaxedOneHotCategorical,
    kl_divergence,
)

from hvae_lessons.formulas import (
    bounds,
    discrete_divergences,
    discrete_samples,
    distributions,
    divergences,
    entropies,
    gaussian_products,
    gradients,
)
from hvae_lessons.formulas import reparameterizations as noise_to_sample

SAMPLES = 40_000
AGAINST_TORCH, AGAINST_MONTE_CARLO = [], []


def against_torch(case):
    AGAINST_TORCH.append(case)
    return case


def against_monte_carlo(case):
    AGAINST_MONTE_CARLO.append(case)
    return case


class Draw:
    """Random parameters of one dtype and batch shape from a fixed seed."""

    def __init__(self, batch, dtype, event=3):
        self.batch, self.dtype, self.event = batch, dtype, event
        self.generator = torch.Generator().manual_seed(7)

    def real(self, *event):
        shape = (*self.batch, *(event or (self.event,)))
        return torch.randn(shape, generator=self.generator, dtype=self.dtype)

    def tril(self):
        lower = self.real(self.event, self.event).tril(-1)
        return lower + torch.diag_embed(0.5 + self.real().abs())

    def noise(self, *event):
        """Standard Gaussian noise with a sample dimension in front."""
        shape = (SAMPLES, *self.batch, *(event or (self.event,)))
        return torch.randn(shape, generator=self.generator, dtype=self.dtype)

    def gumbel(self):
        # Inverse CDF of uniform draws: not the construction that the package uses.
        shape = (SAMPLES, *self.batch, self.event)
        uniform = torch.rand(shape, generator=self.generator, dtype=self.dtype).clamp_min(1e-12)
        return Gumbel(torch.zeros((), dtype=self.dtype), 1.0).icdf(uniform)

    def outcomes(self, distribution):
        """Draws of a torch distribution over few outcomes, from this generator."""
        uniform = torch.rand((SAMPLES, *distribution.batch_shape, 1), generator=self.generator)
        return (distribution.probs.cumsum(-1)[..., :-1] < uniform).sum(-1)


def diagonal(mean, log_var):
    return Independent(Normal(mean, torch.exp(0.5 * log_var)), 1)


def full(mean, scale_tril):
    return MultivariateNormal(mean, scale_tril=scale_tril)


@against_torch
def gaussian_density(draw):
    z, mean, log_var = draw.real(), draw.real(), draw.real()
    return distributions.gaussian_log_prob(z, mean, log_var), diagonal(mean, log_var).log_prob(z)


@against_torch
def standard_gaussian_density(draw):
    z = draw.real()
    return distributions.standard_gaussian_log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(-1)


@against_torch
def full_gaussian_density(draw):
    z, mean, scale_tril = draw.real(), draw.real(), draw.tril()
    return distributions.gaussian_full_log_prob(z, mean, scale_tril), full(mean, scale_tril).log_prob(z)


@against_torch
def full_gaussian_density_of_several_factors(draw):
    """Two stacks of factors, which z and the mean lack."""
    z, mean = draw.real(), draw.real()
    scale_tril = torch.stack([draw.tril(), draw.tril()])
    return distributions.gaussian_full_log_prob(z, mean, scale_tril), full(mean, scale_tril).log_prob(z)


@against_torch
def bernoulli_mass(draw):
    logits = 5 * draw.real()
    x = (draw.real() > 0).to(logits.dtype)
    reference = Independent(Bernoulli(logits=logits), 1)
    return distributions.bernoulli_log_prob(x, logits), reference.log_prob(x)


@against_torch
def categorical_mass(draw):
    logits = 5 * draw.real()
    y = draw.real().argmax(-1)
    return distributions.categorical_log_prob(y, logits), Categorical(logits=logits).log_prob(y)


@against_torch
def gaussian_entropy(draw):
    log_var = draw.real()
    return entropies.gaussian_entropy(log_var), diagonal(draw.real(), log_var).entropy()


@against_torch
def full_gaussian_entropy(draw):
    scale_tril = draw.tril()
    return entropies.gaussian_full_entropy(scale_tril), full(draw.real(), scale_tril).entropy()


@against_torch
def bernoulli_entropy(draw):
    logits = draw.real()
    reference = Independent(Bernoulli(logits=logits), 1)
    return entropies.bernoulli_entropy(logits), reference.entropy()


@against_torch
def categorical_entropy(draw):
    logits = draw.real()
    return entropies.categorical_entropy(logits), Categorical(logits=logits).entropy()


@against_torch
def gaussian_kl(draw):
    q, p = (draw.real(), draw.real()), (draw.real(), draw.real())
    return divergences.kl_gaussian(*q, *p), kl_divergence(diagonal(*q), diagonal(*p))


@against_torch
def gaussian_kl_per_dimension(draw):
    q, p = (draw.real(), draw.real()), (draw.real(), draw.real())
    reference = kl_divergence(diagonal(*q).base_dist, diagonal(*p).base_dist)
    return divergences.kl_gaussian_per_dimension(*q, *p), reference


@against_torch
def standard_gaussian_kl(draw):
    mean, log_var = draw.real(), draw.real()
    prior = diagonal(torch.zeros_like(mean), torch.zeros_like(mean))
    return divergences.kl_standard_gaussian(mean, log_var), kl_divergence(diagonal(mean, log_var), prior)


@against_torch
def full_gaussian_kl(draw):
    q, p = (draw.real(), draw.tril()), (draw.real(), draw.tril())
    return divergences.kl_gaussian_full(*q, *p), kl_divergence(full(*q), full(*p))


@against_torch
def residual_kl(draw):
    mean, log_var, delta_mean, delta_log_var = (draw.real() for _ in range(4))
    q = diagonal(mean + delta_mean, log_var + delta_log_var)
    reference = kl_divergence(q, diagonal(mean, log_var))
    return divergences.kl_gaussian_residual(delta_mean, delta_log_var, log_var), reference


@against_torch
def residual_kl_per_dimension(draw):
    mean, log_var, delta_mean, delta_log_var = (draw.real() for _ in range(4))
    q = diagonal(mean + delta_mean, log_var + delta_log_var).base_dist
    reference = kl_divergence(q, diagonal(mean, log_var).base_dist)
    return divergences.kl_gaussian_residual_per_dimension(delta_mean, delta_log_var, log_var), reference


@against_torch
def gaussian_product(draw):
    """Bayes' rule: prior times density of an observation of z, over the density of the observation."""
    prior, seen, log_var = (draw.real(), draw.real()), draw.real(), draw.real()
    z = draw.real()
    joint = diagonal(*prior).log_prob(z) + diagonal(z, log_var).log_prob(seen)
    evidence = diagonal(prior[0], torch.log(prior[1].exp() + log_var.exp())).log_prob(seen)
    return diagonal(*gaussian_products.gaussian_product(*prior, seen, log_var)).log_prob(z), joint - evidence


@against_torch
def categorical_kl(draw):
    q, p = draw.real(), draw.real()
    return discrete_divergences.kl_categorical(q, p), kl_divergence(
        Categorical(logits=q), Categorical(logits=p)
    )


@against_torch
def uniform_kl(draw):
    q = draw.real()
    uniform = Categorical(probs=torch.full_like(q, 1 / q.shape[-1]))
    return discrete_divergences.kl_categorical_uniform(q), kl_divergence(Categorical(logits=q), uniform)


@against_torch
def gaussian_sample(draw):
    mean, log_var, noise = draw.real(), draw.real(), draw.real()
    # The density of the sample is the density of the noise over the determinant of the map.
    density = Normal(0.0, 1.0).log_prob(noise).sum(-1) - 0.5 * log_var.sum(-1)
    sample = noise_to_sample.gaussian_sample(mean, log_var, noise)
    return diagonal(mean, log_var).log_prob(sample), density


@against_torch
def gaussian_full_sample(draw):
    mean, scale_tril, noise = draw.real(), draw.tril(), draw.real()
    density = Normal(0.0, 1.0).log_prob(noise).sum(-1) - torch.linalg.slogdet(scale_tril).logabsdet
    sample = noise_to_sample.gaussian_full_sample(mean, scale_tril, noise)
    return full(mean, scale_tril).log_prob(sample), density


@against_torch
def masked_scale_tril(draw):
    log_var, lower = draw.real(), draw.real(3, 3)
    scale_tril = noise_to_sample.masked_scale_tril(log_var, lower)
    covariance = scale_tril @ scale_tril.mT
    return scale_tril, torch.linalg.cholesky(covariance)


def autoregressive_step(z, weight):
    """An IAF step whose shift and gate at d see coordinates before d only."""
    before = torch.tril(weight, -1)
    return noise_to_sample.iaf_step(z, torch.tanh(z @ before.mT), 1 + torch.sin(z @ before.mT))


@against_torch
def iaf_step(draw):
    z, weight = draw.real(), torch.linspace(-1, 2, 9, dtype=draw.dtype).view(3, 3)
    jacobians = [
        torch.autograd.functional.jacobian(lambda row: autoregressive_step(row, weight)[0], row)
        for row in z.reshape(-1, 3)
    ]
    reference = torch.linalg.slogdet(torch.stack(jacobians)).logabsdet.reshape(draw.batch)
    return autoregressive_step(z, weight)[1], reference


@against_torch
def gumbel_softmax(draw):
    logits, uniform = draw.real(), torch.sigmoid(draw.real())
    noise = Gumbel(torch.zeros((), dtype=draw.dtype), 1.0).icdf(uniform)
    weights = discrete_samples.gumbel_softmax(logits, noise, 0.7)
    # torch keeps the same map in its own coordinates: log w up to a constant is (a + g) / tau.
    scores = (RelaxedOneHotCategorical(torch.tensor(0.7), logits=logits).logits + noise) / 0.7
    return weights, (scores - scores.logsumexp(-1, keepdim=True)).exp()


@against_torch
def gumbel_max(draw):
    logits, noise = draw.real(), draw.real()
    hard = discrete_samples.gumbel_max(logits, noise).to(draw.dtype)
    return hard, (logits + noise).max(-1).indices.to(draw.dtype)


@against_torch
def straight_through(draw):
    soft = torch.softmax(draw.real(), -1).requires_grad_()
    slope = draw.real()
    hard = discrete_samples.straight_through(soft)
    (hard * slope).sum().backward()
    exact = (soft == soft.max(-1, keepdim=True).values).to(draw.dtype)
    return torch.stack([hard.detach(), soft.grad]), torch.stack([exact, slope])


@against_torch
def importance_weighted_bound(draw):
    log_weight = torch.stack([draw.real(), draw.real(), draw.real(), draw.real()])
    return bounds.importance_weighted_bound(log_weight), log_weight.exp().mean(0).log()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (4,), (2, 4)], ids=["single", "batch", "samples-batch"])
@pytest.mark.parametrize("case", AGAINST_TORCH, ids=lambda case: case.__name__)
def test_agrees_with_torch(case, batch, dtype):
    ours, reference = case(Draw(batch, dtype))
    assert ours.dtype == dtype
    tolerance = 1e-4 if dtype == torch.float32 else 1e-9
    torch.testing.assert_close(ours, reference.to(dtype), rtol=tolerance, atol=tolerance)


def log_ratio(q, p, sample):
    return q.log_prob(sample) - p.log_prob(sample)


def mass_over_proposal(log_prob, proposal, z):
    """Integral of a density as the mean of density over proposal: 1 if it is normalized."""
    return torch.exp(log_prob - proposal.log_prob(z))


@against_monte_carlo
def gaussian_density_integrates_to_one(draw):
    mean, log_var = draw.real(), draw.real()
    wide = diagonal(mean, log_var + 0.5)
    z = mean + torch.exp(0.5 * log_var + 0.25) * draw.noise()
    log_prob = distributions.gaussian_log_prob(z, mean, log_var)
    return torch.ones(draw.batch), mass_over_proposal(log_prob, wide, z)


@against_monte_carlo
def standard_density_integrates_to_one(draw):
    z = 1.3 * draw.noise()
    log_prob = distributions.standard_gaussian_log_prob(z)
    wide = Independent(Normal(torch.zeros(3, dtype=draw.dtype), 1.3), 1)
    return torch.ones(draw.batch), mass_over_proposal(log_prob, wide, z)


@against_monte_carlo
def full_density_integrates_to_one(draw):
    mean, scale_tril = draw.real(), draw.tril()
    z = mean + 1.3 * (scale_tril @ draw.noise().unsqueeze(-1)).squeeze(-1)
    log_prob = distributions.gaussian_full_log_prob(z, mean, scale_tril)
    return torch.ones(draw.batch), mass_over_proposal(log_prob, full(mean, 1.3 * scale_tril), z)


@against_monte_carlo
def bernoulli_mass_sums_to_one(draw):
    logits = draw.real()
    x = torch.bernoulli(torch.full((SAMPLES, *logits.shape), 0.5), generator=draw.generator).to(draw.dtype)
    return torch.ones(draw.batch), 2**3 * distributions.bernoulli_log_prob(x, logits).exp()


@against_monte_carlo
def categorical_mass_sums_to_one(draw):
    logits = draw.real().expand(SAMPLES, *draw.batch, 3)
    y = torch.randint(3, (SAMPLES, *draw.batch), generator=draw.generator)
    return torch.ones(draw.batch), 3 * distributions.categorical_log_prob(y, logits).exp()


@against_monte_carlo
def gaussian_entropy_is_mean_surprise(draw):
    mean, log_var = draw.real(), draw.real()
    z = mean + torch.exp(0.5 * log_var) * draw.noise()
    return entropies.gaussian_entropy(log_var), -diagonal(mean, log_var).log_prob(z)


@against_monte_carlo
def full_entropy_is_mean_surprise(draw):
    mean, scale_tril = draw.real(), draw.tril()
    z = mean + (scale_tril @ draw.noise().unsqueeze(-1)).squeeze(-1)
    return entropies.gaussian_full_entropy(scale_tril), -full(mean, scale_tril).log_prob(z)


@against_monte_carlo
def bernoulli_entropy_is_mean_surprise(draw):
    reference = Bernoulli(logits=draw.real())
    probabilities = reference.probs.expand(SAMPLES, *draw.batch, 3)
    x = torch.bernoulli(probabilities, generator=draw.generator)
    return entropies.bernoulli_entropy(reference.logits), -reference.log_prob(x).sum(-1)


@against_monte_carlo
def categorical_entropy_is_mean_surprise(draw):
    reference = Categorical(logits=draw.real())
    return entropies.categorical_entropy(reference.logits), -reference.log_prob(draw.outcomes(reference))


@against_monte_carlo
def gaussian_kl_is_mean_log_ratio(draw):
    q, p = (draw.real(), draw.real()), (draw.real(), draw.real())
    z = q[0] + torch.exp(0.5 * q[1]) * draw.noise()
    return divergences.kl_gaussian(*q, *p), log_ratio(diagonal(*q), diagonal(*p), z)


@against_monte_carlo
def per_dimension_kl_is_mean_log_ratio(draw):
    q, p = (draw.real(), draw.real()), (draw.real(), draw.real())
    z = q[0] + torch.exp(0.5 * q[1]) * draw.noise()
    return (
        divergences.kl_gaussian_per_dimension(*q, *p),
        log_ratio(diagonal(*q).base_dist, diagonal(*p).base_dist, z),
    )


@against_monte_carlo
def standard_kl_is_mean_log_ratio(draw):
    q = (draw.real(), draw.real())
    z = q[0] + torch.exp(0.5 * q[1]) * draw.noise()
    prior = diagonal(torch.zeros_like(q[0]), torch.zeros_like(q[0]))
    return divergences.kl_standard_gaussian(*q), log_ratio(diagonal(*q), prior, z)


@against_monte_carlo
def full_kl_is_mean_log_ratio(draw):
    q, p = (draw.real(), draw.tril()), (draw.real(), draw.tril())
    z = q[0] + (q[1] @ draw.noise().unsqueeze(-1)).squeeze(-1)
    return divergences.kl_gaussian_full(*q, *p), log_ratio(full(*q), full(*p), z)


@against_monte_carlo
def residual_kl_is_mean_log_ratio(draw):
    mean, log_var, delta_mean, delta_log_var = (draw.real() for _ in range(4))
    q, p = (mean + delta_mean, log_var + delta_log_var), (mean, log_var)
    z = q[0] + torch.exp(0.5 * q[1]) * draw.noise()
    return (
        divergences.kl_gaussian_residual(delta_mean, delta_log_var, log_var),
        log_ratio(diagonal(*q), diagonal(*p), z),
    )


@against_monte_carlo
def residual_kl_per_dimension_is_mean_log_ratio(draw):
    mean, log_var, delta_mean, delta_log_var = (draw.real() for _ in range(4))
    q, p = (mean + delta_mean, log_var + delta_log_var), (mean, log_var)
    z = q[0] + torch.exp(0.5 * q[1]) * draw.noise()
    return (
        divergences.kl_gaussian_residual_per_dimension(delta_mean, delta_log_var, log_var),
        log_ratio(diagonal(*q).base_dist, diagonal(*p).base_dist, z),
    )


@against_monte_carlo
def gaussian_product_is_the_weighted_mean_of_one_factor(draw):
    """Draws of the first factor, weighted by the second: their mean is the product's mean."""
    first, second = (0.5 * draw.real(), 0.5 * draw.real()), (0.5 * draw.real(), 0.5 * draw.real())
    z = first[0] + torch.exp(0.5 * first[1]) * draw.noise()
    constant = Normal(second[0], (first[1].exp() + second[1].exp()).sqrt()).log_prob(first[0])
    weight = torch.exp(diagonal(*second).base_dist.log_prob(z) - constant)
    mean, log_var = gaussian_products.gaussian_product(*first, *second)
    moments = torch.stack([torch.ones_like(mean), mean, mean**2 + log_var.exp()])
    return moments, torch.stack([weight, weight * z, weight * z**2], 1)


@against_monte_carlo
def categorical_kl_is_mean_log_ratio(draw):
    q, p = Categorical(logits=draw.real()), Categorical(logits=draw.real())
    return discrete_divergences.kl_categorical(q.logits, p.logits), log_ratio(q, p, draw.outcomes(q))


@against_monte_carlo
def uniform_kl_is_mean_log_ratio(draw):
    q = Categorical(logits=draw.real())
    return discrete_divergences.kl_categorical_uniform(q.logits), q.log_prob(draw.outcomes(q)) + math.log(3)


@against_monte_carlo
def gaussian_sample_has_its_moments(draw):
    mean, log_var = draw.real(), draw.real()
    z = noise_to_sample.gaussian_sample(mean, log_var, draw.noise())
    moments = torch.stack([mean, mean**2 + log_var.exp()])
    return moments, torch.stack([z, z**2], 1)


@against_monte_carlo
def gaussian_full_sample_has_its_moments(draw):
    mean, scale_tril = draw.real(), draw.tril()
    z = noise_to_sample.gaussian_full_sample(mean, scale_tril, draw.noise())
    centered = z - mean
    return scale_tril @ scale_tril.mT, centered.unsqueeze(-1) * centered.unsqueeze(-2)


@against_monte_carlo
def masked_scale_tril_has_the_given_conditional_variances(draw):
    log_var, lower = 0.5 * draw.real(), 0.5 * draw.real(3, 3)
    scale_tril = noise_to_sample.masked_scale_tril(log_var, lower)
    z = (scale_tril @ draw.noise().unsqueeze(-1)).squeeze(-1)
    # Regressing each coordinate on the ones before it leaves the residual variances sigma^2.
    covariance = scale_tril @ scale_tril.mT
    slope = covariance[..., 2, :2].unsqueeze(-2) @ torch.linalg.inv(covariance[..., :2, :2])
    residual = z[..., 2] - (slope @ z[..., :2].unsqueeze(-1)).squeeze(-1).squeeze(-1)
    return torch.exp(log_var[..., 2]), residual**2


@against_monte_carlo
def iaf_density_integrates_to_one(draw):
    weight = torch.linspace(-0.5, 0.5, 9, dtype=draw.dtype).view(3, 3)
    noise = draw.noise()
    z, log_det = autoregressive_step(noise, weight)
    # Integral of a narrow density over z, as an integral over the noise that the step maps onto it.
    narrow = Normal(0.0, 0.7).log_prob(z).sum(-1)
    return torch.ones(draw.batch), torch.exp(narrow + log_det - Normal(0.0, 1.0).log_prob(noise).sum(-1))


@against_monte_carlo
def gumbel_noise_has_its_moments(draw):
    noise = discrete_samples.gumbel_noise((SAMPLES, *draw.batch), draw.generator).to(draw.dtype)
    euler, below_one = 0.5772156649015329, math.exp(-math.exp(-1))
    exact = [euler, euler**2 + math.pi**2 / 6, below_one]
    shape = (3, *(1 for _ in draw.batch))
    return (
        torch.tensor(exact, dtype=draw.dtype).view(shape).expand(3, *draw.batch),
        torch.stack([noise, noise**2, (noise <= 1).to(draw.dtype)], 1),
    )


@against_monte_carlo
def gumbel_max_samples_the_categorical(draw):
    logits = draw.real()
    y = discrete_samples.gumbel_max(logits, draw.gumbel())
    return torch.softmax(logits, -1), torch.nn.functional.one_hot(y, 3).to(draw.dtype)


@against_monte_carlo
def cold_gumbel_softmax_samples_the_categorical(draw):
    logits = draw.real()
    weights = discrete_samples.gumbel_softmax(logits, draw.gumbel(), 0.1)
    return torch.softmax(logits, -1), discrete_samples.straight_through(weights)


def cubic(z):
    return (z**3 - 2 * z**2 + z).sum(-1)


def cubic_slope(z):
    return 3 * z**2 - 4 * z + 1


def cubic_gradient(mean, log_var):
    """Gradient of E[z^3 - 2 z^2 + z] = m^3 + 3 m v - 2 (m^2 + v) + m, by hand: for m and for log v."""
    variance = log_var.exp()
    return torch.stack([3 * mean**2 + 3 * variance - 4 * mean + 1, (3 * mean - 2) * variance])


@against_monte_carlo
def pathwise_gradient_is_unbiased(draw):
    mean, log_var = draw.real(), 0.5 * draw.real()
    estimates = gradients.pathwise_gradient(cubic_slope, mean, log_var, draw.noise())
    return cubic_gradient(mean, log_var), torch.stack(estimates, 1)


@against_monte_carlo
def score_function_gradient_is_unbiased(draw):
    mean, log_var = draw.real(), 0.5 * draw.real()
    estimates = gradients.score_function_gradient(cubic, mean, log_var, draw.noise(), baseline=1.5)
    return cubic_gradient(mean, log_var), torch.stack(estimates, 1)


@against_monte_carlo
def gradient_variances_are_the_proved_ones(draw):
    delta, log_var, baseline = draw.real(1), 0.5 * draw.real(1) - 2, 0.5
    noise, variance, excess = draw.noise(1), log_var.exp(), delta**2 - baseline
    path = gradients.pathwise_gradient(lambda z: 2 * z, delta, log_var, noise)
    score = gradients.score_function_gradient(lambda z: (z**2).sum(-1), delta, log_var, noise, baseline)
    closed = [
        4 * variance,
        variance * delta**2 + 2 * variance**2,
        excess**2 / variance + 6 * excess + 8 * delta**2 + 15 * variance,
        excess**2 / 2 + (5 * excess + 10 * delta**2) * variance + 18.5 * variance**2,
    ]
    means = torch.stack([2 * delta, variance, 2 * delta, variance])
    return torch.stack(closed), (torch.stack([*path, *score], 1) - means) ** 2


@pytest.mark.parametrize("case", AGAINST_MONTE_CARLO, ids=lambda case: case.__name__)
def test_agrees_with_monte_carlo(case):
    closed, samples = case(Draw((2,), torch.float64))
    assert samples.shape[1:] == closed.shape
    standard_error = samples.std(0) / math.sqrt(SAMPLES)
    assert torch.all((samples.mean(0) - closed).abs() <= 5 * standard_error)
    # The test has power: its tolerance is a small part of what it measures.
    assert torch.all(standard_error < 0.05 * (1 + samples.abs().mean(0)))


BROADCAST = {
    "log-density": lambda z, mean, log_var: distributions.gaussian_log_prob(z, mean, log_var),
    "sample": lambda z, mean, log_var: noise_to_sample.gaussian_sample(mean, log_var, z),
    "pathwise": lambda z, mean, log_var: gradients.pathwise_gradient(cubic_slope, mean, log_var, z)[1],
    "score": lambda z, mean, log_var: gradients.score_function_gradient(cubic, mean, log_var, z)[1],
    "KL": lambda z, mean, log_var: divergences.kl_gaussian(z, log_var, mean, log_var),
    "relaxed": lambda z, mean, log_var: discrete_samples.gumbel_softmax(mean, z, 0.5),
}


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_broadcast(name):
    """A leading sample dimension gives what a loop over samples gives."""
    draw = Draw((4,), torch.float64)
    mean, log_var, z = draw.real(), draw.real(), draw.real(5, 3).movedim(1, 0)  # z [5, 4, 3]
    together = BROADCAST[name](z, mean, log_var)
    torch.testing.assert_close(together, torch.stack([BROADCAST[name](one, mean, log_var) for one in z]))
