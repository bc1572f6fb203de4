"""Models: shapes, gradients, seeds, and the linear-Gaussian case where everything is known."""

import pytest
import torch
from random_data import binary, generator

from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo, reconstruction
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.trace import Bernoulli, Gaussian, Point
from hvae_lessons.training import fit

CONFIGS = [
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8, 6)),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8,), likelihood="gaussian", activation="tanh"),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(), likelihood="gaussian", noise_log_var=-1.0),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8,), posterior="point", activation="softplus"),
]
LINEAR = VAEConfig(data_dim=5, latent_dim=2, hidden=(), likelihood="gaussian")


def correlated(count, seed=0):
    noise = torch.randn(count, 2, generator=generator(seed))
    return noise @ torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5], [0.0, 1.0, 1.5, 0.5, -1.0]]) + 0.3 * torch.randn(
        count, 5, generator=generator(seed + 1)
    )


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_trace_shapes(config):
    model = VAE(config, generator())
    trace = model(binary(7, 12), generator=generator(1))
    many = model(binary(7, 12), generator=generator(1), samples=4)
    assert trace.log_px_given_z.shape == trace.kl.shape == trace.log_weight.shape == (7,)
    assert trace.layers[0].z.shape == trace.layers[0].kl_per_dimension.shape == (7, 3)
    assert many.layers[0].z.shape == (4, 7, 3)
    assert many.log_px_given_z.shape == many.log_weight.shape == elbo(many).shape == (4, 7)
    assert model.sample(9, generator()).shape == (9, 12)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_gradient_reaches_every_parameter(config):
    model = VAE(config, generator())
    objective = reconstruction if config.posterior == "point" else elbo
    (-objective(model(binary(7, 12), generator=generator(1))).mean()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        if config.posterior == "point" and name.startswith(f"encoder.{2 * len(config.hidden)}."):
            # A point posterior has no variance: the second half of the encoder's output is unused.
            assert parameter.grad[: config.latent_dim].abs().sum() > 0, name
        else:
            assert parameter.grad.abs().sum() > 0, name


def test_a_seed_reproduces_to_the_bit_and_leaves_the_global_generator_alone():
    def train():
        g = generator(3)
        model = VAE(VAEConfig(data_dim=12, latent_dim=2, hidden=(8,)), g)
        fit(model, binary(40, 12), epochs=3, batch_size=16, generator=g, progress=False)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    before = torch.random.get_rng_state()
    assert torch.equal(train(), train())
    assert torch.equal(before, torch.random.get_rng_state())


def test_likelihood_and_posterior_follow_the_config():
    bernoulli, learned, fixed, point = (VAE(config, generator()) for config in CONFIGS)
    z, x = torch.randn(2, 3, generator=generator()), binary(2, 12)
    assert isinstance(bernoulli.decode(z), Bernoulli)
    assert isinstance(learned.decode(z), Gaussian)
    assert isinstance(point.encode(x), Point)
    assert (fixed.decode(z).log_var == -1).all()
    assert "likelihood.noise_log_var" in dict(learned.named_parameters())
    assert "likelihood.noise_log_var" not in dict(fixed.named_parameters())


def test_a_point_posterior_has_no_bound():
    model = VAE(VAEConfig(data_dim=12, latent_dim=2, hidden=(8,), posterior="point"), generator())
    trace = model(binary(3, 12), generator=generator())
    assert (elbo(trace) == -torch.inf).all()
    assert torch.equal(trace.layers[0].z, model.encode(binary(3, 12)).mean)


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


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"data_dim": 0}, "data_dim"),
        ({"latent_dim": 1.5}, "latent_dim"),
        ({"hidden": (10, -1)}, "hidden"),
        ({"likelihood": "poisson"}, "likelihood"),
        ({"posterior": "laplace"}, "posterior"),
        ({"activation": "gelu"}, "activation"),
        ({"noise_log_var": 0.0}, "noise_log_var"),
    ],
)
def test_impossible_configs_are_refused(settings, argument):
    with pytest.raises(ValueError, match=f"^{argument}: expected"):
        VAEConfig(**settings)


def test_linear_gaussian_refuses_a_vae_that_is_not_linear():
    with pytest.raises(ValueError, match="model: expected"):
        LinearGaussian.from_vae(VAE(CONFIGS[0], generator()))
