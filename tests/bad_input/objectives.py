"""Objectives, functions of a trace."""

import torch
from bad_input.inputs import D, V, X, Z, mhvae, vae
from random_data import generator

from hvae_lessons import objectives
from hvae_lessons.models import VAE, VAEConfig

TRACE = vae(X, generator())
TWO_LEVELS = mhvae(X, generator())
with torch.no_grad():
    LAYER, ONE_EXAMPLE = (vae(x, generator()).layers[0] for x in (X, X[:1]))
NOTHING = {"divergence": lambda layer: layer.z.sum()}
AUTOENCODED = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(), posterior="point"), generator())(X)

GOOD = {
    objectives.balanced_elbo: {"trace": TRACE, "sizes": (2,), "beta": 0.5},
    objectives.balancing_weights: {"trace": TRACE, "sizes": (2,)},
    objectives.elbo: {"trace": TRACE},
    objectives.beta_elbo: {"trace": TRACE, "beta": 1.0},
    objectives.beta_tc_elbo: {"trace": TRACE, "beta": 2.0, "data_size": 10},
    objectives.free_bits: {"trace": TRACE, "nats": 0.5, "per": "level", "clamp": "batch", "beta": 1.0},
    objectives.info_vae: {"trace": TRACE, "alpha": 0.5, "lambda_": 1.0, **NOTHING},
    objectives.mmd_to_prior: {"layer": LAYER, "bandwidth": 1.0, "generator": generator()},
    objectives.reconstruction: {"trace": TRACE},
    objectives.weighted_elbo: {"trace": TRACE, "betas": (1.0,)},
}

BAD = [
    (objectives.balanced_elbo, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.balanced_elbo, {"sizes": (1, 1)}, "sizes", "1 sizes", "2"),
    (objectives.balanced_elbo, {"beta": -0.5}, "beta", "0 or more", "-0.5"),
    (objectives.balancing_weights, {"trace": None}, "trace", "Trace", "NoneType"),
    (objectives.balancing_weights, {"sizes": (0,)}, "sizes", "above 0", "0"),
    (objectives.elbo, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.beta_elbo, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.beta_elbo, {"beta": -0.5}, "beta", "0 or more", "-0.5"),
    (objectives.beta_elbo, {"beta": float("inf")}, "beta", "finite", "inf"),
    (objectives.beta_elbo, {"beta": torch.tensor([0.5, -0.5, 1, 1])}, "beta", "0 or more", "-0.5 to 1"),
    (objectives.beta_elbo, {"beta": torch.ones(2, 1)}, "beta", "broadcasts to (4,)", "(2, 1)"),
    (objectives.beta_elbo, {"beta": torch.ones(1, dtype=torch.int64)}, "beta", "floating", "int64"),
    (objectives.beta_tc_elbo, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.beta_tc_elbo, {"trace": mhvae(X, generator())}, "trace", "one stochastic layer", "2"),
    (objectives.beta_tc_elbo, {"trace": AUTOENCODED}, "trace", "q is a Gaussian", "Point"),
    (objectives.beta_tc_elbo, {"beta": -1.0}, "beta", "0 or more", "-1.0"),
    (objectives.beta_tc_elbo, {"data_size": 3}, "data_size", "4 or more", "3"),
    (objectives.beta_tc_elbo, {"data_size": 10.0}, "data_size", "a whole number", "10.0"),
    (objectives.free_bits, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.free_bits, {"nats": -0.1}, "nats", "0 or more", "-0.1"),
    (objectives.free_bits, {"per": "pixel"}, "per", "'level', 'dimension'", "'pixel'"),
    (objectives.free_bits, {"clamp": "always"}, "clamp", "'batch', 'example'", "'always'"),
    (objectives.free_bits, {"beta": -1.0}, "beta", "0 or more", "-1.0"),
    (objectives.info_vae, {"trace": V}, "trace", "Trace", "Tensor"),
    (objectives.info_vae, {"trace": TWO_LEVELS}, "trace", "one stochastic layer", "2 layers"),
    (objectives.info_vae, {"alpha": 1.5}, "alpha", "1 or less", "1.5"),
    (objectives.info_vae, {"alpha": float("-inf")}, "alpha", "finite", "-inf"),
    (objectives.info_vae, {"lambda_": -1.0}, "lambda_", "0 or more", "-1.0"),
    (objectives.info_vae, {"lambda_": 0.25}, "lambda_", "at least 0.5", "0.25"),
    (objectives.info_vae, {"divergence": lambda layer: layer.kl}, "divergence", "shape ()", "(4,)"),
    (objectives.mmd_to_prior, {"bandwidth": -1.0}, "bandwidth", "above 0", "-1.0"),
    (objectives.mmd_to_prior, {"layer": ONE_EXAMPLE}, "kernel_qq", "2 samples or more", "1"),
    (objectives.mmd_to_prior, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (objectives.reconstruction, {"trace": None}, "trace", "Trace", "NoneType"),
    (objectives.weighted_elbo, {"betas": (1.0, 1.0)}, "betas", "1 weights", "2"),
    (objectives.weighted_elbo, {"betas": (-1.0,)}, "betas", "0 or more", "-1.0"),
]
