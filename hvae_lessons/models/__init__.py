"""Models return a Trace; objectives judge it."""

from hvae_lessons.models.grid import GridModel
from hvae_lessons.models.linear_gaussian import LinearGaussian
from hvae_lessons.models.trace import Bernoulli, Gaussian, Layer, Point, Trace
from hvae_lessons.models.vae import VAE, VAEConfig

__all__ = ["VAE", "Bernoulli", "Gaussian", "GridModel", "Layer", "LinearGaussian", "Point", "Trace", "VAEConfig"]
