"""Store the models that the rate-distortion explorer shows: those of beta_sweep.py with its first seed.

python benchmarks/explorer_weights.py    writes hvae_lessons/results/weights/beta_sweep.npz
"""

import numpy as np
import torch
from beta_sweep import GRID, HIDDEN, trained
from seeded_runs import prepare_torch
from torch.nn.utils import parameters_to_vector

from hvae_lessons.results import WEIGHTS


def weights_of(latent_dim):
    """The weights of the models, one for each beta: [betas, weights of one]."""
    models, _ = trained(latent_dim, GRID["seed"][0], GRID["beta"])
    return torch.stack([parameters_to_vector(model.parameters()).detach() for model in models])


if __name__ == "__main__":
    prepare_torch()
    weights = {f"weights_{size}": weights_of(size).float().numpy() for size in GRID["latent_dim"]}
    WEIGHTS.mkdir(exist_ok=True)
    axes = {"betas": np.array(GRID["beta"]), "latent_dims": np.array(GRID["latent_dim"])}
    np.savez_compressed(WEIGHTS / "beta_sweep.npz", hidden=np.array(HIDDEN), **axes, **weights)
