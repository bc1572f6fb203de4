"""Models whose log p(x) is known exactly."""

import torch
from bad_input.inputs import HIERARCHY, NAN, WIDE, D, V, X, Z, mhvae, vae
from random_data import generator

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig
from hvae_lessons.oracles import BinaryTree, LinearGaussian
from hvae_lessons.oracles import autoregressive as pixelwise
from hvae_lessons.oracles.grid import GridModel

linear_vae = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(), likelihood="gaussian"), generator())
oracle = LinearGaussian.from_vae(linear_vae)
LINEAR_HIERARCHY = {**HIERARCHY, "hidden": ((), ()), "likelihood": "gaussian", "constant_variance": True}
linear_mhvae = MHVAE(MHVAEConfig(**LINEAR_HIERARCHY), generator())
grid = GridModel(lambda z: torch.cat([z, -z], -1), 0.0, torch.linspace(-6, 6, 31))
LOG_Q = grid.gaussian(V[:, :1], V[:, :1]).detach()
CODES = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
pixels = pixelwise.Autoregressive(D)
tree = BinaryTree(1)

GOOD = {
    LinearGaussian.from_vae: {"model": linear_vae},
    LinearGaussian.from_hierarchy: {"model": linear_mhvae},
    oracle.log_px: {"x": X},
    oracle.posterior: {"x": X},
    oracle.best_diagonal: {"x": X},
    oracle.elbo: {"x": X, "mean": V, "log_var": V},
    oracle.gap: {"x": X, "mean": V, "log_var": V},
    grid.log_likelihood: {"x": X[:, :2]},
    grid.log_joint: {"x": X[:, :2]},
    grid.log_px: {"x": X[:, :2]},
    grid.log_posterior: {"x": X[:, :2]},
    grid.posterior_moments: {"x": X[:, :2]},
    grid.gaussian: {"mean": V[:, :1], "log_var": V[:, :1]},
    grid.elbo: {"x": X[:, :2], "log_q": LOG_Q},
    grid.reverse_kl: {"x": X[:, :2], "log_q": LOG_Q},
    grid.forward_kl: {"x": X[:, :2], "log_q": LOG_Q},
    grid.best_gaussian: {"x": X[:, :2], "steps": 2},
    pixelwise.Autoregressive: {"size": 3},
    pixels.log_px: {"x": X},
    pixels.sample: {"count": 2},
    BinaryTree: {"depth": 1},
    tree.log_px: {"x": CODES},
    tree.sample: {"count": 2},
    tree.sample_in_order: {"count": 2},
}

BAD = [
    (LinearGaussian.from_vae, {"model": vae}, "model", "hidden=()", "hidden=(3,)"),
    (LinearGaussian.from_vae, {"model": mhvae}, "model", "a VAE", "MHVAE"),
    (LinearGaussian.from_hierarchy, {"model": vae}, "model", "a TopDown", "VAE"),
    (LinearGaussian.from_hierarchy, {"model": mhvae}, "model", "affine means", "hidden=((3,), ())"),
    (oracle.log_px, {"x": NAN}, "x", "finite", "NaN"),
    (oracle.posterior, {"x": V}, "x", "[..., 6]", "(4, 2)"),
    (oracle.best_diagonal, {"x": NAN}, "x", "finite", "NaN"),
    (oracle.elbo, {"x": NAN}, "x", "finite", "NaN"),
    (oracle.elbo, {"mean": X, "log_var": X}, "mean", "[..., 2]", "(4, 6)"),
    (oracle.gap, {"log_var": WIDE}, "log_var", "matches mean", "(4, 3)"),
    (grid.log_likelihood, {"x": X}, "x", "[B, 2]", "(4, 6)"),
    (grid.log_joint, {"x": NAN[:, :2]}, "x", "finite", "NaN"),
    (grid.log_px, {"x": X}, "x", "[B, 2]", "(4, 6)"),
    (grid.log_posterior, {"x": X}, "x", "[B, 2]", "(4, 6)"),
    (grid.posterior_moments, {"x": X}, "x", "[B, 2]", "(4, 6)"),
    (grid.gaussian, {"mean": V, "log_var": V}, "mean", "[B, 1]", "(4, 2)"),
    (grid.elbo, {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    (grid.reverse_kl, {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    (grid.forward_kl, {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    (grid.best_gaussian, {"steps": 0}, "steps", "1 or more", "0"),
    (pixelwise.Autoregressive, {"size": 0}, "size", "1 or more", "0"),
    (pixels.log_px, {"x": NAN}, "x", "finite", "NaN"),
    (pixels.log_px, {"x": V}, "x", "[..., 6]", "(4, 2)"),
    (pixels.sample, {"count": 0}, "count", "1 or more", "0"),
    (pixels.sample, {"generator": 1}, "generator", "torch.Generator", "1"),
    (BinaryTree, {"depth": 0}, "depth", "1 or more", "0"),
    (BinaryTree, {"flip": 0}, "flip", "strictly between 0 and 1", "0"),
    (BinaryTree, {"flip": 1.0}, "flip", "strictly between 0 and 1", "1.0"),
    (tree.log_px, {"x": WIDE}, "x", "at most 2 pixels", "(4, 3)"),
    (tree.sample, {"count": 0}, "count", "1 or more", "0"),
    (tree.sample_in_order, {"count": 0}, "count", "1 or more", "0"),
]
