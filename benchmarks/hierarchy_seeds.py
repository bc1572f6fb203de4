"""Train the hierarchies of the chapter with three seeds each, with and without each cure of collapse.

    python benchmarks/hierarchy_seeds.py  writes benchmarks/results/hierarchy_seeds.json, eight minutes

Data: the MNIST subset (8,000 training, 2,000 test images), pixels sampled anew each epoch for training, the
test set binarized once with a fixed seed. The chapter quotes these numbers; a test compares quotes and file.
"""

import time

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.estimators import log_px_estimate
from hvae_lessons.models import MHVAE, MHVAEConfig
from hvae_lessons.objectives import elbo, free_bits
from hvae_lessons.schedules import linear_warm_up
from hvae_lessons.training import fit

SEEDS = (0, 1, 2)
LATENT_DIMS = (32, 16, 8)
HIDDEN = ((200, 200), (100, 100), (50, 50))
SETTINGS = {"batch_size": 100, "learning_rate": 2e-3, "epochs": 12}
WARM_UP_STEPS = 9 * 80  # nine of the twelve epochs
FREE_NATS = 2.0  # per level, clamped after the batch mean
SAMPLES, ESTIMATED = 500, 200  # of the importance-weighted estimate; how many test images it is made for

# name -> levels, warm-up, batch normalization, free nats per level, wiring
RUNS = {
    "1 level, no help": (1, False, False, 0.0, "chain"),
    "1 level, both": (1, True, True, 0.0, "chain"),
    "2 levels, no help": (2, False, False, 0.0, "chain"),
    "2 levels, both": (2, True, True, 0.0, "chain"),
    "3 levels, no help": (3, False, False, 0.0, "chain"),
    "3 levels, warm-up": (3, True, False, 0.0, "chain"),
    "3 levels, normalization": (3, False, True, 0.0, "chain"),
    "3 levels, free bits": (3, False, False, FREE_NATS, "chain"),
    "3 levels, both": (3, True, True, 0.0, "chain"),
    "3 levels, all three": (3, True, True, FREE_NATS, "chain"),
    "3 levels, all three, noise": (3, True, True, FREE_NATS, "noise"),
}


def measure(name, seed, images, test_x):
    """One trained hierarchy: its test numbers in nats per image, and the processor time of its training."""
    levels, warm_up, batch_norm, nats, wiring = RUNS[name]
    generator = torch.Generator().manual_seed(seed)
    config = MHVAEConfig(
        latent_dims=LATENT_DIMS[:levels], hidden=HIDDEN[:levels], batch_norm=batch_norm, wiring=wiring
    )
    model = MHVAE(config, generator)
    start = time.process_time()
    fit(
        model,
        images.train_x,
        objective=lambda trace, beta: free_bits(trace, nats, beta=beta),
        schedules={"beta": linear_warm_up(WARM_UP_STEPS) if warm_up else lambda step: 1.0},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    seconds = time.process_time() - start
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
        estimate = log_px_estimate(model, test_x[:ESTIMATED], SAMPLES, generator).mean()
    return {
        "name": name,
        "seed": seed,
        "negative_elbo": round(-elbo(trace).mean().item(), 2),
        "kl_per_level": [round(layer.kl.mean().item(), 2) for layer in trace.layers],
        "negative_iwae_500_of_first_200": round(-estimate.item(), 2),
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        SEEDS,
        model="784-200-200-32, 32-100-100-16, 16-50-50-8, ReLU, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS, "free_nats_per_level": FREE_NATS},
    )
