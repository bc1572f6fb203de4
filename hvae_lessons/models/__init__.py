"""Models return a Trace; objectives judge it."""

from hvae_lessons.models.autoregressive import Autoregressive
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.grid import GridModel
from hvae_lessons.models.linear_gaussian import LinearGaussian
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig
from hvae_lessons.models.mixture import GaussianMixture
from hvae_lessons.models.topdown import BottomUp, ConvTopDownConfig, TopDown, TopDownConfig
from hvae_lessons.models.trace import Bernoulli, Gaussian, Layer, Point, Residual, Trace
from hvae_lessons.models.tree import BinaryTree
from hvae_lessons.models.vae import VAE, VAEConfig

__all__ = [
    "MHVAE",
    "VAE",
    "Autoregressive",
    "Bernoulli",
    "BinaryTree",
    "BottomUp",
    "ClusterVAE",
    "ClusterVAEConfig",
    "ConvTopDownConfig",
    "Gaussian",
    "GaussianMixture",
    "GridModel",
    "Layer",
    "LinearGaussian",
    "MHVAEConfig",
    "Point",
    "Residual",
    "TopDown",
    "TopDownConfig",
    "Trace",
    "VAEConfig",
]
