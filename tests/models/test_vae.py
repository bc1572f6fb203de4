"""The VAE: shapes, gradients, seeds, and a posterior that is a point."""

import pytest
import torch
from random_data import binary, generator

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo, reconstruction
from hvae_lessons.trace import Bernoulli, Gaussian, Point
from hvae_lessons.training import fit

CONFIGS = [
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8, 6)),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8,), likelihood="gaussian", activation="tanh"),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(), likelihood="gaussian", noise_log_var=-1.0),
    VAEConfig(data_dim=12, latent_dim=3, hidden=(8,), posterior="point", activation="softplus"),
]


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
