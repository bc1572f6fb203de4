"""Hierarchies: shapes, gradients, seeds, and the linear-Gaussian chain where everything is known."""

import math

import pytest
import torch
from random_data import binary, generator, scatter
from torch.distributions import MultivariateNormal

from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.formulas.noise_chains import noise_states
from hvae_lessons.models import MHVAE, MHVAEConfig, NoiseMHVAE
from hvae_lessons.models.parts.levels import markov_trace
from hvae_lessons.objectives import elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.trace import Trace
from hvae_lessons.training import fit
from hvae_lessons.training.checkpoints import load_checkpoint, save_checkpoint

WIRINGS = (MHVAE, NoiseMHVAE)
LINEAR = {"likelihood": "gaussian", "noise_log_var": -1.0, "constant_variance": True}


def small(**changes):
    settings = {"data_dim": 12, "latent_dims": (4, 3, 2), "hidden": ((8, 6), (5,), ())}
    return MHVAEConfig(**{**settings, **changes})


def linear(dims, build=MHVAE, data_dim=3, seed=0):
    config = MHVAEConfig(data_dim=data_dim, latent_dims=dims, hidden=((),) * len(dims), **LINEAR)
    model = build(config, generator(seed))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator(seed + 1)))
    return model


@pytest.mark.parametrize("build", WIRINGS)
@pytest.mark.parametrize(
    "changes", [{}, {"batch_norm": True}, LINEAR, {"latent_dims": (3,), "hidden": ((5,),)}]
)
def test_trace_shapes(build, changes):
    config = small(**changes)
    model = build(config, generator())
    x = binary(7, 12)
    trace, many = model(x, generator(1)), model(x, generator(1), samples=4)
    assert trace.log_px_given_z.shape == elbo(trace).shape == trace.log_weight.shape == (7,)
    assert many.log_px_given_z.shape == elbo(many).shape == many.log_weight.shape == (4, 7)
    for size, layer, others in zip(config.latent_dims, trace.layers, many.layers, strict=True):
        assert layer.z.shape == layer.kl_per_dimension.shape == (7, size)
        assert others.z.shape == (4, 7, size)
    assert model.sample(9, generator()).shape == (9, 12)


@pytest.mark.parametrize("build", WIRINGS)
@pytest.mark.parametrize("changes", [{}, {"batch_norm": True}, {**LINEAR, "noise_log_var": None}])
def test_gradient_reaches_every_parameter(build, changes):
    model = build(small(**changes), generator())
    (-elbo(model(binary(7, 12), generator(1))).mean()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        # A bias before batch normalization is subtracted again: its gradient is rounding.
        assert changes.get("batch_norm") or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("build", WIRINGS)
def test_a_seed_reproduces_to_the_bit_and_leaves_the_global_generator_alone(build):
    def train():
        source = generator(3)
        model = build(small(batch_norm=True), source)
        fit(model, binary(30, 12), epochs=2, batch_size=10, generator=source, progress=False)
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    before = torch.get_rng_state()
    assert torch.equal(train(), train())
    assert torch.equal(before, torch.get_rng_state())


def test_one_level_is_a_vae_whose_kl_has_a_closed_form():
    model = MHVAE(small(latent_dims=(3,), hidden=((8,),)), generator())
    (layer,) = model(binary(5, 12), generator()).layers
    assert layer.closed_form
    expected = 0.5 * (layer.q.mean**2 + layer.q.log_var.exp() - layer.q.log_var - 1).sum(-1)
    assert torch.allclose(layer.kl, expected, atol=1e-6)


def test_only_the_top_of_a_chain_has_a_closed_form():
    for build, expected in ((MHVAE, [False, False, True]), (NoiseMHVAE, [True] * 3)):
        trace = build(small(), generator())(binary(5, 12), generator())
        assert [layer.closed_form for layer in trace.layers] == expected


@pytest.mark.parametrize("build", WIRINGS)
@pytest.mark.parametrize("dims", [(2,), (2, 1), (3, 2, 2)])
def test_the_oracle_is_the_marginal_of_ancestral_sampling(build, dims):
    model = linear(dims, build, data_dim=4)
    oracle = LinearGaussian.from_hierarchy(model)
    mean = model.sample(400_000, generator(9)).detach()  # means of p(x | z): their spread plus the noise
    covariance = mean.T.cov() + math.exp(-1.0) * torch.eye(4)
    reference = MultivariateNormal(mean.mean(0), covariance)
    x = scatter(20, 4)
    assert torch.allclose(oracle.log_px(x), reference.log_prob(x), atol=0.15)


@pytest.mark.parametrize("build", WIRINGS)
def test_importance_weighting_converges_to_the_exact_likelihood(build):
    model = linear((2, 1), build)
    x, exact = scatter(5), LinearGaussian.from_hierarchy(model)
    with torch.no_grad():
        log_weight = model(x, generator(1), samples=200_000).log_weight  # [K, B]
    groups = log_weight.reshape(100, 2000, -1)
    bounds = [
        log_weight.mean(),
        importance_weighted_bound(groups).mean(),
        importance_weighted_bound(log_weight).mean(),
    ]
    truth = exact.log_px(x).mean()
    assert bounds[0] < bounds[1] < truth + 0.02
    assert abs(bounds[2] - truth) < 0.02


def test_both_wirings_are_one_generator():
    chain, noise = linear((1, 1, 1)), linear((1, 1, 1), NoiseMHVAE)
    noise.decoders[0].load_state_dict(chain.decoders[0].state_dict())
    for l in (1, 2):
        noise.decoders[l].load_state_dict(chain.decoders[l].net.state_dict())
        noise.gains[l - 1].data = (0.5 * chain.decoders[l].log_var.data).exp().reshape(1, 1)
    noise.gains[2].data = torch.ones(1, 1)
    x = scatter()
    first, second = (LinearGaussian.from_hierarchy(model).log_px(x) for model in (chain, noise))
    assert torch.allclose(first, second, atol=1e-4)
    draw = tuple(torch.randn(6, 1, generator=generator(l)) for l in range(3))
    assert torch.allclose(chain.decode(chain.generate(draw)).mean, noise.decode(draw).mean, atol=1e-5)


def posterior_chain(model, x):
    """Make the inference of a linear (1, 1) chain exact, by the formulas of Bayes for numbers."""
    w = model.decoders[0][0].weight.detach()[:, 0].double()
    bias, noise = model.decoders[0][0].bias.detach().double(), math.exp(-1.0)
    a = model.decoders[1].net[0].weight.item()
    c, s2 = model.decoders[1].net[0].bias.item(), model.decoders[1].log_var.exp().item()
    prior_var = a * a + s2
    precision = 1 / prior_var + (w @ w).item() / noise
    with torch.no_grad():
        lower, upper = model.encoders
        lower.net[0].weight.copy_((w / noise / precision).unsqueeze(0))
        lower.net[0].bias.fill_((c / prior_var - (w @ bias).item() / noise) / precision)
        lower.log_var.fill_(-math.log(precision))
        upper.net[0].weight.fill_(a / prior_var)
        upper.net[0].bias.fill_(-a * c / prior_var)
        upper.log_var.fill_(math.log(s2 / prior_var))


def test_the_bound_is_tight_at_the_true_posterior_sample_by_sample():
    model = linear((1, 1))
    x = scatter()
    posterior_chain(model, x)
    with torch.no_grad():
        trace = model(x, generator(), samples=50)
    exact = LinearGaussian.from_hierarchy(model).log_px(x)
    assert torch.allclose(trace.log_weight, exact.expand(50, -1), atol=1e-3)
    assert abs(elbo(trace).mean() - exact.mean()) < 1e-2
    closed = elbo(
        Trace(trace.log_px_given_z, tuple(layer._replace(closed_form=True) for layer in trace.layers))
    )
    a = model.decoders[1].net[0].weight.item()
    slope, spread = model.encoders[1].net[0].weight.item(), model.encoders[0].log_var.exp().item()
    lost = a * slope * spread / model.decoders[1].log_var.exp().item()
    assert abs((exact.mean() - closed.mean()).item() - lost) < 0.02
    assert lost > 0.02


def test_inference_trained_on_a_fixed_generator_reaches_the_exact_likelihood():
    model = linear((1, 1))
    for part in (model.decoders, model.likelihood):
        part.requires_grad_(False)
    x = scatter(1000)
    for rate, epochs in ((3e-2, 30), (3e-3, 25), (3e-4, 25)):
        fit(model, x, epochs=epochs, batch_size=50, learning_rate=rate, generator=generator(), progress=False)
    with torch.no_grad():
        bound = model(x, generator(1), samples=400).log_weight.mean()  # no variance where q is exact
    assert abs(bound - LinearGaussian.from_hierarchy(model).log_px(x).mean()) < 1e-3


@pytest.mark.parametrize("build", WIRINGS)
def test_resampling_keeps_what_it_should(build):
    model = build(small(), generator()).eval()
    noise = tuple(torch.randn(5, size, generator=generator(size)) for size in (4, 3, 2))
    z = model.generate(noise)
    for part, again in zip(noise, model.noise_of(z), strict=True):
        assert torch.allclose(part, again, atol=1e-5)
    same = model.resample(z, (), generator(1))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(z, same, strict=True))
    lower = model.resample(z, (1,), generator(1))
    assert not torch.allclose(lower[0], z[0], atol=1e-2)
    assert torch.allclose(lower[1], z[1], atol=1e-5)
    assert torch.allclose(lower[2], z[2], atol=1e-5)
    upper = model.noise_of(model.resample(z, (3,), generator(1)))
    assert torch.allclose(upper[0], noise[0], atol=1e-4)
    assert not torch.allclose(upper[2], noise[2], atol=1e-2)


def test_noise_states_by_hand():
    gains = (torch.tensor([[2.0]]), torch.tensor([[3.0]]))
    h = noise_states([lambda above: above**2], gains, (torch.tensor([[0.5]]), torch.tensor([[1.0]])))
    assert [part.item() for part in h] == [10.0, 3.0]


def test_a_checkpoint_restores_the_hierarchy(tmp_path):
    model = MHVAE(small(batch_norm=True), generator())
    fit(model, binary(30, 12), epochs=1, batch_size=10, generator=generator(), progress=False)
    save_checkpoint(model, tmp_path / "model.pt")
    again = load_checkpoint(tmp_path / "model.pt", MHVAE, MHVAEConfig)
    assert again.config == model.config
    x = binary(4, 12)
    assert torch.equal(elbo(model(x, generator())), elbo(again(x, generator())))


def test_markov_trace_refuses_lists_that_do_not_fit():
    with pytest.raises(ValueError, match="p: expected 1 levels, got 2"):
        markov_trace(torch.zeros(1), (torch.zeros(1, 1),), (None,), (None, None))
