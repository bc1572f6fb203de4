"""Train hierarchies that differ in their generator and in the order of inference, with ten seeds each.

    python benchmarks/topdown_seeds.py  writes hvae_lessons/results/records/topdown_seeds.json, forty minutes

The square: a generator that is a chain, or one with skips; inference bottom-up, or top-down. All four have
the same networks, but for the layers by which bottom-up inference reads its codes, 1 % of the weights. Both
orders put out mean and log-variance of q ("merge"), so that a comparison along an edge changes one thing.
"""

import time

import torch
from seeded_runs import least_squares_judge, nats, nats_per_level, path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.measures.probes import linear_probe
from hvae_lessons.models import BottomUp, TopDown, TopDownConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

LATENT_DIMS = (32, 16, 8)
SETTINGS = {"batch_size": 100, "learning_rate": 2e-3, "epochs": 12}
WARM_UP = 0.75  # of the steps
SAMPLES, ESTIMATED = 100, 200  # of the importance-weighted estimate; how many test images it is made for

RUNS = (
    "chain, bottom-up",
    "chain, merge",
    "skips, bottom-up",
    "skips, merge",
    "chain, ladder",  # the ladder VAE as it was published
)


def build(generator_of_x, inference, generator):
    config = {"latent_dims": LATENT_DIMS, "batch_norm": True, "skips": generator_of_x == "skips"}
    if inference == "bottom-up":
        return BottomUp(TopDownConfig(reading="merge", **config), generator)
    return TopDown(TopDownConfig(reading=inference, **config), generator)


def digits_of_levels(model, z, images, test_x, generator):
    """How often a probe reads the digit from a level, and the judge from what some levels keep."""
    judge = least_squares_judge(images)

    def right(redrawn):
        x = model.decode(model.resample(z, redrawn, generator)).mean
        return round((judge(x) == images.test_y).double().mean().item(), 3)

    means = [
        model.infer(x, tuple(x.new_zeros(len(x), size) for size in LATENT_DIMS))[0]
        for x in (binarize(images.train_x, generator), test_x)
    ]
    return {
        "probe_per_level": [
            round(linear_probe(train, images.train_y, test, images.test_y), 3) for train, test in zip(*means)
        ],
        "right_digit_kept_all_upper_top_none": [right(tuple(range(1, new + 1))) for new in range(4)],
        "right_digit_new_top": right((3,)),
    }


def measure(name, seed, images, test_x):
    """One trained hierarchy: its test numbers in nats per image, and the processor time of its training."""
    generator_of_x, inference = name.split(", ")
    generator = torch.Generator().manual_seed(seed)
    model = build(generator_of_x, inference, generator)
    steps = int(WARM_UP * SETTINGS["epochs"] * len(images.train_x) / SETTINGS["batch_size"])
    start = time.process_time()
    fit(
        model,
        images.train_x,
        objective=beta_elbo,
        schedules={"beta": linear_warm_up(steps)},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    seconds = time.process_time() - start
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
        parts = test_x[:ESTIMATED].split(50)
        found = averages(trace)
        estimate = torch.cat([log_px_estimate(model, part, SAMPLES, generator) for part in parts]).mean()
        digits = digits_of_levels(model, tuple(layer.z for layer in trace.layers), images, test_x, generator)
    return {
        **nats(found),
        **nats_per_level(found),
        "negative_iwae_100_of_first_200": round(-estimate.item(), 2),
        **digits,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model=(
            "TopDownConfig(latent_dims=(32, 16, 8)): width 200, one residual block a level, ReLU, "
            "Bernoulli likelihood; Adam"
        ),
        settings={**SETTINGS, "warm_up": WARM_UP},
    )
