"""Samples or means: which codes should the mixture be fitted to that a clustering VAE starts from?

    python benchmarks/clustering_starts.py     writes hvae_lessons/results/records/clustering_starts.json

about eight minutes of processor time: the recipes of clustering_seeds.py with ten seeds, from the same
pretrained VAE of each. The bound is measured before and after the whole model is trained.
"""

from copy import deepcopy
from functools import lru_cache

import torch
from clustering_seeds import DATA, RECIPES, accuracy, both, pretrained
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize_static
from hvae_lessons.objectives import elbo
from hvae_lessons.training import fit
from hvae_lessons.training.cluster_start import start_mixture

STARTS = {f"{name}, {codes}": (name, codes) for name in RECIPES for codes in ("samples", "means")}


def measure(start, seed, data, vae):
    """Accuracy and bound of the start and of the whole model, in nats per image."""
    name, codes = STARTS[start]
    (x, counted, labels, prepare), recipe = data[name], RECIPES[name]
    model, settings = deepcopy(vae(name, seed))
    seen = counted if prepare is None else binarize_static(counted)

    def judged(prefix):
        with torch.no_grad():
            trace = model(seen, torch.Generator().manual_seed(seed))
            return {
                f"{prefix}accuracy": accuracy(model.assign(counted).argmax(-1), labels),
                f"{prefix}negative_elbo": round(-elbo(trace).mean().item(), 2),
                f"{prefix}distortion": round(-trace.log_px_given_z.mean().item(), 2),
                f"{prefix}rate": round(trace.kl.mean().item(), 2),
            }

    start_mixture(model, x, codes=codes, seed=seed, **recipe["start"])
    before = judged("start_")
    generator = torch.Generator().manual_seed(seed)
    fit(model, x, **recipe["training"], **{**settings, "generator": generator})
    return {**before, **judged("")}


def load():
    """Both data sets, and their pretrained models."""
    (data,) = both()

    @lru_cache(len(RECIPES))
    def vae(name, seed):
        model, settings = pretrained(name, seed, data)
        return model, {key: value for key, value in settings.items() if key != "generator"}

    return data, vae


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        STARTS,
        model="ClusterVAE, labels by Bayes' rule given the code, full covariances, ten clusters",
        settings={"recipes": RECIPES, "starts": STARTS, "batch_size": 100},
        data=DATA,
        load=load,
    )
