"""Models return a Trace; objectives judge it."""

from hvae_lessons.models.bottomup import BottomUp
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.diffusion import Diffusion, DiffusionConfig
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig, NoiseMHVAE
from hvae_lessons.models.parts.mixture import GaussianMixture
from hvae_lessons.models.topdown import ConvTopDownConfig, TopDown, TopDownConfig
from hvae_lessons.models.vae import VAE, VAEConfig

__all__ = [
    "MHVAE",
    "VAE",
    "BottomUp",
    "ClusterVAE",
    "ClusterVAEConfig",
    "ConvTopDownConfig",
    "Diffusion",
    "DiffusionConfig",
    "GaussianMixture",
    "MHVAEConfig",
    "NoiseMHVAE",
    "TopDown",
    "TopDownConfig",
    "VAEConfig",
]
