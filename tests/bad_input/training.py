"""Training loop, schedules, checkpoints, and what starts or constrains a model."""

import torch
from bad_input.inputs import NAN, README, SMALL, WIDE, D, V, X, Z, mhvae, vae
from random_data import generator
from torch import nn

from hvae_lessons import objectives, training
from hvae_lessons.formulas import distributions as dist
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.parts.families import DiagonalGaussian
from hvae_lessons.training import (
    adversary,
    checkpoints,
    cluster_start,
    per_example,
    schedules,
    spectral_penalty,
)

wider = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(4,)), generator())
startable = ClusterVAE(ClusterVAEConfig(**SMALL), generator())
SPREAD_OUT = torch.rand(12, D, generator=generator())
FIT = {"model": vae, "x": X, "epochs": 1, "progress": False}
MANY = {"models": [VAE(vae.config, generator(i)) for i in (0, 1)], "x": X, "epochs": 1, "progress": False}
WEIGHTED = {"objective": objectives.beta_elbo}
SWEEP = {
    "train": lambda seed, beta: [{"rate": b} for b in beta],
    "grid": {"seed": [0, 1], "beta": [0.5, 1.0]},
    "together": "beta",
    "progress": False,
}
VARIATIONAL = {"posterior": DiagonalGaussian(Z), "log_joint": dist.standard_gaussian_log_prob, "size": Z}

GOOD = {
    adversary.Adversary.learn: None,
    cluster_start.start_mixture: {"model": startable, "x": SPREAD_OUT, "restarts": 1},
    per_example.fit_posterior: {**VARIATIONAL, "steps": 1, "samples": 2},
    per_example.estimate_elbo: {**VARIATIONAL, "samples": 2},
    schedules.linear_warm_up: {"steps": 10, "start": 0.0, "end": 1.0},
    spectral_penalty.weight_matrices: {"model": vae},
    training.fit: FIT,
    training.fit_many: MANY,
    training.sweep: SWEEP,
    checkpoints.save_checkpoint: None,
    checkpoints.load_checkpoint: None,
}

BAD = [
    (per_example.fit_posterior, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (per_example.fit_posterior, {"size": 0}, "size", "1 or more", "0"),
    (per_example.fit_posterior, {"steps": 0}, "steps", "1 or more", "0"),
    (per_example.fit_posterior, {"learning_rate": 0.0}, "learning_rate", "above 0", "0.0"),
    (per_example.fit_posterior, {"log_joint": torch.sin}, "log_joint", "shape (2,)", "(2, 2)"),
    (per_example.fit_posterior, {"log_joint": lambda z: z[:, 0] / 0}, "log_joint", "a finite ELBO", "step 0"),
    (per_example.estimate_elbo, {"samples": 1}, "samples", "2 or more", "1"),
    (per_example.estimate_elbo, {"log_joint": torch.sin}, "log_joint", "shape (2,)", "(2, 2)"),
    (adversary.Adversary.learn, {"self": adversary.Adversary(Z)}, "codes", "of a batch", "none"),
    (cluster_start.start_mixture, {"model": vae}, "model", "a ClusterVAE", "VAE"),
    (cluster_start.start_mixture, {"x": SPREAD_OUT[:2]}, "x", "3 examples", "2"),
    (cluster_start.start_mixture, {"codes": "modes"}, "codes", "'samples'", "'modes'"),
    (cluster_start.start_mixture, {"restarts": 0}, "restarts", "1 or more", "0"),
    (schedules.linear_warm_up, {"steps": 0}, "steps", "1 or more", "0"),
    (schedules.linear_warm_up, {"end": -1.0}, "end", "0 or more", "-1.0"),
    (
        spectral_penalty.weight_matrices,
        {"model": nn.ReLU()},
        "model",
        "a linear or convolutional layer",
        "ReLU",
    ),
    (spectral_penalty.weight_matrices, {"model": "vae"}, "model", "an nn.Module", "str"),
    (training.fit, {"x": NAN}, "x", "finite", "NaN"),
    (training.fit, {"skip_gradients_above": 0.0}, "skip_gradients_above", "above 0", "0.0"),
    (training.fit, {"skip_gradients_above": float("nan")}, "skip_gradients_above", "above 0", "nan"),
    (training.fit, {"objective": lambda trace: trace.kl.mean()}, "objective", "of shape (4,)", "()"),
    (training.fit, {"objective": lambda trace: 0.0}, "objective", "a tensor", "float"),
    (training.fit, {"columns": {"kl": lambda trace: trace.kl}}, "columns", "names other than", "'kl'"),
    (training.fit, {"columns": {"nats": "kl"}}, "columns", "a function of a Trace", "'kl'"),
    (training.fit, {"columns": {"nats": lambda trace: V}}, "columns", "from 'nats'", "(4, 2)"),
    (training.fit, {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    (training.fit, {"epochs": 0}, "epochs", "1 or more", "0"),
    (training.fit, {"batch_size": 0}, "batch_size", "1 or more", "0"),
    (training.fit, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (training.fit, {"learning_rate": -1e-3}, "learning_rate", "above 0", "-0.001"),
    (
        training.fit,
        {"objective": objectives.beta_elbo, "schedules": {"beta": lambda step: -1.0}},
        "beta",
        "0 or more",
        "-1.0",
    ),
    (training.fit_many, {"models": []}, "models", "one model or more", "none"),
    (training.fit_many, {"models": vae}, "models", "a list of models", "VAE"),
    (training.fit_many, {"models": [vae, "vae"]}, "models", "an nn.Module", "str"),
    (training.fit_many, {"models": [vae, vae]}, "models", "each once", "1 again"),
    (training.fit_many, {"models": [vae, mhvae]}, "models", "VAEs alone", "MHVAE"),
    (training.fit_many, {"models": [vae, wider]}, "models", "one structure", "model 1"),
    (training.fit_many, {"x": NAN}, "x", "finite", "NaN"),
    (training.fit_many, {"x": WIDE}, "x", "[..., 6]", "(4, 3)"),
    (training.fit_many, {"epochs": 0}, "epochs", "1 or more", "0"),
    (training.fit_many, {"batch_size": 0}, "batch_size", "1 or more", "0"),
    (training.fit_many, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (training.fit_many, {"learning_rate": -1e-3}, "learning_rate", "above 0", "-0.001"),
    (training.fit_many, {"progress": "no"}, "progress", "True or False", "no"),
    (training.fit_many, {"prepare": 1}, "prepare", "a function of x, generator", "1"),
    (training.fit_many, {"objective": lambda trace: trace.kl.mean()}, "objective", "shape (2, 4)", "()"),
    (training.fit_many, {**WEIGHTED, "schedules": [1.0]}, "schedules", "a dict", "[1.0]"),
    (training.fit_many, {**WEIGHTED, "schedules": {"beta": 1.0}}, "schedules", "2 values of 'beta'", "1.0"),
    (training.fit_many, {**WEIGHTED, "schedules": {"beta": [1.0]}}, "schedules", "2 values of 'beta'", "1"),
    (training.fit_many, {**WEIGHTED, "schedules": {"beta": [1.0, "1"]}}, "schedules", "for 'beta'", "'1'"),
    (training.fit_many, {**WEIGHTED, "schedules": {"beta": [1.0, -1.0]}}, "beta", "0 or more", "-1 to 1"),
    (training.fit_many, {"schedules": {"beta": [1.0, 2.0]}}, "objective", "trace, beta", "(trace)"),
    (training.sweep, {"grid": {}}, "grid", "a dict of axes", "{}"),
    (training.sweep, {"grid": {"seed": [0], "beta": []}}, "grid", "one value of 'beta'", "none"),
    (training.sweep, {"grid": {"seed": 0, "beta": [1.0]}}, "grid", "a list of values of 'seed'", "0"),
    (training.sweep, {"grid": {**SWEEP["grid"], "gamma": [1]}}, "grid", "train takes: seed, beta", "gamma"),
    (training.sweep, {"grid": {"beta": [1.0]}}, "grid", "each of seed, beta", "beta"),
    (training.sweep, {"together": "gamma"}, "together", "'seed', 'beta'", "'gamma'"),
    (training.sweep, {"folder": 1}, "folder", "a path", "1"),
    (training.sweep, {"jobs": 0}, "jobs", "other than 0", "0"),
    (training.sweep, {"progress": 1}, "progress", "True or False", "1"),
    (training.sweep, {"train": 1}, "train", "a function of seed, beta", "1"),
    (training.sweep, {"train": lambda seed, beta: [{}]}, "train", "a list of 2 dicts", "[{}]"),
    (checkpoints.save_checkpoint, {"model": nn.Linear(1, 1), "path": "x"}, "model", "config", "Linear"),
    (
        checkpoints.load_checkpoint,
        {"path": README, "model_class": VAE, "config_class": VAEConfig},
        "path",
        "a checkpoint",
        "README.md",
    ),
]
