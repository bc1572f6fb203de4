"""Bad input gets a sentence: which argument, what was expected, what came.

`GOOD` holds one working call of every public function that takes arguments. Two tables of refusals grow
from it: `BAD` lists by hand what a user may get wrong; `TENSORS` has every tensor in turn emptied, or
replaced by a list. A new public function fails `test_every_public_function_is_here` until it is in both.
"""

import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import hvae_lessons
from hvae_lessons import data, nets, objectives, results, training
from hvae_lessons.data import idx
from hvae_lessons.formulas import discrete_gradients as discrete
from hvae_lessons.formulas import distributions as dist
from hvae_lessons.formulas import divergences as div
from hvae_lessons.formulas import estimators as est
from hvae_lessons.formulas import labels as label_terms
from hvae_lessons.formulas import reparameterizations as rep
from hvae_lessons.measures import metrics
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.diffusion import Diffusion, DiffusionConfig, diffusion_marginal, diffusion_posterior
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig, markov_trace, noise_states
from hvae_lessons.models.parts import mixture as mixtures
from hvae_lessons.models.parts.families import AutoregressiveFlow, DiagonalGaussian, FullGaussian
from hvae_lessons.models.parts.levels import GaussianNet
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.models.topdown import (
    BottomUp,
    ConvTopDownConfig,
    TopDown,
    TopDownConfig,
    ladder,
    merge,
    residual,
)
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.oracles import autoregressive as pixelwise
from hvae_lessons.oracles import tree as trees
from hvae_lessons.oracles.grid import GridModel
from hvae_lessons.trace import Bernoulli, Gaussian, Point, Residual, standard_noise
from hvae_lessons.training import checkpoints, cluster_start, per_example, schedules, spectral

# checks is what raises; the others are the book's machinery, not called with a reader's data.
# Backbones are reached through TopDown alone, which looks at everything before it hands it on.
NOT_HERE = {
    "assertions",
    "checks",
    "figures",
    "notebook",
    "symbolic",
    "proofs",
    "theorems",
    "widgets",
    "models.parts.backbones",
}
# Its failures are files, disks and networks: tests/data/test_mnist_files.py.
TESTED_ELSEWHERE = {"data.mnist_files.read_mnist_files"}

B, K, Z, D = 4, 3, 2, 6
V = torch.full((B, Z), 0.5)  # any [B, Z]: mean, log-variance, noise or logits
M = torch.eye(Z).expand(B, Z, Z)  # any [B, Z, Z]
X = torch.full((B, D), 0.5)
WIDE = torch.zeros(B, Z + 1)
TALL = torch.zeros(B + 1, Z)
NAN = torch.full((B, D), torch.nan)
INFINITE = torch.full((B, Z), torch.inf)
BATCH_OF_FIVE = torch.eye(Z).expand(B + 1, Z, Z)


def seeded():
    return torch.Generator().manual_seed(0)


vae = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(3,)), seeded())
linear_vae = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(), likelihood="gaussian"), seeded())
oracle = LinearGaussian.from_vae(linear_vae)
HIERARCHY = {"data_dim": D, "latent_dims": (Z, 1), "hidden": ((3,), ())}
mhvae = MHVAE(MHVAEConfig(**HIERARCHY), seeded())
LINEAR_HIERARCHY = {**HIERARCHY, "hidden": ((), ()), "likelihood": "gaussian", "constant_variance": True}
linear_mhvae = MHVAE(MHVAEConfig(**LINEAR_HIERARCHY), seeded())
LEVELS = (V, V[:, :1])  # z or noise of both levels
TOP_DOWN = {"data_dim": D, "latent_dims": (Z, 1), "width": 3}
topdown = TopDown(TopDownConfig(**TOP_DOWN), seeded())
READING = {"p_z": Gaussian(V, V), "first": V, "second": V}
NORMALS = tuple(Gaussian(level, level) for level in LEVELS)
MARKOV = {"log_px_given_z": V[:, 0], "z": LEVELS, "q": NORMALS, "p": NORMALS}
diffusion = Diffusion(DiffusionConfig(data_dim=Z, steps=2, hidden=(3,)), seeded())
HALF = torch.tensor([0.5])
grid = GridModel(lambda z: torch.cat([z, -z], -1), 0.0, torch.linspace(-6, 6, 31))
LOG_Q = grid.gaussian(V[:, :1], V[:, :1]).detach()
TRACE = vae(X, seeded())
RELATIVE = Residual(Gaussian(V, V), V, V)
CODES = pixelwise.all_codes(2)
Y = 3
SMALL = {"data_dim": D, "latent_dim": Z, "hidden": (3,), "clusters": Y}
cluster_vae = ClusterVAE(ClusterVAEConfig(**SMALL, strategy="gumbel-softmax"), seeded())
startable = ClusterVAE(ClusterVAEConfig(**SMALL), seeded())
mixture = mixtures.GaussianMixture(Y, Z, "full", generator=seeded())
SPREAD_OUT = torch.rand(12, D, generator=seeded())
CENTERS, FACTORS = torch.ones(Y, Z), torch.eye(Z).expand(Y, Z, Z)
CLASSES = torch.tensor([0, 1, 2, 1])
COSTS = torch.ones(B, Y)
README = Path(data.__file__).parent / "_data" / "README.md"
LABELS = np.array([0, 0, 1, 1])
RUNS = [{"name": "a", "seed": seed, "nats": 2.0} for seed in (0, 1)]


KL_ARGUMENTS = {"mean_q": V, "log_var_q": V, "mean_p": V, "log_var_p": V}
FULL_KL_ARGUMENTS = {"mean_q": V, "scale_tril_q": M, "mean_p": V, "scale_tril_p": M}
FIT = {"model": vae, "x": X, "epochs": 1, "progress": False}
VARIATIONAL = {"posterior": DiagonalGaussian(Z), "log_joint": dist.standard_gaussian_log_prob, "size": Z}
IMAGES = {"name": "n", "train_x": X, "train_y": LABELS, "test_x": X, "test_y": LABELS, "image_shape": (2, 3)}

# One entry per public callable: how to call it so that it works. None: it needs a file, and is run elsewhere.
GOOD = {
    "data.images.ImageData": (data.ImageData, IMAGES),
    "data.images.load_mnist": (data.load_mnist, {"full": False}),
    "data.images.load_images": (data.load_images, {"name": "digits"}),
    "data.images.stratified_sample": (data.stratified_sample, {"labels": LABELS, "count": 2, "seed": 0}),
    "data.images.binarize": (data.binarize, {"x": X, "generator": seeded()}),
    "data.images.binarize_static": (data.binarize_static, {"x": X, "seed": 0}),
    "data.images.binarize_threshold": (data.binarize_threshold, {"x": X, "threshold": 0.5}),
    "data.images.pool2x2": (data.pool2x2, {"x": X[:, :4], "image_shape": (2, 2)}),
    "data.idx.parse_idx": (idx.parse_idx, {"content": b"\0\0\x08\1\0\0\0\1\7", "source": "seven"}),
    "data.idx.read_idx": (idx.read_idx, None),
    "nets.mlp": (nets.mlp, {"sizes": (D, 3, Z), "activation": "relu"}),
    "nets.hidden_layers": (nets.hidden_layers, {"sizes": (D, 3), "activation": "relu"}),
    "nets.BatchNorm": (nets.BatchNorm, {"size": Z}),
    "nets.BatchNorm.forward": (nets.BatchNorm(Z).forward, {"x": V}),
    "nets.conv": (nets.conv, {"inputs": 1, "outputs": 2, "side": 3}),
    "nets.linear": (nets.linear, {"inputs": D, "outputs": Z}),
    "nets.AutoregressiveLinear": (nets.AutoregressiveLinear, {"size": Z}),
    "nets.AutoregressiveLinear.forward": (nets.AutoregressiveLinear(Z).forward, {"z": V}),
    "formulas.distributions.gaussian_log_prob": (dist.gaussian_log_prob, {"z": V, "mean": V, "log_var": V}),
    "formulas.distributions.standard_gaussian_log_prob": (dist.standard_gaussian_log_prob, {"z": V}),
    "formulas.distributions.gaussian_full_log_prob": (
        dist.gaussian_full_log_prob,
        {"z": V, "mean": V, "scale_tril": M},
    ),
    "formulas.distributions.bernoulli_log_prob": (dist.bernoulli_log_prob, {"x": V, "logits": V}),
    "formulas.distributions.categorical_log_prob": (
        dist.categorical_log_prob,
        {"y": torch.zeros(B, dtype=torch.int64), "logits": V},
    ),
    "formulas.distributions.gaussian_entropy": (dist.gaussian_entropy, {"log_var": V}),
    "formulas.distributions.gaussian_full_entropy": (dist.gaussian_full_entropy, {"scale_tril": M}),
    "formulas.distributions.bernoulli_entropy": (dist.bernoulli_entropy, {"logits": V}),
    "formulas.distributions.categorical_entropy": (dist.categorical_entropy, {"logits": V}),
    "formulas.reparameterizations.gaussian_sample": (
        rep.gaussian_sample,
        {"mean": V, "log_var": V, "noise": V},
    ),
    "formulas.reparameterizations.masked_scale_tril": (rep.masked_scale_tril, {"log_var": V, "lower": M}),
    "formulas.reparameterizations.gaussian_full_sample": (
        rep.gaussian_full_sample,
        {"mean": V, "scale_tril": M, "noise": V},
    ),
    "formulas.reparameterizations.iaf_step": (rep.iaf_step, {"z": V, "shift": V, "gate": V}),
    "formulas.reparameterizations.gumbel_noise": (rep.gumbel_noise, {"shape": (B, Z)}),
    "formulas.reparameterizations.gumbel_max": (rep.gumbel_max, {"logits": V, "noise": V}),
    "formulas.reparameterizations.gumbel_softmax": (
        rep.gumbel_softmax,
        {"logits": V, "noise": V, "temperature": 1.0},
    ),
    "formulas.reparameterizations.straight_through": (rep.straight_through, {"soft": V}),
    "formulas.divergences.kl_gaussian_per_dimension": (div.kl_gaussian_per_dimension, KL_ARGUMENTS),
    "formulas.divergences.kl_gaussian": (div.kl_gaussian, KL_ARGUMENTS),
    "formulas.divergences.kl_standard_gaussian": (div.kl_standard_gaussian, {"mean": V, "log_var": V}),
    "formulas.divergences.kl_gaussian_full": (div.kl_gaussian_full, FULL_KL_ARGUMENTS),
    "formulas.divergences.kl_gaussian_residual": (
        div.kl_gaussian_residual,
        {"delta_mean": V, "delta_log_var": V, "log_var_p": V},
    ),
    "formulas.divergences.kl_gaussian_residual_per_dimension": (
        div.kl_gaussian_residual_per_dimension,
        {"delta_mean": V, "delta_log_var": V, "log_var_p": V},
    ),
    "formulas.divergences.gaussian_product": (
        div.gaussian_product,
        {"mean_1": V, "log_var_1": V, "mean_2": V, "log_var_2": V},
    ),
    "formulas.divergences.kl_categorical": (div.kl_categorical, {"logits_q": V, "logits_p": V}),
    "formulas.divergences.kl_categorical_uniform": (div.kl_categorical_uniform, {"logits": V}),
    "trace.standard_noise": (standard_noise, {"shape": (K, B), "like": V, "generator": seeded()}),
    "trace.Gaussian.standard_like": (Gaussian.standard_like, {"other": Gaussian(V, V)}),
    "trace.Gaussian.sample": (Gaussian(V, V).sample, {"noise": V}),
    "trace.Gaussian.log_prob": (Gaussian(V, V).log_prob, {"z": V}),
    "trace.Gaussian.log_prob_per_dimension": (Gaussian(V, V).log_prob_per_dimension, {"z": V}),
    "trace.Gaussian.kl_per_dimension": (Gaussian(V, V).kl_per_dimension, {"p": Gaussian(V, V)}),
    "trace.Residual.sample": (RELATIVE.sample, {"noise": V}),
    "trace.Residual.log_prob": (RELATIVE.log_prob, {"z": V}),
    "trace.Residual.log_prob_per_dimension": (RELATIVE.log_prob_per_dimension, {"z": V}),
    "trace.Residual.kl_per_dimension": (RELATIVE.kl_per_dimension, {"p": RELATIVE.p}),
    "trace.Point.sample": (Point(V).sample, {"noise": V}),
    "trace.Point.log_prob": (Point(V).log_prob, {"z": V}),
    "trace.Point.kl_per_dimension": (Point(V).kl_per_dimension, {"p": Gaussian(V, V)}),
    "trace.Bernoulli.log_prob": (Bernoulli(V).log_prob, {"x": V}),
    "oracles.linear_gaussian.LinearGaussian.from_vae": (LinearGaussian.from_vae, {"model": linear_vae}),
    "oracles.linear_gaussian.LinearGaussian.from_hierarchy": (
        LinearGaussian.from_hierarchy,
        {"model": linear_mhvae},
    ),
    "oracles.linear_gaussian.LinearGaussian.log_px": (oracle.log_px, {"x": X}),
    "oracles.linear_gaussian.LinearGaussian.posterior": (oracle.posterior, {"x": X}),
    "oracles.linear_gaussian.LinearGaussian.best_diagonal": (oracle.best_diagonal, {"x": X}),
    "oracles.linear_gaussian.LinearGaussian.elbo": (oracle.elbo, {"x": X, "mean": V, "log_var": V}),
    "oracles.linear_gaussian.LinearGaussian.gap": (oracle.gap, {"x": X, "mean": V, "log_var": V}),
    "models.vae.VAEConfig": (VAEConfig, {"data_dim": D, "hidden": (3,)}),
    "models.vae.VAE": (VAE, {"config": VAEConfig(data_dim=D)}),
    "models.vae.VAE.encode": (vae.encode, {"x": X}),
    "models.vae.VAE.decode": (vae.decode, {"z": V}),
    "models.vae.VAE.forward": (vae.forward, {"x": X, "samples": K}),
    "models.vae.VAE.sample": (vae.sample, {"count": B}),
    "models.parts.likelihood.check_likelihood": (
        check_likelihood,
        {"likelihood": "gaussian", "noise_log_var": 0.0},
    ),
    "models.parts.likelihood.Likelihood": (Likelihood, {"likelihood": "gaussian"}),
    "models.parts.likelihood.Likelihood.forward": (Likelihood("bernoulli").forward, {"output": V}),
    "models.parts.levels.GaussianNet": (GaussianNet, {"sizes": (D, Z)}),
    "models.parts.levels.GaussianNet.forward": (
        GaussianNet((Z, 3, Z), generator=seeded()).forward,
        {"inputs": V},
    ),
    "models.mhvae.MHVAEConfig": (MHVAEConfig, HIERARCHY),
    "models.mhvae.MHVAE": (MHVAE, {"config": MHVAEConfig(**HIERARCHY)}),
    "models.mhvae.MHVAE.infer": (mhvae.infer, {"x": X, "noise": LEVELS}),
    "models.mhvae.MHVAE.prior": (mhvae.prior, {"z": LEVELS}),
    "models.mhvae.MHVAE.decode": (mhvae.decode, {"z": LEVELS}),
    "models.mhvae.MHVAE.forward": (mhvae.forward, {"x": X, "samples": K}),
    "models.mhvae.MHVAE.generate": (mhvae.generate, {"noise": LEVELS}),
    "models.parts.levels.Hierarchy.noise_of": (mhvae.noise_of, {"z": LEVELS}),
    "models.parts.levels.Hierarchy.resample": (mhvae.resample, {"z": LEVELS, "levels": (1,)}),
    "models.parts.levels.Hierarchy.sample": (mhvae.sample, {"count": B}),
    "models.mhvae.markov_trace": (markov_trace, MARKOV),
    "models.topdown.merge": (merge, READING),
    "models.topdown.ladder": (ladder, READING),
    "models.topdown.residual": (residual, READING),
    "models.topdown.TopDownConfig": (TopDownConfig, TOP_DOWN),
    "models.topdown.ConvTopDownConfig": (
        ConvTopDownConfig,
        {"image_shape": (4, 4), "levels": ((4, 1), (2, 1))},
    ),
    "models.topdown.TopDown": (TopDown, {"config": TopDownConfig(**TOP_DOWN)}),
    "models.topdown.BottomUp": (BottomUp, {"config": TopDownConfig(**TOP_DOWN, posterior="merge")}),
    "models.topdown.TopDown.descend": (topdown.descend, {"batch": (B,), "choose": lambda l, d, p: p.mean}),
    "models.topdown.TopDown.forward": (topdown.forward, {"x": X, "samples": K}),
    "models.topdown.TopDown.infer": (topdown.infer, {"x": X, "noise": LEVELS}),
    "models.topdown.TopDown.prior": (topdown.prior, {"z": LEVELS}),
    "models.topdown.TopDown.decode": (topdown.decode, {"z": LEVELS}),
    "models.topdown.TopDown.generate": (topdown.generate, {"noise": LEVELS}),
    "models.mhvae.noise_states": (
        noise_states,
        {"decoders": [lambda h: h.expand(-1, Z)], "gains": (M[0], M[0][:1, :1]), "z": LEVELS},
    ),
    "models.diffusion.DiffusionConfig": (DiffusionConfig, {"data_dim": Z, "steps": 2}),
    "models.diffusion.Diffusion": (Diffusion, {"config": DiffusionConfig()}),
    "models.diffusion.Diffusion.encode": (diffusion.encode, {"x": V, "noise": torch.zeros(2, B, Z)}),
    "models.diffusion.Diffusion.denoise": (diffusion.denoise, {"z": torch.zeros(2, B, Z), "first": 1}),
    "models.diffusion.Diffusion.forward": (diffusion.forward, {"x": V, "samples": K}),
    "models.diffusion.Diffusion.sample": (diffusion.sample, {"count": B}),
    "models.diffusion.Diffusion.trajectory": (diffusion.trajectory, {"count": B}),
    "models.diffusion.diffusion_marginal": (diffusion_marginal, {"x": V, "kept": HALF}),
    "models.diffusion.diffusion_posterior": (
        diffusion_posterior,
        {"x": V, "z": V, "kept_below": HALF, "kept": HALF / 2},
    ),
    "models.parts.families.DiagonalGaussian": (DiagonalGaussian, {"size": Z}),
    "models.parts.families.DiagonalGaussian.forward": (DiagonalGaussian(Z).forward, {"noise": V}),
    "models.parts.families.FullGaussian": (FullGaussian, {"size": Z}),
    "models.parts.families.FullGaussian.forward": (FullGaussian(Z).forward, {"noise": V}),
    "models.parts.families.AutoregressiveFlow": (AutoregressiveFlow, {"size": Z, "steps": 2}),
    "models.parts.families.AutoregressiveFlow.forward": (AutoregressiveFlow(Z, 2).forward, {"noise": V}),
    "oracles.grid.GridModel.log_likelihood": (grid.log_likelihood, {"x": X[:, :2]}),
    "oracles.grid.GridModel.log_joint": (grid.log_joint, {"x": X[:, :2]}),
    "oracles.grid.GridModel.log_px": (grid.log_px, {"x": X[:, :2]}),
    "oracles.grid.GridModel.log_posterior": (grid.log_posterior, {"x": X[:, :2]}),
    "oracles.grid.GridModel.posterior_moments": (grid.posterior_moments, {"x": X[:, :2]}),
    "oracles.grid.GridModel.gaussian": (grid.gaussian, {"mean": V[:, :1], "log_var": V[:, :1]}),
    "oracles.grid.GridModel.elbo": (grid.elbo, {"x": X[:, :2], "log_q": LOG_Q}),
    "oracles.grid.GridModel.reverse_kl": (grid.reverse_kl, {"x": X[:, :2], "log_q": LOG_Q}),
    "oracles.grid.GridModel.forward_kl": (grid.forward_kl, {"x": X[:, :2], "log_q": LOG_Q}),
    "oracles.grid.GridModel.best_gaussian": (grid.best_gaussian, {"x": X[:, :2], "steps": 2}),
    "objectives.balanced_elbo": (objectives.balanced_elbo, {"trace": TRACE, "sizes": (2,), "beta": 0.5}),
    "objectives.balancing_weights": (objectives.balancing_weights, {"trace": TRACE, "sizes": (2,)}),
    "oracles.autoregressive.Autoregressive": (pixelwise.Autoregressive, {"size": 3}),
    "oracles.autoregressive.Autoregressive.log_px": (pixelwise.Autoregressive(D).log_px, {"x": X}),
    "oracles.autoregressive.Autoregressive.sample": (pixelwise.Autoregressive(D).sample, {"count": 2}),
    "oracles.autoregressive.all_codes": (pixelwise.all_codes, {"size": 3}),
    "oracles.autoregressive.copy_log_prob": (pixelwise.copy_log_prob, {"x": CODES, "z": CODES, "flip": 0.1}),
    "oracles.autoregressive.finite_terms": (
        pixelwise.finite_terms,
        {"log_px_given_z": V, "log_q_z": V, "log_pz": V[0]},
    ),
    "oracles.tree.tree_log_prob": (
        trees.tree_log_prob,
        {"x": CODES, "flip": torch.tensor([0.1]), "depth": 1},
    ),
    "oracles.tree.BinaryTree": (trees.BinaryTree, {"depth": 1}),
    "oracles.tree.BinaryTree.log_px": (trees.BinaryTree(1).log_px, {"x": CODES}),
    "oracles.tree.BinaryTree.sample": (trees.BinaryTree(1).sample, {"count": 2}),
    "oracles.tree.BinaryTree.sample_in_order": (trees.BinaryTree(1).sample_in_order, {"count": 2}),
    "objectives.elbo": (objectives.elbo, {"trace": TRACE}),
    "objectives.beta_elbo": (objectives.beta_elbo, {"trace": TRACE, "beta": 1.0}),
    "objectives.free_bits": (
        objectives.free_bits,
        {"trace": TRACE, "nats": 0.5, "per": "level", "clamp": "batch", "beta": 1.0},
    ),
    "objectives.reconstruction": (objectives.reconstruction, {"trace": TRACE}),
    "objectives.weighted_elbo": (objectives.weighted_elbo, {"trace": TRACE, "betas": (1.0,)}),
    "models.parts.mixture.mixture_log_prob": (
        mixtures.mixture_log_prob,
        {"z": V, "mean": CENTERS, "scale_tril": FACTORS},
    ),
    "models.parts.mixture.mixture_kl": (
        mixtures.mixture_kl,
        {"mean_q": V, "log_var_q": V, "mean": CENTERS, "scale_tril": FACTORS},
    ),
    "models.parts.mixture.GaussianMixture": (mixtures.GaussianMixture, {"clusters": Y, "latent_dim": Z}),
    "models.parts.mixture.GaussianMixture.log_prob": (mixture.log_prob, {"z": V}),
    "models.parts.mixture.GaussianMixture.log_prob_at": (mixture.log_prob_at, {"z": V, "y": CLASSES}),
    "models.parts.mixture.GaussianMixture.kl": (mixture.kl, {"q": Gaussian(V, V)}),
    "models.parts.mixture.GaussianMixture.kl_at": (mixture.kl_at, {"q": Gaussian(V, V), "y": CLASSES}),
    "models.parts.mixture.GaussianMixture.marginal_log_prob": (mixture.marginal_log_prob, {"z": V}),
    "models.parts.mixture.GaussianMixture.sample": (mixture.sample, {"y": CLASSES}),
    "models.parts.mixture.GaussianMixture.start_from": (
        mixture.start_from,
        {"mean": CENTERS, "covariance": FACTORS},
    ),
    "formulas.labels.log_ratio_cost": (
        label_terms.log_ratio_cost,
        {"log_q_z": V[:, 0], "log_pz_given_y": COSTS},
    ),
    "formulas.labels.expected_cost": (label_terms.expected_cost, {"cost": COSTS, "logits": COSTS}),
    "formulas.labels.sampled_cost": (
        label_terms.sampled_cost,
        {"cost_at_y": V[:, 0], "logits": COSTS, "y": CLASSES},
    ),
    "formulas.labels.mean_of_others": (label_terms.mean_of_others, {"values": V[:, 0]}),
    "formulas.labels.labels_given_code": (label_terms.labels_given_code, {"log_pz_given_y": COSTS}),
    "formulas.labels.labels_given_data": (label_terms.labels_given_data, {"kl_per_label": COSTS}),
    "formulas.labels.average_labels": (label_terms.average_labels, {"log_pz_given_y": COSTS}),
    "models.clustering.ClusterVAEConfig": (ClusterVAEConfig, SMALL),
    "models.clustering.ClusterVAE": (ClusterVAE, {"config": ClusterVAEConfig(**SMALL)}),
    "models.clustering.ClusterVAE.label_logits": (
        cluster_vae.label_logits,
        {"x": X, "z": V, "q_z": Gaussian(V, V)},
    ),
    "models.clustering.ClusterVAE.trace_at": (cluster_vae.trace_at, {"x": X, "z": V, "gumbel": COSTS}),
    "models.clustering.ClusterVAE.forward": (cluster_vae.forward, {"x": X, "samples": K}),
    "models.clustering.ClusterVAE.assign": (cluster_vae.assign, {"x": X}),
    "models.clustering.ClusterVAE.sample_clusters": (cluster_vae.sample_clusters, {"count": B}),
    "models.clustering.ClusterVAE.sample": (cluster_vae.sample, {"count": B}),
    "training.cluster_start.start_mixture": (
        cluster_start.start_mixture,
        {"model": startable, "x": SPREAD_OUT, "restarts": 1},
    ),
    "measures.metrics.match_clusters": (metrics.match_clusters, {"clusters": CLASSES, "labels": CLASSES}),
    "measures.metrics.label_information": (metrics.label_information, {"probs": V}),
    "formulas.estimators.importance_weighted_bound": (est.importance_weighted_bound, {"log_weight": V}),
    "formulas.estimators.log_px_estimate": (
        est.log_px_estimate,
        {"model": vae, "x": X, "samples": K, "chunk": 2},
    ),
    "formulas.estimators.pathwise_gradient": (
        est.pathwise_gradient,
        {"df": torch.sin, "mean": V, "log_var": V, "noise": V},
    ),
    "formulas.estimators.score_function_gradient": (
        est.score_function_gradient,
        {"f": lambda z: z.sum(-1), "mean": V, "log_var": V, "noise": V},
    ),
    "formulas.discrete_gradients.categorical_gradient": (
        discrete.categorical_gradient,
        {"values": V, "logits": V},
    ),
    "formulas.discrete_gradients.categorical_score_gradient": (
        discrete.categorical_score_gradient,
        {"values": V[0], "logits": V[0], "noise": V},
    ),
    "formulas.discrete_gradients.relaxed_gradient": (
        discrete.relaxed_gradient,
        {"f": lambda w: w.sum(-1), "logits": V[0], "noise": V, "temperature": 1.0},
    ),
    "training.per_example.fit_posterior": (
        per_example.fit_posterior,
        {**VARIATIONAL, "steps": 1, "samples": 2},
    ),
    "training.per_example.estimate_elbo": (per_example.estimate_elbo, {**VARIATIONAL, "samples": 2}),
    "measures.metrics.active_by_kl": (metrics.active_by_kl, {"kl_per_dimension": V, "threshold": 0.1}),
    "measures.metrics.active_by_variance": (metrics.active_by_variance, {"mean": V, "threshold": 0.1}),
    "measures.metrics.linear_probe": (
        metrics.linear_probe,
        {"train_z": V * torch.arange(B).unsqueeze(-1), "train_y": LABELS, "test_z": V, "test_y": LABELS},
    ),
    "training.schedules.linear_warm_up": (schedules.linear_warm_up, {"steps": 10, "start": 0.0, "end": 1.0}),
    "training.spectral.power_iteration": (
        spectral.power_iteration,
        {"weight": V, "vector": V[0], "steps": 1},
    ),
    "training.spectral.weight_matrices": (spectral.weight_matrices, {"model": vae}),
    "training.loop.fit": (training.fit, FIT),
    "results.load_results": (results.load_results, {"name": "vae_seeds"}),
    "results.by_seed": (results.by_seed, {"runs": RUNS, "key": "nats", "name": "a"}),
    "results.spread": (results.spread, {"values": [1.0, 2.0]}),
    "results.compare": (results.compare, {"first": [1.0] * 5, "second": [2.0] * 5}),
    "training.checkpoints.save_checkpoint": (checkpoints.save_checkpoint, None),
    "training.checkpoints.load_checkpoint": (checkpoints.load_checkpoint, None),
}

# (callable, arguments that differ from GOOD, the argument named, what was expected, what came)
BAD = [
    ("data.images.ImageData", {"train_x": X * 3}, "train_x", "pixels in [0, 1]", "1.5"),
    ("data.images.ImageData", {"test_x": X[:, :5]}, "test_x", "[N, 6]", "(4, 5)"),
    ("data.images.ImageData", {"test_y": LABELS[:3]}, "test_y", "one label per image", "(3,)"),
    ("data.images.ImageData", {"image_shape": 6}, "image_shape", "(height, width)", "6"),
    ("data.images.load_mnist", {"full": "digits"}, "full", "True or False", "'digits'"),
    ("data.images.load_images", {"name": "cifar"}, "name", "'mnist', 'mnist-full', 'digits'", "'cifar'"),
    ("data.images.stratified_sample", {"count": 5}, "count", "1 to 4", "5"),
    ("data.images.stratified_sample", {"count": 0}, "count", "1 to 4", "0"),
    ("data.images.stratified_sample", {"labels": LABELS[:0]}, "labels", "at least one row", "(0,)"),
    ("data.images.stratified_sample", {"labels": np.eye(2)}, "labels", "[N]", "(2, 2)"),
    ("data.images.stratified_sample", {"labels": LABELS - 1}, "labels", "0 or more", "from -1"),
    ("data.images.binarize", {"x": X + 1}, "x", "pixels in [0, 1]", "from 1.5 to 1.5"),
    ("data.images.binarize", {"x": -X}, "x", "pixels in [0, 1]", "-0.5"),
    ("data.images.binarize", {"x": NAN}, "x", "finite", "NaN"),
    ("data.images.binarize", {"x": X.byte()}, "x", "floating-point", "torch.uint8"),
    ("data.images.binarize", {"generator": 3}, "generator", "a torch.Generator", "3"),
    ("data.images.binarize_static", {"x": NAN}, "x", "finite", "NaN"),
    ("data.images.binarize_static", {"seed": "zero"}, "seed", "an int", "'zero'"),
    ("data.images.binarize_threshold", {"x": X * 255}, "x", "pixels in [0, 1]", "127.5"),
    ("data.images.binarize_threshold", {"threshold": 127}, "threshold", "[0, 1)", "127"),
    ("data.images.pool2x2", {"image_shape": (1, 4)}, "image_shape", "even height and width", "(1, 4)"),
    ("data.images.pool2x2", {"image_shape": (2, 4)}, "x", "[N, 8]", "(4, 4)"),
    ("data.images.pool2x2", {"image_shape": 2}, "image_shape", "(height, width)", "2"),
    ("data.images.pool2x2", {"x": NAN}, "x", "finite", "NaN"),
    ("data.idx.parse_idx", {"content": b"GIF89a"}, "seven", "magic number", "0x47494638"),
    ("data.idx.parse_idx", {"content": b"\0\0\x08\1\0\0\0\2\7"}, "seven", "10 bytes", "9 bytes"),
    ("data.idx.read_idx", {"path": README}, str(README), "magic number", "0x"),
    ("nets.mlp", {"sizes": (D,)}, "sizes", "input, hidden ..., output", "(6,)"),
    ("nets.mlp", {"sizes": (D, 0, Z)}, "outputs", "1 or more", "0"),
    ("nets.mlp", {"activation": "gelu"}, "activation", "'relu', 'tanh', 'softplus'", "'gelu'"),
    ("nets.hidden_layers", {"sizes": ()}, "sizes", "input, hidden ...", "()"),
    ("nets.hidden_layers", {"activation": "gelu"}, "activation", "'relu'", "'gelu'"),
    ("nets.BatchNorm", {"size": 0}, "size", "1 or more", "0"),
    ("nets.BatchNorm.forward", {"x": WIDE}, "x", "[..., 2]", "(4, 3)"),
    ("nets.BatchNorm.forward", {"x": V[:1]}, "x", "two vectors or more, while training", "(1, 2)"),
    ("nets.conv", {"side": 2}, "side", "an odd number", "2"),
    ("nets.conv", {"outputs": 0}, "outputs", "1 or more", "0"),
    ("nets.conv", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("nets.linear", {"inputs": 0}, "inputs", "1 or more", "0"),
    ("nets.linear", {"outputs": 2.5}, "outputs", "whole number", "2.5"),
    ("nets.AutoregressiveLinear", {"size": 0}, "size", "1 or more", "0"),
    ("nets.AutoregressiveLinear.forward", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("formulas.distributions.gaussian_log_prob", {"mean": WIDE}, "mean", "matches z (4, 2)", "(4, 3)"),
    ("formulas.distributions.gaussian_log_prob", {"log_var": TALL}, "log_var", "matches z (4, 2)", "(5, 2)"),
    (  # each fits z, but not the other
        "formulas.distributions.gaussian_log_prob",
        {"z": V[0], "log_var": TALL},
        "log_var",
        "matches mean (4, 2)",
        "(5, 2)",
    ),
    ("formulas.distributions.gaussian_log_prob", {"log_var": 0.0}, "log_var", "a tensor", "float"),
    (
        "formulas.distributions.standard_gaussian_log_prob",
        {"z": torch.tensor(1.0)},
        "z",
        "one dimension",
        "a scalar",
    ),
    (
        "formulas.distributions.gaussian_full_log_prob",
        {"scale_tril": V},
        "scale_tril",
        "[..., 2, 2]",
        "(4, 2)",
    ),
    (
        "formulas.distributions.gaussian_full_log_prob",
        {"scale_tril": BATCH_OF_FIVE},
        "scale_tril",
        "match (4,)",
        "(5, 2, 2)",
    ),
    ("formulas.distributions.gaussian_full_log_prob", {"mean": WIDE}, "mean", "matches z", "(4, 3)"),
    ("formulas.distributions.bernoulli_log_prob", {"logits": WIDE}, "logits", "matches x (4, 2)", "(4, 3)"),
    ("formulas.distributions.categorical_log_prob", {"y": torch.zeros(5).long()}, "y", "shape (4,)", "(5,)"),
    ("formulas.distributions.categorical_log_prob", {"y": 1}, "y", "a tensor", "int"),
    ("formulas.distributions.gaussian_entropy", {"log_var": V[0, 0]}, "log_var", "one dimension", "a scalar"),
    (
        "formulas.distributions.gaussian_full_entropy",
        {"scale_tril": V},
        "scale_tril",
        "[..., 2, 2]",
        "(4, 2)",
    ),
    (
        "formulas.distributions.bernoulli_entropy",
        {"logits": V[:0]},
        "logits",
        "at least one example",
        "(0, 2)",
    ),
    (
        "formulas.distributions.categorical_entropy",
        {"logits": V[:, :0]},
        "logits",
        "one coordinate",
        "(4, 0)",
    ),
    ("formulas.reparameterizations.gaussian_sample", {"log_var": WIDE}, "log_var", "matches noise", "(4, 3)"),
    (
        "formulas.reparameterizations.gaussian_sample",
        {"mean": TALL},
        "mean",
        "matches noise (4, 2)",
        "(5, 2)",
    ),
    ("formulas.reparameterizations.masked_scale_tril", {"lower": V}, "lower", "[..., 2, 2]", "(4, 2)"),
    (
        "formulas.reparameterizations.masked_scale_tril",
        {"lower": BATCH_OF_FIVE},
        "lower",
        "match (4,)",
        "(5, 2, 2)",
    ),
    ("formulas.reparameterizations.gaussian_full_sample", {"mean": WIDE}, "mean", "matches noise", "(4, 3)"),
    (
        "formulas.reparameterizations.gaussian_full_sample",
        {"scale_tril": V},
        "scale_tril",
        "[..., 2, 2]",
        "(4, 2)",
    ),
    ("formulas.reparameterizations.iaf_step", {"gate": WIDE}, "gate", "matches z (4, 2)", "(4, 3)"),
    ("formulas.reparameterizations.gumbel_noise", {"generator": 7}, "generator", "a torch.Generator", "7"),
    ("formulas.reparameterizations.gumbel_noise", {"shape": (B, -1)}, "shape", "1 or more", "-1"),
    ("formulas.reparameterizations.gumbel_max", {"logits": WIDE}, "logits", "matches noise", "(4, 3)"),
    ("formulas.reparameterizations.gumbel_softmax", {"temperature": -1.0}, "temperature", "above 0", "-1.0"),
    ("formulas.reparameterizations.gumbel_softmax", {"temperature": 0}, "temperature", "above 0", "0"),
    (
        "formulas.reparameterizations.gumbel_softmax",
        {"temperature": float("nan")},
        "temperature",
        "above 0",
        "nan",
    ),
    ("formulas.reparameterizations.gumbel_softmax", {"logits": WIDE}, "logits", "matches noise", "(4, 3)"),
    (
        "formulas.reparameterizations.straight_through",
        {"soft": V[:0]},
        "soft",
        "at least one example",
        "(0, 2)",
    ),
    (
        "formulas.divergences.kl_gaussian_per_dimension",
        {"mean_p": WIDE},
        "mean_p",
        "matches mean_q",
        "(4, 3)",
    ),
    ("formulas.divergences.kl_gaussian", {"log_var_p": TALL}, "log_var_p", "matches mean_q (4, 2)", "(5, 2)"),
    (
        "formulas.divergences.kl_standard_gaussian",
        {"log_var": WIDE},
        "log_var",
        "matches mean (4, 2)",
        "(4, 3)",
    ),
    ("formulas.divergences.kl_gaussian_full", {"scale_tril_q": V}, "scale_tril_q", "[..., 2, 2]", "(4, 2)"),
    (
        "formulas.divergences.kl_gaussian_full",
        {"scale_tril_p": BATCH_OF_FIVE},
        "scale_tril_p",
        "match (4,)",
        "(5, 2, 2)",
    ),
    (
        "formulas.divergences.kl_gaussian_residual",
        {"log_var_p": WIDE},
        "log_var_p",
        "matches delta_mean",
        "(4, 3)",
    ),
    (
        "formulas.divergences.kl_gaussian_residual_per_dimension",
        {"log_var_p": WIDE},
        "log_var_p",
        "delta_mean",
        "(4, 3)",
    ),
    ("formulas.divergences.gaussian_product", {"mean_2": WIDE}, "mean_2", "matches mean_1 (4, 2)", "(4, 3)"),
    (
        "formulas.divergences.gaussian_product",
        {"log_var_2": TALL},
        "log_var_2",
        "matches mean_1 (4, 2)",
        "(5, 2)",
    ),
    ("formulas.divergences.kl_categorical", {"logits_p": WIDE}, "logits_p", "matches logits_q", "(4, 3)"),
    (
        "formulas.divergences.kl_categorical_uniform",
        {"logits": V[0, 0]},
        "logits",
        "one dimension",
        "a scalar",
    ),
    ("trace.standard_noise", {"shape": (B, 0)}, "shape", "1 or more", "0"),
    ("trace.standard_noise", {"like": 0.5}, "like", "a tensor", "float"),
    ("trace.standard_noise", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("trace.Gaussian.standard_like", {"other": V}, "other", "a Residual or a Point", "Tensor"),
    ("trace.Gaussian.sample", {"noise": WIDE}, "mean", "matches noise (4, 3)", "(4, 2)"),
    ("trace.Gaussian.log_prob", {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    ("trace.Gaussian.log_prob_per_dimension", {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    ("trace.Gaussian.kl_per_dimension", {"p": V}, "p", "a Gaussian", "Tensor"),
    ("trace.Gaussian.kl_per_dimension", {"p": Gaussian(WIDE, WIDE)}, "mean_p", "mean_q", "(4, 3)"),
    ("trace.Residual.sample", {"noise": WIDE}, "mean", "matches noise (4, 3)", "(4, 2)"),
    ("trace.Residual.log_prob", {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    ("trace.Residual.log_prob_per_dimension", {"z": WIDE}, "mean", "matches z (4, 3)", "(4, 2)"),
    ("trace.Residual.kl_per_dimension", {"p": V}, "p", "a Gaussian", "Tensor"),
    ("trace.Residual.kl_per_dimension", {"p": Gaussian(WIDE, WIDE)}, "mean_p", "mean_q", "(4, 3)"),
    ("trace.Point.sample", {"noise": WIDE}, "noise", "matches mean (4, 2)", "(4, 3)"),
    ("trace.Point.log_prob", {"z": WIDE}, "z", "matches mean (4, 2)", "(4, 3)"),
    ("trace.Point.kl_per_dimension", {"p": V}, "p", "a Gaussian", "Tensor"),
    ("trace.Bernoulli.log_prob", {"x": WIDE}, "logits", "matches x (4, 3)", "(4, 2)"),
    ("oracles.linear_gaussian.LinearGaussian.from_vae", {"model": vae}, "model", "hidden=()", "hidden=(3,)"),
    ("oracles.linear_gaussian.LinearGaussian.from_hierarchy", {"model": vae}, "model", "a TopDown", "VAE"),
    (
        "oracles.linear_gaussian.LinearGaussian.from_hierarchy",
        {"model": mhvae},
        "model",
        "affine means",
        "hidden=((3,), ())",
    ),
    ("oracles.linear_gaussian.LinearGaussian.log_px", {"x": NAN}, "x", "finite", "NaN"),
    ("oracles.linear_gaussian.LinearGaussian.posterior", {"x": V}, "x", "[..., 6]", "(4, 2)"),
    ("oracles.linear_gaussian.LinearGaussian.best_diagonal", {"x": NAN}, "x", "finite", "NaN"),
    ("oracles.linear_gaussian.LinearGaussian.elbo", {"x": NAN}, "x", "finite", "NaN"),
    ("oracles.linear_gaussian.LinearGaussian.elbo", {"mean": X, "log_var": X}, "mean", "[..., 2]", "(4, 6)"),
    ("oracles.linear_gaussian.LinearGaussian.gap", {"log_var": WIDE}, "log_var", "matches mean", "(4, 3)"),
    ("models.vae.VAEConfig", {"data_dim": 0}, "data_dim", "1 or more", "0"),
    ("models.vae.VAEConfig", {"latent_dim": 2.0}, "latent_dim", "whole number", "2.0"),
    ("models.vae.VAEConfig", {"hidden": (200, -1)}, "hidden", "1 or more", "-1"),
    ("models.vae.VAEConfig", {"likelihood": "laplace"}, "likelihood", "'bernoulli', 'gaussian'", "'laplace'"),
    ("models.vae.VAEConfig", {"posterior": "flow"}, "posterior", "'gaussian', 'point'", "'flow'"),
    ("models.vae.VAEConfig", {"activation": "swish"}, "activation", "'relu'", "'swish'"),
    ("models.vae.VAEConfig", {"noise_log_var": 0.0}, "noise_log_var", "None with a Bernoulli", "0.0"),
    ("models.vae.VAE", {"config": {"data_dim": D}}, "config", "a VAEConfig", "dict"),
    ("models.vae.VAE.encode", {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    ("models.vae.VAE.encode", {"x": NAN}, "x", "finite", "NaN"),
    ("models.vae.VAE.encode", {"x": X.byte()}, "x", "floating-point", "torch.uint8"),
    ("models.vae.VAE.decode", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("models.vae.VAE.forward", {"x": NAN}, "x", "finite", "NaN"),
    ("models.vae.VAE.forward", {"samples": 0}, "samples", "1 or more", "0"),
    ("models.vae.VAE.sample", {"count": 0}, "count", "1 or more", "0"),
    ("models.vae.VAE", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.vae.VAE.forward", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.vae.VAE.sample", {"generator": 0}, "generator", "a torch.Generator", "0"),
    (
        "models.parts.likelihood.check_likelihood",
        {"likelihood": "laplace"},
        "likelihood",
        "'gaussian'",
        "'laplace'",
    ),
    (
        "models.parts.likelihood.check_likelihood",
        {"noise_log_var": float("nan")},
        "noise_log_var",
        "a finite number, or None",
        "nan",
    ),
    (
        "models.parts.likelihood.Likelihood",
        {"noise_log_var": float("inf")},
        "noise_log_var",
        "a finite",
        "inf",
    ),
    ("models.parts.likelihood.Likelihood", {"likelihood": "cat"}, "likelihood", "'bernoulli'", "'cat'"),
    (
        "models.parts.likelihood.Likelihood",
        {"likelihood": "bernoulli", "noise_log_var": 0.0},
        "noise_log_var",
        "None with a Bernoulli",
        "0.0",
    ),
    (
        "models.parts.likelihood.Likelihood.forward",
        {"output": V[:0]},
        "output",
        "at least one example",
        "(0, 2)",
    ),
    ("models.mhvae.MHVAEConfig", {"latent_dims": ()}, "latent_dims", "one level or more", "()"),
    ("models.mhvae.MHVAEConfig", {"latent_dims": (2, 0)}, "latent_dims", "1 or more", "0"),
    ("models.mhvae.MHVAEConfig", {"hidden": ((3,),)}, "hidden", "each of 2 levels", "((3,),)"),
    ("models.mhvae.MHVAEConfig", {"hidden": (3, 3)}, "hidden", "a tuple of widths", "3"),
    ("models.mhvae.MHVAEConfig", {"hidden": ((0,), ())}, "hidden", "1 or more", "0"),
    ("models.mhvae.MHVAEConfig", {"likelihood": "laplace"}, "likelihood", "'bernoulli'", "'laplace'"),
    ("models.mhvae.MHVAEConfig", {"wiring": "ladder"}, "wiring", "'chain', 'noise'", "'ladder'"),
    ("models.mhvae.MHVAEConfig", {"activation": "swish"}, "activation", "'relu'", "'swish'"),
    ("models.mhvae.MHVAE", {"config": VAEConfig()}, "config", "an MHVAEConfig", "VAEConfig"),
    ("models.mhvae.MHVAE.infer", {"x": NAN}, "x", "finite", "NaN"),
    ("models.mhvae.MHVAE.infer", {"noise": V}, "noise", "2 tensors", "Tensor"),
    ("models.mhvae.MHVAE.prior", {"z": (V,)}, "z", "2 levels", "1"),
    ("models.mhvae.MHVAE.decode", {"z": (V, V)}, "z", "[..., 1]", "(4, 2)"),
    ("models.mhvae.MHVAE.forward", {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    ("models.mhvae.MHVAE.forward", {"samples": 0}, "samples", "1 or more", "0"),
    ("models.mhvae.MHVAE", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.mhvae.MHVAE.forward", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.mhvae.MHVAE.generate", {"noise": (V[:0], V[:, :1])}, "noise", "at least one example", "(0, 2)"),
    ("models.parts.levels.GaussianNet", {"sizes": (D,)}, "sizes", "input, hidden", "(6,)"),
    ("models.parts.levels.GaussianNet", {"sizes": (D, 0)}, "sizes", "1 or more", "0"),
    ("models.parts.levels.GaussianNet.forward", {"inputs": WIDE}, "inputs", "[..., 2]", "(4, 3)"),
    ("models.topdown.merge", {"second": WIDE}, "second", "matches mean", "(4, 3)"),
    ("models.topdown.ladder", {"first": WIDE}, "first", "matches mean", "(4, 3)"),
    ("models.topdown.residual", {"first": WIDE}, "first", "matches mean", "(4, 3)"),
    ("models.topdown.TopDownConfig", {"latent_dims": ()}, "latent_dims", "one level or more", "()"),
    ("models.topdown.TopDownConfig", {"width": 0}, "width", "1 or more", "0"),
    ("models.topdown.TopDownConfig", {"blocks": -1}, "blocks", "0 or more", "-1"),
    ("models.topdown.TopDownConfig", {"posterior": "flow"}, "posterior", "'merge', 'ladder'", "'flow'"),
    ("models.topdown.TopDownConfig", {"activation": "swish"}, "activation", "'relu'", "'swish'"),
    ("models.topdown.ConvTopDownConfig", {"image_shape": (4, 6)}, "image_shape", "equal", "(4, 6)"),
    ("models.topdown.ConvTopDownConfig", {"image_shape": 28}, "image_shape", "height, width", "28"),
    ("models.topdown.ConvTopDownConfig", {"levels": ((3, 1),)}, "levels", "a side that divides 4", "3"),
    ("models.topdown.ConvTopDownConfig", {"levels": (4, 2)}, "levels", "(side, maps)", "4"),
    ("models.topdown.ConvTopDownConfig", {"channels": 0}, "channels", "1 or more", "0"),
    ("models.topdown.TopDown", {"config": mhvae.config}, "config", "a TopDownConfig", "MHVAEConfig"),
    ("models.topdown.TopDown", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.topdown.BottomUp", {"config": topdown.config}, "config", "posterior='merge'", "residual"),
    ("models.topdown.TopDown.descend", {"choose": lambda l, d, p: V}, "choose", "shape (4, 1)", "(4, 2)"),
    ("models.topdown.TopDown.forward", {"x": NAN}, "x", "finite", "NaN"),
    ("models.topdown.TopDown.forward", {"x": V}, "x", "[..., 6]", "(4, 2)"),
    ("models.topdown.TopDown.forward", {"samples": 0}, "samples", "1 or more", "0"),
    ("models.topdown.TopDown.forward", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.topdown.TopDown.infer", {"x": NAN}, "x", "finite", "NaN"),
    ("models.topdown.TopDown.infer", {"noise": (V,)}, "noise", "2 levels", "1"),
    ("models.topdown.TopDown.prior", {"z": (V, V)}, "z", "[..., 1]", "(4, 2)"),
    ("models.topdown.TopDown.decode", {"z": V}, "z", "2 tensors", "Tensor"),
    ("models.topdown.TopDown.generate", {"noise": (V,)}, "noise", "2 levels", "1"),
    ("models.parts.levels.Hierarchy.noise_of", {"z": (V,)}, "z", "2 levels", "1"),
    ("models.parts.levels.Hierarchy.resample", {"levels": (0,)}, "levels", "one of 1, 2", "0"),
    ("models.parts.levels.Hierarchy.resample", {"z": (V,)}, "z", "2 levels", "1"),
    ("models.parts.levels.Hierarchy.sample", {"count": 0}, "count", "1 or more", "0"),
    ("models.mhvae.markov_trace", {"z": ()}, "z", "one level or more", "0"),
    ("models.mhvae.markov_trace", {"q": NORMALS[:1]}, "q", "2 levels", "1"),
    ("models.mhvae.noise_states", {"decoders": []}, "decoders", "1 levels", "0"),
    ("models.mhvae.noise_states", {"gains": (M[0],)}, "gains", "2 levels", "1"),
    ("models.diffusion.DiffusionConfig", {"steps": 1}, "steps", "two or more", "1"),
    ("models.diffusion.DiffusionConfig", {"data_dim": 0}, "data_dim", "1 or more", "0"),
    ("models.diffusion.Diffusion", {"config": None}, "config", "a DiffusionConfig", "NoneType"),
    ("models.diffusion.Diffusion.encode", {"noise": torch.zeros(3, B, Z)}, "noise", "[2, ...]", "(3, 4, 2)"),
    ("models.diffusion.Diffusion.denoise", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("models.diffusion.Diffusion.denoise", {"first": 2}, "first", "at most 2 steps", "2 and 2"),
    ("models.diffusion.Diffusion.forward", {"x": INFINITE}, "x", "finite", "infinity"),
    ("models.diffusion.Diffusion.sample", {"count": 0}, "count", "1 or more", "0"),
    ("models.diffusion.Diffusion.trajectory", {"count": -1}, "count", "1 or more", "-1"),
    ("models.diffusion.Diffusion", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.diffusion.Diffusion.forward", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.diffusion.Diffusion.sample", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.diffusion.Diffusion.trajectory", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.diffusion.diffusion_marginal", {"kept": V}, "kept", "[1], one share", "(4, 2)"),
    ("models.diffusion.diffusion_posterior", {"z": WIDE}, "z", "matches x (4, 2)", "(4, 3)"),
    ("models.parts.families.DiagonalGaussian", {"size": 0}, "size", "1 or more", "0"),
    ("models.parts.families.DiagonalGaussian.forward", {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
    ("models.parts.families.FullGaussian", {"size": -1}, "size", "1 or more", "-1"),
    ("models.parts.families.FullGaussian.forward", {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
    ("models.parts.families.AutoregressiveFlow", {"steps": 0}, "steps", "1 or more", "0"),
    ("models.parts.families.AutoregressiveFlow", {"size": 0}, "size", "1 or more", "0"),
    ("models.parts.families.AutoregressiveFlow.forward", {"noise": WIDE}, "noise", "[..., 2]", "(4, 3)"),
    ("oracles.grid.GridModel.log_likelihood", {"x": X}, "x", "[B, 2]", "(4, 6)"),
    ("oracles.grid.GridModel.log_joint", {"x": NAN[:, :2]}, "x", "finite", "NaN"),
    ("oracles.grid.GridModel.log_px", {"x": X}, "x", "[B, 2]", "(4, 6)"),
    ("oracles.grid.GridModel.log_posterior", {"x": X}, "x", "[B, 2]", "(4, 6)"),
    ("oracles.grid.GridModel.posterior_moments", {"x": X}, "x", "[B, 2]", "(4, 6)"),
    ("oracles.grid.GridModel.gaussian", {"mean": V, "log_var": V}, "mean", "[B, 1]", "(4, 2)"),
    ("oracles.grid.GridModel.elbo", {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    ("oracles.grid.GridModel.reverse_kl", {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    ("oracles.grid.GridModel.forward_kl", {"log_q": V}, "log_q", "matches z (31,)", "(4, 2)"),
    ("oracles.grid.GridModel.best_gaussian", {"steps": 0}, "steps", "1 or more", "0"),
    ("objectives.balanced_elbo", {"trace": V}, "trace", "Trace", "Tensor"),
    ("objectives.balanced_elbo", {"sizes": (1, 1)}, "sizes", "1 sizes", "2"),
    ("objectives.balanced_elbo", {"beta": -0.5}, "beta", "0 or more", "-0.5"),
    ("objectives.balancing_weights", {"trace": None}, "trace", "Trace", "NoneType"),
    ("objectives.balancing_weights", {"sizes": (0,)}, "sizes", "above 0", "0"),
    ("oracles.autoregressive.Autoregressive", {"size": 0}, "size", "1 or more", "0"),
    ("oracles.autoregressive.Autoregressive.log_px", {"x": NAN}, "x", "finite", "NaN"),
    ("oracles.autoregressive.Autoregressive.log_px", {"x": V}, "x", "[..., 6]", "(4, 2)"),
    ("oracles.autoregressive.Autoregressive.sample", {"count": 0}, "count", "1 or more", "0"),
    ("oracles.autoregressive.Autoregressive.sample", {"generator": 1}, "generator", "torch.Generator", "1"),
    ("oracles.autoregressive.all_codes", {"size": 784}, "size", "at most 16", "784"),
    ("oracles.autoregressive.copy_log_prob", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("oracles.autoregressive.copy_log_prob", {"flip": 1}, "flip", "probability", "1"),
    ("oracles.autoregressive.finite_terms", {"log_q_z": WIDE}, "log_q_z", "matches log_px_given_z", "(4, 3)"),
    ("oracles.tree.tree_log_prob", {"x": WIDE}, "x", "at most 2 pixels", "(4, 3)"),
    ("oracles.tree.tree_log_prob", {"flip": V}, "flip", "[..., 1]", "(4, 2)"),
    ("oracles.tree.tree_log_prob", {"depth": 0}, "depth", "1 or more", "0"),
    ("oracles.tree.BinaryTree", {"depth": 0}, "depth", "1 or more", "0"),
    ("oracles.tree.BinaryTree", {"flip": 0}, "flip", "strictly between 0 and 1", "0"),
    ("oracles.tree.BinaryTree", {"flip": 1.0}, "flip", "strictly between 0 and 1", "1.0"),
    ("oracles.tree.BinaryTree.log_px", {"x": WIDE}, "x", "at most 2 pixels", "(4, 3)"),
    ("oracles.tree.BinaryTree.sample", {"count": 0}, "count", "1 or more", "0"),
    ("oracles.tree.BinaryTree.sample_in_order", {"count": 0}, "count", "1 or more", "0"),
    ("objectives.elbo", {"trace": V}, "trace", "Trace", "Tensor"),
    ("objectives.beta_elbo", {"trace": V}, "trace", "Trace", "Tensor"),
    ("objectives.beta_elbo", {"beta": -0.5}, "beta", "0 or more", "-0.5"),
    ("objectives.beta_elbo", {"beta": float("inf")}, "beta", "finite", "inf"),
    ("objectives.free_bits", {"trace": V}, "trace", "Trace", "Tensor"),
    ("objectives.free_bits", {"nats": -0.1}, "nats", "0 or more", "-0.1"),
    ("objectives.free_bits", {"per": "pixel"}, "per", "'level', 'dimension'", "'pixel'"),
    ("objectives.free_bits", {"clamp": "always"}, "clamp", "'batch', 'example'", "'always'"),
    ("objectives.free_bits", {"beta": -1.0}, "beta", "0 or more", "-1.0"),
    ("objectives.reconstruction", {"trace": None}, "trace", "Trace", "NoneType"),
    (
        "formulas.estimators.importance_weighted_bound",
        {"log_weight": V[0, 0]},
        "log_weight",
        "dimension",
        "a scalar",
    ),
    ("formulas.estimators.log_px_estimate", {"x": NAN}, "x", "finite", "NaN"),
    ("formulas.estimators.log_px_estimate", {"x": WIDE}, "x", "[..., 6]", ", 3)"),
    ("formulas.estimators.log_px_estimate", {"samples": 0}, "samples", "1 or more", "0"),
    ("formulas.estimators.log_px_estimate", {"chunk": 0}, "chunk", "1 or more", "0"),
    ("formulas.estimators.pathwise_gradient", {"mean": WIDE}, "mean", "matches noise", "(4, 3)"),
    ("formulas.estimators.pathwise_gradient", {"df": lambda z: z.sum(-1)}, "df", "shape (4, 2)", "(4,)"),
    ("formulas.estimators.score_function_gradient", {"log_var": WIDE}, "log_var", "matches noise", "(4, 3)"),
    ("formulas.estimators.score_function_gradient", {"f": torch.sin}, "f", "shape (4,)", "(4, 2)"),
    (
        "formulas.discrete_gradients.categorical_gradient",
        {"logits": WIDE},
        "logits",
        "matches values",
        "(4, 3)",
    ),
    ("formulas.discrete_gradients.categorical_score_gradient", {"values": V}, "values", "[Y]", "(4, 2)"),
    ("formulas.discrete_gradients.relaxed_gradient", {"temperature": -1.0}, "temperature", "above 0", "-1.0"),
    ("formulas.discrete_gradients.relaxed_gradient", {"f": torch.sin}, "f", "shape (4,)", "(4, 2)"),
    ("training.per_example.fit_posterior", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("training.per_example.fit_posterior", {"size": 0}, "size", "1 or more", "0"),
    ("training.per_example.fit_posterior", {"steps": 0}, "steps", "1 or more", "0"),
    ("training.per_example.fit_posterior", {"learning_rate": 0.0}, "learning_rate", "above 0", "0.0"),
    ("training.per_example.fit_posterior", {"log_joint": torch.sin}, "log_joint", "shape (2,)", "(2, 2)"),
    (
        "training.per_example.fit_posterior",
        {"log_joint": lambda z: z[:, 0] / 0},
        "log_joint",
        "a finite ELBO",
        "step 0",
    ),
    ("training.per_example.estimate_elbo", {"samples": 1}, "samples", "2 or more", "1"),
    ("training.per_example.estimate_elbo", {"log_joint": torch.sin}, "log_joint", "shape (2,)", "(2, 2)"),
    ("objectives.weighted_elbo", {"betas": (1.0, 1.0)}, "betas", "1 weights", "2"),
    ("objectives.weighted_elbo", {"betas": (-1.0,)}, "betas", "0 or more", "-1.0"),
    ("models.parts.mixture.mixture_log_prob", {"mean": V[0]}, "mean", "matches z (4, 2)", "(2,)"),
    ("models.parts.mixture.mixture_log_prob", {"scale_tril": V}, "scale_tril", "[..., 2, 2]", "(4, 2)"),
    ("models.parts.mixture.mixture_kl", {"log_var_q": WIDE}, "log_var_q", "matches mean_q", "(4, 3)"),
    ("models.parts.mixture.mixture_kl", {"mean": WIDE}, "mean", "matches mean_q", "(4, 3)"),
    ("models.parts.mixture.GaussianMixture", {"clusters": 0}, "clusters", "1 or more", "0"),
    ("models.parts.mixture.GaussianMixture", {"covariance": "tied"}, "covariance", "'full'", "'tied'"),
    ("models.parts.mixture.GaussianMixture", {"spread": 0.0}, "spread", "above 0", "0.0"),
    ("models.parts.mixture.GaussianMixture.log_prob", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("models.parts.mixture.GaussianMixture.log_prob_at", {"y": CLASSES[:2]}, "y", "one label for each", "2"),
    ("models.parts.mixture.GaussianMixture.kl", {"q": Gaussian(WIDE, WIDE)}, "q", "[..., 2]", "(4, 3)"),
    ("models.parts.mixture.GaussianMixture.kl_at", {"y": 1}, "y", "one label for each", "int"),
    ("models.parts.mixture.GaussianMixture.marginal_log_prob", {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
    ("models.parts.mixture.GaussianMixture.sample", {"y": V}, "y", "whole numbers", "0.5"),
    ("models.parts.mixture.GaussianMixture", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.parts.mixture.GaussianMixture.sample", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.parts.mixture.GaussianMixture.start_from", {"mean": V}, "mean", "(3, 2)", "(4, 2)"),
    (
        "models.parts.mixture.GaussianMixture.start_from",
        {"covariance": -FACTORS},
        "covariance",
        "positive",
        "-1",
    ),
    ("formulas.labels.log_ratio_cost", {"log_q_z": V}, "log_q_z", "(4,)", "[4, 2]"),
    ("formulas.labels.expected_cost", {"logits": V}, "logits", "matches cost (4, 3)", "(4, 2)"),
    ("formulas.labels.sampled_cost", {"cost_at_y": V}, "cost_at_y", "(4,)", "[4, 2]"),
    ("formulas.labels.mean_of_others", {"values": V[0, 0]}, "values", "one dimension", "a scalar"),
    (
        "formulas.labels.labels_given_code",
        {"log_pz_given_y": V[0, 0]},
        "log_pz_given_y",
        "one dim",
        "a scalar",
    ),
    ("formulas.labels.labels_given_data", {"kl_per_label": V[0, 0]}, "kl_per_label", "one dim", "a scalar"),
    ("formulas.labels.average_labels", {"log_pz_given_y": V[0, 0]}, "log_pz_given_y", "one dim", "a scalar"),
    ("models.clustering.ClusterVAEConfig", {"clusters": 0}, "clusters", "1 or more", "0"),
    ("models.clustering.ClusterVAEConfig", {"labels": "oracle"}, "labels", "'bayes-code'", "'oracle'"),
    ("models.clustering.ClusterVAEConfig", {"form": "both"}, "form", "'log-ratio'", "'both'"),
    ("models.clustering.ClusterVAEConfig", {"strategy": "guess"}, "strategy", "'exact'", "'guess'"),
    ("models.clustering.ClusterVAEConfig", {"temperature": 0.0}, "temperature", "above 0", "0.0"),
    ("models.clustering.ClusterVAEConfig", {"covariance": "tied"}, "covariance", "'full'", "'tied'"),
    ("models.clustering.ClusterVAEConfig", {"latent_dim": 0}, "latent_dim", "1 or more", "0"),
    ("models.clustering.ClusterVAE", {"config": {}}, "config", "ClusterVAEConfig", "dict"),
    ("models.clustering.ClusterVAE.label_logits", {"x": X[:, :5]}, "x", "[..., 6]", "(4, 5)"),
    ("models.clustering.ClusterVAE.trace_at", {"z": WIDE}, "z", "4, 2", "[4, 3]"),
    ("models.clustering.ClusterVAE.trace_at", {"gumbel": None}, "gumbel", "a tensor", "NoneType"),
    ("models.clustering.ClusterVAE.forward", {"x": NAN}, "x", "finite", "NaN"),
    ("models.clustering.ClusterVAE.forward", {"samples": 0}, "samples", "1 or more", "0"),
    ("models.clustering.ClusterVAE.assign", {"x": X[:, :5]}, "x", "[..., 6]", "(4, 5)"),
    ("models.clustering.ClusterVAE.sample_clusters", {"count": 0}, "count", "1 or more", "0"),
    ("models.clustering.ClusterVAE.sample", {"count": 0}, "count", "1 or more", "0"),
    ("models.clustering.ClusterVAE", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.clustering.ClusterVAE.forward", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.clustering.ClusterVAE.sample_clusters", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("models.clustering.ClusterVAE.sample", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("training.cluster_start.start_mixture", {"model": vae}, "model", "a ClusterVAE", "VAE"),
    ("training.cluster_start.start_mixture", {"x": SPREAD_OUT[:2]}, "x", "3 examples", "2"),
    ("training.cluster_start.start_mixture", {"codes": "modes"}, "codes", "'samples'", "'modes'"),
    ("training.cluster_start.start_mixture", {"restarts": 0}, "restarts", "1 or more", "0"),
    ("measures.metrics.match_clusters", {"clusters": V}, "clusters", "[N] int64", "torch.float32"),
    ("measures.metrics.match_clusters", {"labels": CLASSES[:2]}, "labels", "4 labels", "2"),
    ("measures.metrics.match_clusters", {"labels": CLASSES - 1}, "labels", "0 or more", "-1"),
    ("measures.metrics.label_information", {"probs": NAN}, "probs", "finite", "NaN"),
    ("measures.metrics.label_information", {"probs": V * 3}, "probs", "rows of probabilities", "off by 2"),
    ("measures.metrics.active_by_kl", {"kl_per_dimension": NAN}, "kl_per_dimension", "finite", "NaN"),
    (
        "measures.metrics.active_by_kl",
        {"kl_per_dimension": INFINITE},
        "kl_per_dimension",
        "finite",
        "infinity",
    ),
    ("measures.metrics.active_by_kl", {"threshold": -0.1}, "threshold", "0 or more", "-0.1"),
    ("measures.metrics.active_by_variance", {"mean": NAN}, "mean", "finite", "NaN"),
    ("measures.metrics.active_by_variance", {"mean": V[:1]}, "mean", "at least two examples", "1"),
    ("measures.metrics.active_by_variance", {"threshold": -0.1}, "threshold", "0 or more", "-0.1"),
    ("measures.metrics.linear_probe", {"train_z": NAN}, "train_z", "finite", "NaN"),
    ("measures.metrics.linear_probe", {"test_z": WIDE}, "test_z", "[..., 2]", "(4, 3)"),
    ("measures.metrics.linear_probe", {"train_y": LABELS[:3]}, "train_y", "4 labels", "3"),
    ("measures.metrics.linear_probe", {"test_y": 3}, "test_y", "4 labels", "int"),
    ("training.schedules.linear_warm_up", {"steps": 0}, "steps", "1 or more", "0"),
    ("training.schedules.linear_warm_up", {"end": -1.0}, "end", "0 or more", "-1.0"),
    ("training.spectral.power_iteration", {"weight": V[0]}, "weight", "a matrix", "(2,)"),
    ("training.spectral.power_iteration", {"vector": WIDE[0]}, "vector", "[..., 2]", "(3,)"),
    ("training.spectral.power_iteration", {"vector": V}, "vector", "[2]", "(4, 2)"),
    ("training.spectral.power_iteration", {"vector": torch.zeros(Z)}, "vector", "a direction", "zeros"),
    ("training.spectral.power_iteration", {"steps": 0}, "steps", "1 or more", "0"),
    (
        "training.spectral.weight_matrices",
        {"model": nn.ReLU()},
        "model",
        "a linear or convolutional layer",
        "ReLU",
    ),
    ("training.spectral.weight_matrices", {"model": "vae"}, "model", "an nn.Module", "str"),
    ("training.loop.fit", {"x": NAN}, "x", "finite", "NaN"),
    ("training.loop.fit", {"skip_gradients_above": 0.0}, "skip_gradients_above", "above 0", "0.0"),
    ("training.loop.fit", {"skip_gradients_above": float("nan")}, "skip_gradients_above", "above 0", "nan"),
    ("training.loop.fit", {"penalty": 0.1}, "penalty", "a function", "0.1"),
    ("training.loop.fit", {"penalty": lambda: 0.1}, "penalty", "a tensor", "float"),
    ("training.loop.fit", {"penalty": lambda: V}, "penalty", "shape ()", "(4, 2)"),
    ("training.loop.fit", {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    ("training.loop.fit", {"epochs": 0}, "epochs", "1 or more", "0"),
    ("training.loop.fit", {"batch_size": 0}, "batch_size", "1 or more", "0"),
    ("training.loop.fit", {"generator": 0}, "generator", "a torch.Generator", "0"),
    ("training.loop.fit", {"learning_rate": -1e-3}, "learning_rate", "above 0", "-0.001"),
    (
        "training.loop.fit",
        {"objective": objectives.beta_elbo, "schedules": {"beta": lambda step: -1.0}},
        "beta",
        "0 or more",
        "-1.0",
    ),
    ("results.load_results", {"name": "vae"}, "name", "'vae_seeds'", "'vae'"),
    ("results.by_seed", {"name": "c"}, "chosen", "one run for each seed", "'c'"),
    ("results.by_seed", {"key": "bits"}, "key", "'nats'", "'bits'"),
    ("results.by_seed", {"runs": RUNS * 2}, "chosen", "one run for each seed", "'a'"),
    ("results.spread", {"values": []}, "values", "finite numbers", "[]"),
    ("results.spread", {"values": [1.0, float("nan")]}, "values", "finite numbers", "nan"),
    ("results.compare", {"second": [2.0] * 4}, "second", "5 values", "4"),
    ("results.compare", {"first": [float("inf")] * 5}, "first", "finite numbers", "inf"),
    (
        "training.checkpoints.save_checkpoint",
        {"model": nn.Linear(1, 1), "path": "x"},
        "model",
        "config",
        "Linear",
    ),
    (
        "training.checkpoints.load_checkpoint",
        {"path": README, "model_class": VAE, "config_class": VAEConfig},
        "path",
        "a checkpoint",
        "README.md",
    ),
]


@pytest.mark.parametrize("name", [name for name, (_, arguments) in GOOD.items() if arguments is not None])
def test_the_working_calls_work(name):
    function, arguments = GOOD[name]
    function(**arguments)


@pytest.mark.parametrize(
    ("name", "changes", "argument", "expected", "got"),
    BAD,
    ids=[f"{name}-{'-'.join(changes)}" for name, changes, *_ in BAD],
)
def test_refusal_names_argument_expected_and_got(name, changes, argument, expected, got):
    function, arguments = GOOD[name]
    with pytest.raises(ValueError) as refusal:
        function(**{**(arguments or {}), **changes})
    named, _, rest = str(refusal.value).partition(": expected ")
    wanted, _, came = rest.partition(", got ")
    assert named == argument
    assert expected in wanted
    assert got in came


TENSORS = [
    (name, argument)
    for name, (_, arguments) in GOOD.items()
    for argument, value in (arguments or {}).items()
    if isinstance(value, torch.Tensor)
]


@pytest.mark.parametrize(("name", "argument"), TENSORS)
@pytest.mark.parametrize("make", [lambda t: t[:0], lambda t: t.tolist()], ids=["empty", "a list"])
def test_no_tensor_may_be_empty_or_a_list(name, argument, make):
    function, arguments = GOOD[name]
    with pytest.raises(ValueError, match=r"^\w+: expected .+, got .+") as refusal:
        function(**{**arguments, argument: make(arguments[argument])})
    assert str(refusal.value).partition(":")[0] in {*arguments, "mean", "logits", "z"}


def public_callables():
    """Functions and methods with arguments, and constructors that check, as "module.name"."""
    for info in pkgutil.walk_packages(hvae_lessons.__path__, "hvae_lessons."):
        short = info.name.removeprefix("hvae_lessons.")
        if short in NOT_HERE or short.split(".")[0] in NOT_HERE:
            continue
        module = importlib.import_module(info.name)
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", None) != info.name:
                continue
            if inspect.isfunction(member) and inspect.signature(member).parameters:
                yield f"{short}.{name}"
            elif inspect.isclass(member) and not issubclass(member, Exception):
                yield from (f"{short}.{name}{method}" for method in _checked_methods(member))


def _checked_methods(cls):
    own = vars(cls)
    if "__post_init__" in own or (issubclass(cls, nn.Module) and "__init__" in own):
        yield ""
    for name, member in own.items():
        function = member.__func__ if isinstance(member, classmethod) else member
        takes_arguments = inspect.isfunction(function) and len(inspect.signature(function).parameters) > 1
        if takes_arguments and not name.startswith("_"):
            yield f".{name}"


def test_every_public_function_is_here():
    public = set(public_callables()) - TESTED_ELSEWHERE
    assert public - GOOD.keys() == set(), "no working call in GOOD"
    assert public - {name for name, *_ in BAD} == set(), "no bad call in BAD"
    assert GOOD.keys() - public == set(), "in GOOD, but not public"
