"""The grid model against a linear-Gaussian oracle, brute force, Monte Carlo and a known gap."""

import math

import pytest
import torch

from hvae_lessons.oracles import GridModel, LinearGaussian

SLOPE, NOISE = 1.3, 0.4
X = torch.tensor([[-1.0], [0.2], [2.5]], dtype=torch.float64)
MEAN = torch.tensor([[-0.5], [0.3], [1.0]], dtype=torch.float64)
LOG_VAR = torch.tensor([[-2.0], [0.0], [-1.0]], dtype=torch.float64)


@pytest.fixture
def line():
    return GridModel(lambda z: SLOPE * z, 2 * math.log(NOISE))


@pytest.fixture
def oracle():
    options = {"dtype": torch.float64}
    weight, bias = torch.tensor([[SLOPE]], **options), torch.zeros(1, **options)
    return LinearGaussian(weight, bias, torch.tensor(2 * math.log(NOISE), **options))


@pytest.fixture
def square():
    return GridModel(lambda z: z**2, 2 * math.log(0.5))


def test_evidence_and_posterior_of_a_line(line):
    # x ~ N(0, slope^2 + noise^2); precision of the posterior 1 + slope^2 / noise^2, by hand
    variance = SLOPE**2 + NOISE**2
    expected = torch.distributions.Normal(0.0, math.sqrt(variance)).log_prob(X).squeeze(-1)
    torch.testing.assert_close(line.log_px(X), expected)
    mean, log_var = line.posterior_moments(X)
    torch.testing.assert_close(mean, X * SLOPE / variance)
    torch.testing.assert_close(log_var.exp(), torch.full_like(X, NOISE**2 / variance))


def test_bound_and_gap_of_a_line(line, oracle):
    log_q = line.gaussian(MEAN, LOG_VAR)
    torch.testing.assert_close(line.elbo(X, log_q), oracle.elbo(X, MEAN, LOG_VAR))
    torch.testing.assert_close(line.reverse_kl(X, log_q), oracle.gap(X, MEAN, LOG_VAR))


def test_both_divergences_of_a_line(line):
    variance = SLOPE**2 + NOISE**2
    posterior = torch.distributions.Normal(X * SLOPE / variance, NOISE / math.sqrt(variance))
    q = torch.distributions.Normal(MEAN, (0.5 * LOG_VAR).exp())
    log_q = line.gaussian(MEAN, LOG_VAR)
    kl = torch.distributions.kl_divergence
    torch.testing.assert_close(line.reverse_kl(X, log_q), kl(q, posterior).squeeze(-1))
    torch.testing.assert_close(line.forward_kl(X, log_q), kl(posterior, q).squeeze(-1))


def test_best_gaussian_of_a_line_is_its_posterior(line):
    mean, log_var = line.best_gaussian(X)
    expected_mean, expected_log_var = line.posterior_moments(X)
    torch.testing.assert_close(mean, expected_mean, atol=1e-5, rtol=0)
    torch.testing.assert_close(log_var, expected_log_var, atol=1e-5, rtol=0)


def test_the_search_for_the_best_gaussian_takes_as_many_steps_as_it_is_told(square):
    one, many = (square.elbo(X, square.gaussian(*square.best_gaussian(X, steps))) for steps in (1, 200))
    assert (one <= many + 1e-9).all()
    assert (one < many - 0.01).any()


@pytest.mark.parametrize("x", [-0.5, 0.9, 1.1, 1.5, 3.0])
def test_best_gaussian_of_two_peaks_beats_every_other(square, x):
    x = torch.tensor([[x]], dtype=torch.float64)
    best = square.elbo(x, square.gaussian(*square.best_gaussian(x)))
    means = torch.linspace(-2.5, 2.5, 101, dtype=torch.float64)
    log_vars = torch.linspace(-6, 1, 71, dtype=torch.float64)
    means, log_vars = (part.reshape(-1, 1) for part in torch.meshgrid(means, log_vars, indexing="ij"))
    others = square.elbo(x, square.gaussian(means, log_vars))
    assert others.max() <= best
    assert others.max() > best - 0.02  # the mesh is fine enough to come close, so the maximum is global


def test_one_of_two_far_peaks_costs_log_2():
    model = GridModel(lambda z: z**2, 2 * math.log(0.2))
    x = torch.tensor([[2.5]], dtype=torch.float64)
    gap = model.reverse_kl(x, model.gaussian(*model.best_gaussian(x)))
    assert gap.item() == pytest.approx(math.log(2), abs=0.005)


def test_evidence_agrees_with_samples_of_the_prior(square):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(1_000_000, generator=generator, dtype=torch.float64)
    likelihood = torch.distributions.Normal(z**2, 0.5).log_prob(torch.tensor(1.5)).exp()
    evidence = square.log_px(torch.tensor([[1.5]], dtype=torch.float64)).exp().item()
    assert evidence == pytest.approx(likelihood.mean().item(), abs=5 * likelihood.std().item() / 1000)


def test_a_finer_grid_changes_nothing(square):
    fine = square._replace(z=torch.linspace(-8, 8, 3201, dtype=torch.float64))
    for model in (square, fine):
        assert model.log_posterior(X).exp().sum(-1) * (model.z[1] - model.z[0]) == pytest.approx(1.0)
    torch.testing.assert_close(square.log_px(X), fine.log_px(X))
    narrow = MEAN, torch.full_like(MEAN, 2 * math.log(0.08))
    torch.testing.assert_close(square.elbo(X, square.gaussian(*narrow)), fine.elbo(X, fine.gaussian(*narrow)))


def test_several_data_dimensions():
    # two independent measurements of z with noise 0.4 are one of their mean with noise 0.4 / sqrt 2
    pair = GridModel(lambda z: torch.cat([z, z], -1), 2 * math.log(NOISE))
    single = GridModel(lambda z: z, 2 * math.log(NOISE) - math.log(2))
    x = torch.tensor([[0.3, 0.9]], dtype=torch.float64)
    torch.testing.assert_close(pair.log_posterior(x), single.log_posterior(x.mean(-1, keepdim=True)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.log_px(torch.tensor([[math.nan]])), "x: expected finite"),
        (lambda m: m.log_px(torch.tensor([1.0])), "x: expected"),
        (lambda m: m.gaussian(torch.zeros(3, 2), torch.zeros(3, 2)), "mean: expected"),
        (lambda m: m.gaussian(torch.zeros(3, 1), torch.zeros(2, 1)), "log_var: expected"),
        (lambda m: m.best_gaussian(X, steps=0), "steps: expected"),
    ],
)
def test_bad_input_gets_a_sentence(square, call, message):
    with pytest.raises(ValueError, match=message):
        call(square)


def test_best_diagonal_is_where_the_gap_is_stationary():
    weight = torch.tensor([[1.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    zeros = torch.zeros(2, dtype=torch.float64)
    model = LinearGaussian(weight, zeros, torch.tensor(0.1, dtype=torch.float64).log())
    x = torch.tensor([[0.3, -1.0]], dtype=torch.float64)
    mean, log_var = (part.clone().requires_grad_() for part in model.best_diagonal(x))
    gap = model.gap(x, mean, log_var)
    for slope in torch.autograd.grad(gap, (mean, log_var)):
        torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-9, rtol=0)
    # by hand: precision [[13.5, 10], [10, 13.5]], gap = -log(1 - (10 / 13.5)^2) / 2
    assert gap.item() == pytest.approx(-0.5 * math.log(1 - (10 / 13.5) ** 2))
