"""Train the small convolutional hierarchy of the chapter with five seeds, with and without KL balancing.

    python benchmarks/convolutional_seeds.py  writes benchmarks/results/convolutional_seeds.json, two minutes

Data: the MNIST subset (8,000 training, 2,000 test images), pixels sampled anew each epoch for training, the
test set binarized once with a fixed seed. The chapter quotes these numbers; a test compares quotes and file.
"""

import time

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.models import ConvTopDownConfig, TopDown
from hvae_lessons.objectives import balanced_elbo, beta_elbo, elbo
from hvae_lessons.schedules import linear_warm_up
from hvae_lessons.training import fit

SEEDS = (0, 1, 2, 3, 4)
CONFIG = ConvTopDownConfig(levels=((14, 1), (7, 1)), channels=16)
SETTINGS = {"batch_size": 50, "learning_rate": 5e-3, "epochs": 2}
WARM_UP_STEPS = 160  # half of the training; KL balancing ends with it


def balanced(trace, beta):
    """Equal nats in both maps while beta grows, then the bound."""
    return elbo(trace) if beta == 1 else balanced_elbo(trace, beta=beta)


OBJECTIVES = {"warm-up": beta_elbo, "warm-up, balanced": balanced}


def measure(name, seed, images, test_x):
    """One trained model: its test numbers in nats per image, and the processor time of its training."""
    generator = torch.Generator().manual_seed(seed)
    model = TopDown(CONFIG, generator)
    start = time.process_time()
    fit(
        model,
        images.train_x,
        objective=OBJECTIVES[name],
        schedules={"beta": linear_warm_up(WARM_UP_STEPS)},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    seconds = time.process_time() - start
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
    return {
        "name": name,
        "seed": seed,
        "negative_elbo": round(-elbo(trace).mean().item(), 2),
        "kl_per_level": [round(layer.kl.mean().item(), 2) for layer in trace.layers],
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        OBJECTIVES,
        SEEDS,
        model="ConvTopDownConfig(levels=((14, 1), (7, 1)), channels=16): residual posterior, Adam",
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS},
    )
