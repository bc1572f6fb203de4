"""Train VAEs of 8x8 digits over the weight of the KL and the latent size, with ten seeds each.

    python benchmarks/beta_sweep.py    writes hvae_lessons/results/records/beta_sweep.json,
    a quarter of an hour

All weights of one latent size and one seed are trained at once: they share initial weights, batches and
noise. Every model is judged on the 360 test images, binarized once, whatever it was trained with.

A group that has finished is kept in a folder beside this script until all have, so that a second call goes on
where the first was stopped; the folder belongs to these settings, --anew empties it.
"""

import argparse
import shutil
from pathlib import Path

import torch
from seeded_runs import SEEDS, machine, nats, path_of, prepare_torch, write

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.measures.active_units import active_by_variance
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training.sweep import fit_many, sweep

GRID = {
    "latent_dim": [1, 2, 4, 8, 16, 32],
    "seed": list(SEEDS),
    "beta": [0.0, 0.03, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0],
}
HIDDEN = (32,)
SETTINGS = {"epochs": 150, "batch_size": 128, "learning_rate": 5e-3}
LAST = 50  # epochs at the end, over which the progress of the training is recorded
SAMPLES = 10  # of each code, by which a test image is judged
KEPT = Path(__file__).with_suffix(".kept")


def trained(latent_dim, seed, beta):
    """The models of one latent size and one seed, one for each beta, and their Histories."""
    config = VAEConfig(data_dim=64, latent_dim=latent_dim, hidden=HIDDEN)
    models = [VAE(config, torch.Generator().manual_seed(seed)) for _ in beta]
    histories = fit_many(
        models,
        load_digits().train_x,
        objective=beta_elbo,
        schedules={"beta": beta},
        prepare=binarize,
        generator=torch.Generator().manual_seed(1000 + seed),
        progress=False,
        **SETTINGS,
    )
    return models, histories


def train(latent_dim, seed, beta):
    """The numbers of these models."""
    return [numbers(model, history, seed) for model, history in zip(*trained(latent_dim, seed, beta))]


@torch.inference_mode()
def numbers(model, history, seed):
    """Rate, distortion and codes in use on the test images, and what the last epochs have gained."""
    images = load_digits()
    x, generator = binarize_static(images.test_x), torch.Generator().manual_seed(2000 + seed)
    trace = model(x, generator=generator, samples=SAMPLES)
    found, mean = averages(trace), trace.layers[0].q.mean
    spectrum = found.kl_per_dimension[0].sort(descending=True).values
    squared_error = ((model.decode(mean).mean - images.test_x) ** 2).sum(-1).mean().item()
    return {
        **nats(found, 3),
        "active": found.active[0],
        "active_by_variance": int(active_by_variance(mean).sum()),
        "kl_per_dimension": [round(kl, 3) for kl in spectrum.tolist()],
        "squared_error": round(squared_error, 3),
        f"gain_of_last_{LAST}_epochs": round(float(history.objective[-1] - history.objective[-1 - LAST]), 3),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--anew", action="store_true", help="measure what is kept, too")
    parser.add_argument("--jobs", type=int, default=1, help="groups at a time")
    chosen = parser.parse_args()
    if chosen.anew:
        shutil.rmtree(KEPT, ignore_errors=True)
    prepare_torch()
    rows = sweep(train, GRID, "beta", folder=KEPT, jobs=chosen.jobs)
    names = ({"name": f"Z = {row['latent_dim']}, beta = {row['beta']:g}"} for row in rows)
    record = {
        "model": "64-32-Z-32-64, ReLU, Bernoulli likelihood, Adam",
        "data": "8x8 digits, 1,437 and 360 images; dynamic binarization, static for the test set",
        "settings": {**SETTINGS, "samples_per_test_image": SAMPLES},
        "precision": "double",
        "machine": machine(),
        "runs": [{**name, **row} for name, row in zip(names, rows)],
    }
    write(path_of(__file__), record)
    shutil.rmtree(KEPT)


if __name__ == "__main__":
    main()
