"""Who the linear-Gaussian oracle speaks for: every condition refuses on its own, and what passes is exact."""

import pytest
import torch
from random_data import generator
from torch.distributions import Normal

from hvae_lessons.models import (
    MHVAE,
    VAE,
    BottomUp,
    ClusterVAE,
    ClusterVAEConfig,
    ConvTopDownConfig,
    MHVAEConfig,
    NoiseMHVAE,
    TopDown,
    TopDownConfig,
    VAEConfig,
)
from hvae_lessons.oracles import LinearGaussian

REAL = {"data_dim": 1, "likelihood": "gaussian", "noise_log_var": -0.5}
FLAT = {**REAL, "latent_dim": 1, "hidden": ()}
CHAIN = {**REAL, "latent_dims": (1, 1), "hidden": ((), ()), "constant_variance": True}
PATH = {**REAL, "latent_dims": (1, 1), "width": 3, "blocks": 0, "constant_variance": True}
BERNOULLI = {"likelihood": "bernoulli", "noise_log_var": None}


def shaken(model):
    """No parameter at a special value."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator(1)))
    return model.double()


def vae(**changes):
    return shaken(VAE(VAEConfig(**{**FLAT, **changes}), generator()))


def mhvae(build=MHVAE, **changes):
    return shaken(build(MHVAEConfig(**{**CHAIN, **changes}), generator()))


def topdown(build=TopDown, **changes):
    return shaken(build(TopDownConfig(**{**PATH, **changes}), generator()))


LINEAR = {
    "a chain": lambda: mhvae(),
    "a chain, other settings": lambda: mhvae(activation="tanh", batch_norm=True),
    "noise": lambda: mhvae(NoiseMHVAE),
    "one level": lambda: mhvae(latent_dims=(2,), hidden=((),)),
    "top-down": lambda: topdown(),
    "top-down, other settings": lambda: topdown(activation="tanh", batch_norm=True, reading="ladder"),
    "without skips": lambda: topdown(skips=False, depth_scaled=False),
    "bottom-up": lambda: topdown(BottomUp, reading="merge"),
}
NOT_LINEAR = {
    "hidden layers at the first level": lambda: mhvae(hidden=((3,), ())),
    "hidden layers at the second level": lambda: mhvae(hidden=((), (3,))),
    "a chain whose variances vary": lambda: mhvae(constant_variance=False),
    "a chain of bits": lambda: mhvae(**BERNOULLI),
    "blocks": lambda: topdown(blocks=1),
    "a path whose variances vary": lambda: topdown(constant_variance=False),
    "bits at the end of a path": lambda: topdown(**BERNOULLI),
    "bottom-up, blocks": lambda: topdown(BottomUp, reading="merge", blocks=1),
    "maps": lambda: TopDown(
        ConvTopDownConfig(image_shape=(2, 2), levels=((2, 1),), channels=2, likelihood="gaussian"),
        generator(),
    ),
}
LINE = torch.linspace(-12, 12, 481, dtype=torch.float64)
X = torch.tensor([[-1.5], [0.2], [3.0]], dtype=torch.float64)


def by_integration(joint, axes):
    """log of the integral of p(x, z) over z, one number for each x, by a grid of one or two axes."""
    mesh = torch.stack(torch.meshgrid(*(LINE,) * axes, indexing="ij"), -1).reshape(-1, axes)
    step = (LINE[1] - LINE[0]).log() * axes
    with torch.no_grad():
        return torch.stack([torch.logsumexp(joint(x.expand(len(mesh), 1), mesh), 0) + step for x in X])


def gaussian_sum(p, value):
    return Normal(p.mean, (p.log_var / 2).exp()).log_prob(value).sum(-1)


@pytest.mark.parametrize("model", LINEAR.values(), ids=LINEAR)
def test_what_is_accepted_has_the_likelihood_of_the_integral(model):
    model = model()
    sizes = model.config.latent_dims

    def joint(x, mesh):
        z = mesh.split(sizes, -1)
        levels = sum(gaussian_sum(p, part) for p, part in zip(model.prior(z), z, strict=True))
        return levels + gaussian_sum(model.decode(z), x)

    oracle = LinearGaussian.from_hierarchy(model)
    torch.testing.assert_close(oracle.log_px(X), by_integration(joint, sum(sizes)))


@pytest.mark.parametrize("changes", [{}, {"latent_dim": 2}, {"activation": "tanh"}, {"posterior": "point"}])
def test_an_accepted_vae_has_the_likelihood_of_the_integral(changes):
    model = vae(**changes)

    def joint(x, mesh):
        return Normal(0.0, 1.0).log_prob(mesh).sum(-1) + gaussian_sum(model.decode(mesh), x)

    oracle = LinearGaussian.from_vae(model)
    torch.testing.assert_close(oracle.log_px(X), by_integration(joint, model.config.latent_dim))


@pytest.mark.parametrize("model", NOT_LINEAR.values(), ids=NOT_LINEAR)
def test_each_condition_alone_refuses_a_hierarchy(model):
    with pytest.raises(ValueError, match="^model: expected affine means"):
        LinearGaussian.from_hierarchy(model())


@pytest.mark.parametrize("changes", [{"hidden": (3,)}, BERNOULLI], ids=["hidden", "bits"])
def test_each_condition_alone_refuses_a_vae(changes):
    with pytest.raises(ValueError, match="^model: expected a VAE with hidden"):
        LinearGaussian.from_vae(vae(**changes))


def test_a_mixture_prior_is_no_linear_gaussian():
    model = ClusterVAE(ClusterVAEConfig(**FLAT, clusters=2), generator())
    for read in (LinearGaussian.from_vae, LinearGaussian.from_hierarchy):
        with pytest.raises(ValueError, match="^model: expected"):
            read(model)


def test_the_oracle_passes_no_gradient_to_the_model():
    for oracle in (LinearGaussian.from_vae(vae()), LinearGaussian.from_hierarchy(mhvae(noise_log_var=None))):
        assert not any(part.requires_grad for part in oracle)
    learned = LinearGaussian.from_vae(vae(noise_log_var=None))
    assert not learned.log_px(X).requires_grad
