"""Models return a Trace; objectives judge it."""

from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig
from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.models.topdown import BottomUp, ConvTopDownConfig, TopDown, TopDownConfig
from hvae_lessons.models.vae import VAE, VAEConfig

__all__ = [
    "MHVAE",
    "VAE",
    "BottomUp",
    "ClusterVAE",
    "ClusterVAEConfig",
    "ConvTopDownConfig",
    "GaussianMixture",
    "MHVAEConfig",
    "TopDown",
    "TopDownConfig",
    "VAEConfig",
]
