"""Models return a Trace; objectives judge it."""

from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.grid import GridModel
from hvae_lessons.models.linear_gaussian import LinearGaussian
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig
from hvae_lessons.models.mixture import GaussianMixture
from hvae_lessons.models.trace import Bernoulli, Gaussian, Layer, Point, Trace
from hvae_lessons.models.vae import VAE, VAEConfig

__all__ = [
    "MHVAE",
    "VAE",
    "Bernoulli",
    "ClusterVAE",
    "ClusterVAEConfig",
    "Gaussian",
    "GaussianMixture",
    "GridModel",
    "Layer",
    "LinearGaussian",
    "MHVAEConfig",
    "Point",
    "Trace",
    "VAEConfig",
]
