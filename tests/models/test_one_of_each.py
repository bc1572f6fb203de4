"""The smallest cases, one example, coordinate, label, level or sample: what is left has a closed form."""

import pytest
import torch
from random_data import generator
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import (
    MHVAE,
    VAE,
    BottomUp,
    ClusterVAE,
    ClusterVAEConfig,
    ConvTopDownConfig,
    Diffusion,
    DiffusionConfig,
    GaussianMixture,
    MHVAEConfig,
    NoiseMHVAE,
    TopDown,
    TopDownConfig,
    VAEConfig,
)
from hvae_lessons.models.clustering import FORMS, LABELS, STRATEGIES
from hvae_lessons.objectives import balanced_elbo, balancing_weights, beta_elbo, elbo, free_bits
from hvae_lessons.training import fit

X = torch.ones(1, 1)
ONE = {"data_dim": 1, "latent_dims": (1,)}
MODELS = {
    "VAE": lambda: VAE(VAEConfig(1, 1, (1,)), generator()),
    "chain": lambda: MHVAE(MHVAEConfig(**ONE, hidden=((1,),)), generator()),
    "noise": lambda: NoiseMHVAE(MHVAEConfig(**ONE, hidden=((1,),)), generator()),
    "top-down": lambda: TopDown(TopDownConfig(**ONE, width=1, reading="merge"), generator()),
    "ladder": lambda: TopDown(TopDownConfig(**ONE, width=1, reading="ladder"), generator()),
    "residual": lambda: TopDown(TopDownConfig(**ONE, width=1), generator()),
    "without skips": lambda: TopDown(TopDownConfig(**ONE, width=1, skips=False), generator()),
    "bottom-up": lambda: BottomUp(TopDownConfig(**ONE, width=1, reading="merge"), generator()),
    "maps": lambda: TopDown(ConvTopDownConfig((1, 1), ((1, 1),), channels=1), generator()),
}
every_model = pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)


def by_hand(model, z, q):
    """log p(x | z) and KL(q || N(0, 1)) of one pixel and one coordinate."""
    p_x = model.decode(z if isinstance(model, VAE) else (z,))
    log_px = Bernoulli(logits=p_x.logits).log_prob(X).sum(-1)
    kl = kl_divergence(Normal(q.mean, (q.log_var / 2).exp()), Normal(0.0, 1.0)).sum(-1)
    return log_px, kl


@every_model
@pytest.mark.parametrize("samples", [None, 1])
def test_one_level_is_a_likelihood_and_a_closed_form(build, samples):
    model = build()
    trace = model(X, generator(1), samples)
    (layer,) = trace.layers
    log_px, kl = by_hand(model, layer.z, layer.q)
    assert layer.z.shape == ((1, 1) if samples is None else (1, 1, 1))
    torch.testing.assert_close(trace.log_px_given_z, log_px)
    torch.testing.assert_close(elbo(trace), log_px - kl)


@every_model
def test_of_one_level_and_one_example_every_objective_is_the_elbo(build):
    trace = build()(X, generator(1))
    torch.testing.assert_close(balancing_weights(trace), torch.ones(1))
    others = (beta_elbo(trace, 1.0), free_bits(trace, 0.0), free_bits(trace, 0.0, "dimension", "example"))
    for value in (*others, balanced_elbo(trace)):
        torch.testing.assert_close(value, elbo(trace))


@every_model
def test_one_sample_is_its_own_bound(build):
    model = build()
    trace = model(X, generator(2), samples=1)
    (layer,) = trace.layers
    log_px, _ = by_hand(model, layer.z, layer.q)
    log_q = Normal(layer.q.mean, (layer.q.log_var / 2).exp()).log_prob(layer.z).sum(-1)
    expected = log_px + Normal(0.0, 1.0).log_prob(layer.z).sum(-1) - log_q
    torch.testing.assert_close(trace.log_weight, expected)
    torch.testing.assert_close(importance_weighted_bound(trace.log_weight), expected[0])
    estimate = log_px_estimate(model, X, 1, generator(2), chunk=1)
    torch.testing.assert_close(estimate, expected[0].detach())


@every_model
def test_one_example_is_learned(build):
    model = build()
    with torch.no_grad():
        before = elbo(model(X, generator(3), samples=500)).mean()
    fit(model, X, epochs=60, batch_size=1, learning_rate=0.02, generator=generator(), progress=False)
    with torch.no_grad():
        assert elbo(model(X, generator(3), samples=500)).mean() > before + 0.1


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("labels", LABELS)
def test_one_cluster_is_a_vae_with_another_prior(labels, form, strategy):
    config = ClusterVAEConfig(
        data_dim=1, latent_dim=1, hidden=(2,), clusters=1, labels=labels, form=form, strategy=strategy
    )
    model = ClusterVAE(config, generator())
    trace = model(X, generator(1))
    (code, label), mean = trace.layers, model.mixture.mean.squeeze()
    q, p = Normal(code.q.mean, (code.q.log_var / 2).exp()), Normal(mean, 1.0)
    ratio = q.log_prob(code.z) - p.log_prob(code.z)
    term = kl_divergence(q, p) if form == "analytic" else ratio
    torch.testing.assert_close(code.kl, term.sum(-1))
    torch.testing.assert_close(code.log_ratio, -ratio.sum(-1))
    torch.testing.assert_close(label.kl, torch.zeros(1))
    assert torch.equal(model.assign(X), torch.ones(1, 1))
    assert model.sample(1, generator()).shape == (1, 1)
    assert model.sample_clusters(1, generator()).shape == (1, 1, 1)


def test_a_mixture_of_one_is_that_gaussian():
    mixture = GaussianMixture(1, 2, "full", generator=generator())
    mixture.start_from(torch.tensor([[1.0, -1.0]]), torch.tensor([[[2.0, 0.5], [0.5, 1.0]]]))
    p = MultivariateNormal(torch.tensor([1.0, -1.0]), torch.tensor([[2.0, 0.5], [0.5, 1.0]]))
    z = torch.randn(3, 2, generator=generator(1))
    torch.testing.assert_close(mixture.marginal_log_prob(z), p.log_prob(z))
    torch.testing.assert_close(mixture.log_prob(z).squeeze(-1), p.log_prob(z))


def test_a_diffusion_of_one_coordinate_and_one_example():
    model = Diffusion(DiffusionConfig(data_dim=1, steps=2, hidden=()), generator())
    trace = model(X, generator(1))
    expected = sum(
        kl_divergence(*(Normal(part.mean, (part.log_var / 2).exp()) for part in (layer.q, layer.p))).sum(-1)
        for layer in trace.layers
    )
    torch.testing.assert_close(trace.kl, expected)
    assert model.trajectory(1, generator()).shape == (3, 1, 1)
