"""Train hierarchies on all 60,000 images and estimate the test log-likelihood with 5,000 samples.

    HVAE_DATA=FOLDER python benchmarks/hierarchy_full.py [NAME ...]

Writes hvae_lessons/results/records/hierarchy_full.json: the named rows of RUNS, or all, and keeps the others.

Without HVAE_DATA the four IDX files are downloaded once. Binarization: pixels sampled anew in every epoch for
training (dynamic); the test set sampled once with a fixed seed. The importance-weighted estimate is for the
first 1,000 test images, because 5,000 samples of each of 10,000 images take an hour on one core.
"""

import json
import sys
import time

import torch
from seeded_runs import machine, nats_per_level, path_of

from hvae_lessons.data import binarize, binarize_static, load_mnist
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import MHVAE, MHVAEConfig, TopDown, TopDownConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

RESULT = path_of(__file__)
LATENT_DIMS = (40, 20, 10)
HIDDEN = ((300, 300), (150, 150), (80, 80))
WIDE = ((600, 600), (300, 300), (150, 150))  # as many weights as the top-down models have
WIDTH = 300  # of the top-down models
STAGES = ((18, 1e-3), (6, 2e-4))  # epochs and learning rate, one after the other
BATCH, WARM_UP_EPOCHS = 200, 9
SAMPLES, ESTIMATED = 5000, 1000


def chain(hidden, generator):
    config = MHVAEConfig(latent_dims=LATENT_DIMS[: len(hidden)], hidden=hidden, batch_norm=True)
    return MHVAE(config, generator)


def top_down(reading, generator):
    config = TopDownConfig(latent_dims=LATENT_DIMS, width=WIDTH, reading=reading, batch_norm=True)
    return TopDown(config, generator)


RUNS = {
    "Markov, 1 level": (chain, HIDDEN[:1]),
    "Markov, 2 levels": (chain, HIDDEN[:2]),
    "Markov, 3 levels": (chain, HIDDEN),
    "Markov, 3 levels, wide": (chain, WIDE),
    "top-down, 3 levels, ladder": (top_down, "ladder"),
    "top-down, 3 levels, residual": (top_down, "residual"),
}


def train(name, x, seed=0):
    """One of RUNS with batch normalization and warm-up; the processor time of its training."""
    generator = torch.Generator().manual_seed(seed)
    build, kind = RUNS[name]
    model = build(kind, generator)
    steps = WARM_UP_EPOCHS * -(-len(x) // BATCH)
    warm, start = linear_warm_up(steps), time.process_time()
    for stage, (epochs, learning_rate) in enumerate(STAGES):
        fit(
            model,
            x,
            epochs=epochs,
            batch_size=BATCH,
            learning_rate=learning_rate,
            objective=beta_elbo,
            schedules={"beta": warm if stage == 0 else lambda step: 1.0},
            prepare=binarize,
            generator=generator,
            progress=False,
        )
    return model, time.process_time() - start


def measure(name, images, test_x):
    """One trained model and its test numbers in nats per image."""
    model, seconds = train(name, images.train_x)
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        found = evaluate(model, test_x, generator)
        first = test_x[:ESTIMATED]
        of_first = evaluate(model, first, generator)
        estimate = log_px_estimate(model, first, SAMPLES, generator, chunk=1).mean()
    return {
        "name": name,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "negative_elbo": round(-found.elbo, 2),
        **nats_per_level(found),
        "negative_elbo_of_first_1000": round(-of_first.elbo, 2),
        "negative_iwae_5000_of_first_1000": round(-estimate.item(), 2),
        "training_cpu_seconds": round(seconds),
    }


def main(names):
    torch.set_num_threads(1)
    images = load_mnist(full=True)
    test_x = binarize_static(images.test_x)
    record = {
        "model": "chain: 784-300-300-40, 40-150-150-20, 20-80-80-10; wide: 600, 300, 150 for 300, 150, "
        "80; top-down: the same codes, width 300; ReLU, batch normalization, warm-up; one seed",
        "data": "MNIST, 60,000 and 10,000 images; dynamic binarization, the test set binarized once",
        "settings": {"stages": STAGES, "batch_size": BATCH, "warm_up_epochs": WARM_UP_EPOCHS},
        "machine": machine(),
    }
    known = json.loads(RESULT.read_text(encoding="utf-8"))["runs"] if RESULT.exists() else []
    rows = {row["name"]: row for row in known}
    for name in names:
        rows[name] = measure(name, images, test_x)
        print(rows[name], flush=True)
        # After each model: the whole takes most of an hour, and what is done is worth keeping.
        runs = [rows[key] for key in RUNS if key in rows]
        RESULT.write_text(json.dumps({**record, "runs": runs}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or list(RUNS))
