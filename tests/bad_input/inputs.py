"""What the tables call with: a good tensor of every shape, bad ones, and models that several of them need."""

from pathlib import Path

import numpy as np
import torch
from random_data import generator

from hvae_lessons import data
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.mhvae import MHVAE, MHVAEConfig

B, K, Z, D, Y = 4, 3, 2, 6, 3  # batch, samples, latent, data, clusters

V = torch.full((B, Z), 0.5)  # any [B, Z]: mean, log-variance, noise or logits
M = torch.eye(Z).expand(B, Z, Z)  # any [B, Z, Z]
X = torch.full((B, D), 0.5)
COSTS = torch.ones(B, Y)
CLASSES = torch.tensor([0, 1, 2, 1])
CODES = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])  # values of two factors
LABELS = np.array([0, 0, 1, 1])
LEVELS = (V, V[:, :1])  # z or noise of both levels

WIDE = torch.zeros(B, Z + 1)
NAN = torch.full((B, D), torch.nan)
INFINITE = torch.full((B, Z), torch.inf)
README = Path(data.__file__).parent / "_data" / "README.md"  # a file, but of another kind

HIERARCHY = {"data_dim": D, "latent_dims": (Z, 1), "hidden": ((3,), ())}
SMALL = {"data_dim": D, "latent_dim": Z, "hidden": (3,), "clusters": Y}
vae = VAE(VAEConfig(data_dim=D, latent_dim=Z, hidden=(3,)), generator())
mhvae = MHVAE(MHVAEConfig(**HIERARCHY), generator())
