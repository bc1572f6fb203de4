"""How noisy is the gradient through a drawn label, and how far is its mean from the exact one?

    python benchmarks/clustering_gradients.py    writes hvae_lessons/results/records/clustering_gradients.json

half a minute of processor time: the chapter's cell with ten untrained models. Codes and images are held
fixed. All lengths are relative to that of the exact gradient of the classifier's weights.
"""

import math

import torch
from clustering_labels import load
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.formulas.discrete_samples import gumbel_noise
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig

CONFIG = {"data_dim": 64, "latent_dim": 10, "hidden": (128,)}
STRATEGIES = {
    "score-function": {},
    "gumbel-softmax": {"temperature": 0.5},
    "straight-through": {"temperature": 0.5},
}
DRAWS, BATCH = 200, 100


def gradients(strategy, seed, images, draws):
    """Gradients of the conditional prior and the label's KL for one batch, [draws, parameters]."""
    config = ClusterVAEConfig(strategy=strategy, **CONFIG, **STRATEGIES.get(strategy, {}))
    model = ClusterVAE(config, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    batch = binarize(images[:BATCH], generator)
    z = model.vae.encode(batch).sample(torch.randn(BATCH, 10, generator=generator)).detach()
    found = []
    for _ in range(draws):
        trace = model.trace_at(batch, z, gumbel_noise((BATCH, 10), generator))
        slopes = torch.autograd.grad(-trace.kl.mean(), model.classifier.parameters())
        found.append(torch.cat([slope.flatten() for slope in slopes]))
    return torch.stack(found)


def measure(strategy, seed, images, _):
    """Bias and spread, and what the draws leave uncertain of the bias."""
    exact = gradients("exact", seed, images, 1)[0]
    draws = gradients(strategy, seed, images, DRAWS)
    spread = (draws.var(0).sum().sqrt() / exact.norm()).item()
    return {
        "bias": round(((draws.mean(0) - exact).norm() / exact.norm()).item(), 4),
        "spread": round(spread, 4),
        "uncertainty": round(spread / math.sqrt(DRAWS), 4),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        STRATEGIES,
        model="ClusterVAE 64-128-10 with a network for q(y | z), untrained",
        settings={"config": CONFIG, "strategies": STRATEGIES, "draws": DRAWS, "batch": BATCH},
        data="8x8 digits, the first 100 images, binarized",
        load=load,
    )
