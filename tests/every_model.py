"""A small model of every kind that the package has, over images of 4x4 pixels."""

from hvae_lessons.models import VAE, BottomUp, ConvTopDownConfig, TopDown, TopDownConfig, VAEConfig
from hvae_lessons.models.clustering import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.diffusion import Diffusion, DiffusionConfig
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig, NoiseMHVAE

D = 16
LEVELS = {"data_dim": D, "latent_dims": (4, 2), "hidden": ((6,), (5,))}
CLUSTERS = {"data_dim": D, "latent_dim": 2, "hidden": (6,), "clusters": 3}
IMAGE = {"image_shape": (4, 4), "levels": ((4, 1), (2, 1)), "channels": 4}
# Each is built from a generator.
MODELS = {
    "VAE": lambda g: VAE(VAEConfig(D, 2, (6,)), g),
    "VAE, Gaussian likelihood": lambda g: VAE(VAEConfig(D, 2, (6,), likelihood="gaussian"), g),
    "MHVAE, chain": lambda g: MHVAE(MHVAEConfig(**LEVELS), g),
    "MHVAE, chain, batch norm": lambda g: MHVAE(MHVAEConfig(**LEVELS, batch_norm=True), g),
    "MHVAE, noise": lambda g: NoiseMHVAE(MHVAEConfig(**LEVELS), g),
    "top-down": lambda g: TopDown(TopDownConfig(D, (4, 2), 6), g),
    "top-down, ladder": lambda g: TopDown(TopDownConfig(D, (4, 2), 6, reading="ladder"), g),
    "top-down, merge, batch norm": lambda g: TopDown(
        TopDownConfig(D, (4, 2), 6, reading="merge", batch_norm=True), g
    ),
    "top-down, maps": lambda g: TopDown(ConvTopDownConfig(**IMAGE), g),
    "bottom-up": lambda g: BottomUp(TopDownConfig(D, (4, 2), 6, reading="merge"), g),
    "clusters": lambda g: ClusterVAE(ClusterVAEConfig(**CLUSTERS), g),
    "clusters, drawn": lambda g: ClusterVAE(ClusterVAEConfig(**CLUSTERS, strategy="gumbel-softmax"), g),
    "clusters of codes": lambda g: ClusterVAE(
        ClusterVAEConfig(**CLUSTERS, labels="bayes-code", covariance="full"), g
    ),
    "clusters of images": lambda g: ClusterVAE(
        ClusterVAEConfig(**CLUSTERS, labels="bayes-data", form="analytic"), g
    ),
    "diffusion": lambda g: Diffusion(DiffusionConfig(data_dim=D, steps=3, hidden=(6,)), g),
}
