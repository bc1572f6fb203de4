"""The small models of the 8x8 digits that widgets show when they are given none: trained once, in seconds."""

from functools import cache

import numpy as np
import torch
from torch.nn.utils import vector_to_parameters

from hvae_lessons.data import binarize, load_digits
from hvae_lessons.models import VAE, ClusterVAE, ClusterVAEConfig, TopDown, TopDownConfig, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.results import WEIGHTS
from hvae_lessons.training import fit
from hvae_lessons.training.cluster_start import start_mixture
from hvae_lessons.training.schedules import linear_warm_up


@cache
def digits_vae():
    """A VAE with two latent dimensions, of gray digits."""
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(data_dim=64, latent_dim=2, hidden=(64,)), generator)
    _fit(model, generator, epochs=20, batch_size=50, learning_rate=5e-3)
    return model


@cache
def digits_clusters():
    """Ten clusters in two latent dimensions, of gray digits."""
    generator = torch.Generator().manual_seed(0)
    config = ClusterVAEConfig(data_dim=64, latent_dim=2, hidden=(64,), labels="bayes-code", covariance="full")
    model = ClusterVAE(config, generator)
    _fit(model.vae, generator, epochs=20, batch_size=50, learning_rate=5e-3)
    start_mixture(model, load_digits().train_x, samples=1, restarts=1, seed=0)
    return model


@cache
def digits_hierarchy():
    """Three levels, of gray digits, with beta climbing over half of the epochs."""
    generator = torch.Generator().manual_seed(0)
    config = TopDownConfig(data_dim=64, latent_dims=(6, 4, 2), width=32, batch_norm=True)
    model = TopDown(config, generator)
    warm_up = linear_warm_up(6 * len(load_digits().train_x) // 50)
    _fit(
        model,
        generator,
        epochs=12,
        batch_size=50,
        learning_rate=8e-3,
        objective=beta_elbo,
        schedules={"beta": warm_up},
    )
    return model


@cache
def digits_beta_vae(beta, latent_dim, hidden):
    """A VAE of binarized digits as the playground trains it in the page, and the History of its training.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `beta` | number | weight of the KL |
    | `latent_dim`, `hidden` | whole numbers | Z, and the width of the one hidden layer |
    | returns | VAE, History | |
    """
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(data_dim=64, latent_dim=latent_dim, hidden=(hidden,)), generator)
    history = _fit(
        model,
        generator,
        epochs=25,
        batch_size=128,
        learning_rate=5e-3,
        prepare=binarize,
        objective=beta_elbo,
        schedules={"beta": lambda _: beta},
    )
    return model, history


@cache
def digits_beta_sweep():
    """The models of benchmarks/explorer_weights.py: VAEs of binarized digits over beta and the latent size.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | dict | (beta, latent_dim) -> VAE |
    """
    models = {}
    with (WEIGHTS / "beta_sweep.npz").open("rb") as binary, np.load(binary) as file:
        for size in file["latent_dims"].tolist():
            for beta, weights in zip(file["betas"].tolist(), file[f"weights_{size}"]):
                model = VAE(VAEConfig(data_dim=64, latent_dim=size, hidden=tuple(file["hidden"].tolist())))
                vector_to_parameters(
                    torch.tensor(weights, dtype=torch.get_default_dtype()), model.parameters()
                )
                models[beta, size] = model.eval()
    return models


def _fit(model, generator, **settings):
    return fit(model, load_digits().train_x, generator=generator, progress=False, **settings)
