"""Train the small convolutional hierarchy of the chapter, with and without KL balancing.

python benchmarks/convolutional_seeds.py  writes its JSON, four minutes
"""

import time
from functools import partial

import torch
from seeded_runs import nats, nats_per_level, path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import ConvTopDownConfig, TopDown
from hvae_lessons.objectives import balanced_elbo, beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

CONFIG = ConvTopDownConfig(levels=((14, 1), (7, 1)), channels=16)
SETTINGS = {"batch_size": 50, "learning_rate": 5e-3, "epochs": 1}
WARM_UP_STEPS = 80  # half of the training; KL balancing ends with it

OBJECTIVES = {"warm-up": beta_elbo, "warm-up, balanced": partial(balanced_elbo, until_one=True)}


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
    found = evaluate(model, test_x, generator)
    return {
        **nats(found),
        **nats_per_level(found),
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        OBJECTIVES,
        model="ConvTopDownConfig(levels=((14, 1), (7, 1)), channels=16): residual posterior, Adam",
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS},
    )
