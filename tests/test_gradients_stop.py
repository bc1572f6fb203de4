"""Where gradients end: exact values, estimates and starts leave no trace in the parameters of a model."""

import pytest
import torch
from random_data import binary, generator

from hvae_lessons.formulas.labels import mean_of_others
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import (
    MHVAE,
    VAE,
    ClusterVAE,
    ClusterVAEConfig,
    GaussianMixture,
    MHVAEConfig,
    VAEConfig,
)
from hvae_lessons.models.parts.families import DiagonalGaussian
from hvae_lessons.oracles import Autoregressive, GridModel, LinearGaussian
from hvae_lessons.training.cluster_start import start_mixture
from hvae_lessons.training.per_example import estimate_elbo, fit_posterior

REAL = {"data_dim": 3, "latent_dim": 1, "hidden": (4,), "likelihood": "gaussian"}
X = torch.randn(4, 3, generator=generator(1))


def vae(**changes):
    return VAE(VAEConfig(**{**REAL, **changes}), generator())


def untouched(model):
    """Whether no backward pass has reached a parameter."""
    return all(parameter.grad is None for parameter in model.parameters())


def test_linear_oracles_are_cut_off_from_their_models():
    flat = vae(hidden=())
    chain = MHVAE(
        MHVAEConfig(3, (2, 1), ((), ()), likelihood="gaussian", constant_variance=True), generator()
    )
    for oracle in (LinearGaussian.from_vae(flat), LinearGaussian.from_hierarchy(chain)):
        assert not any(part.requires_grad for part in oracle)
        mean, log_var = oracle.best_diagonal(X)
        oracle.elbo(X, mean.requires_grad_(), log_var).sum().backward()
    assert untouched(flat)
    assert untouched(chain)


def test_the_search_on_a_grid_leaves_decoder_and_data_alone():
    model, x = vae(), X.clone().requires_grad_()
    grid = GridModel(lambda z: model.decode(z.float()).mean.double(), 0.0)
    best = grid.best_gaussian(x.double(), steps=3)
    assert not any(part.requires_grad for part in best)
    assert x.grad is None
    assert untouched(model)


def test_fitting_one_posterior_leaves_the_model_alone():
    model, q = vae(latent_dim=2), DiagonalGaussian(2)

    def log_joint(z):
        return model.decode(z).log_prob(X[:1]) - 0.5 * (z**2).sum(-1)

    fit_posterior(q, log_joint, size=2, steps=2, samples=3, generator=generator())
    assert untouched(model)
    assert not untouched(q)


def test_a_frozen_part_of_a_posterior_stays():
    q = DiagonalGaussian(2)
    q.log_var.requires_grad_(False)
    fit_posterior(q, lambda z: -(z**2 + z).sum(-1), size=2, steps=2, samples=3, generator=generator())
    assert (q.log_var == 0).all()
    assert (q.mean != 0).all()


def test_estimates_are_numbers_without_a_graph():
    model, q = vae(), DiagonalGaussian(1)
    assert not log_px_estimate(model, X, 3, generator()).requires_grad
    estimate = estimate_elbo(q, lambda z: -(z**2).sum(-1), size=1, samples=3, generator=generator())
    assert all(isinstance(number, float) for number in estimate)
    assert untouched(model)


def test_a_baseline_is_a_number_for_the_gradient():
    assert not mean_of_others(torch.arange(3.0, requires_grad=True)).requires_grad


def test_draws_of_pixels_have_no_graph():
    assert not Autoregressive(3, generator()).sample(2, generator()).requires_grad


def test_a_mixture_takes_over_numbers_only():
    mixture = GaussianMixture(2, 1, "full", generator=generator())
    mixture.start_from(torch.ones(2, 1, requires_grad=True), torch.ones(2, 1, 1))
    assert all(parameter.is_leaf and parameter.requires_grad for parameter in mixture.parameters())


@pytest.mark.parametrize("labels", ["from-code", "bayes-code", "from-data", "bayes-data"])
def test_a_start_of_the_clusters_replaces_numbers_only(labels):
    config = ClusterVAEConfig(data_dim=4, latent_dim=2, hidden=(5,), clusters=2, labels=labels)
    model = ClusterVAE(config, generator())
    before = list(model.parameters())
    start_mixture(model, binary(20, 4), restarts=1)
    assert untouched(model)
    for old, new in zip(before, model.parameters(), strict=True):
        assert old is new
        assert new.is_leaf
        assert new.requires_grad
