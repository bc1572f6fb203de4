"""Train the hierarchies of the chapter with ten seeds each, with and without each cure of collapse.

    python benchmarks/mhvae_seeds.py  writes hvae_lessons/results/records/mhvae_seeds.json,
    half an hour

Data: the MNIST subset (8,000 training, 2,000 test images), pixels sampled anew each epoch for training, the
test set binarized once with a fixed seed.
"""

import torch
from seeded_runs import least_squares_judge, nats, nats_per_level, path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.measures.probes import linear_probe
from hvae_lessons.models import MHVAE, MHVAEConfig, NoiseMHVAE
from hvae_lessons.objectives import free_bits
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

LATENT_DIMS = (32, 16, 8)
HIDDEN = ((200, 200), (100, 100), (50, 50))
SETTINGS = {"batch_size": 100, "learning_rate": 2e-3, "epochs": 12}
WARM_UP_STEPS = 9 * 80  # nine of the twelve epochs
FREE_NATS = 2.0  # per level, clamped after the batch mean
RESAMPLED, DRAWS = 400, 12  # test images whose levels are drawn anew, and how often

# name -> levels, warm-up, batch normalization, free nats per level, wiring (the model)
RUNS = {
    "1 level, no help": (1, False, False, 0.0, MHVAE),
    "1 level, both": (1, True, True, 0.0, MHVAE),
    "2 levels, no help": (2, False, False, 0.0, MHVAE),
    "2 levels, both": (2, True, True, 0.0, MHVAE),
    "3 levels, no help": (3, False, False, 0.0, MHVAE),
    "3 levels, warm-up": (3, True, False, 0.0, MHVAE),
    "3 levels, normalization": (3, False, True, 0.0, MHVAE),
    "3 levels, free bits": (3, False, False, FREE_NATS, MHVAE),
    "3 levels, both": (3, True, True, 0.0, MHVAE),
    "3 levels, all three": (3, True, True, FREE_NATS, MHVAE),
    "3 levels, all three, noise": (3, True, True, FREE_NATS, NoiseMHVAE),
}
RESAMPLED_RUN = "3 levels, all three"
NEW_NOISE = ((1,), (1, 2), (1, 2, 3), (3,))


def build(name, generator):
    levels, _, batch_norm, _, wiring = RUNS[name]
    dims, hidden = LATENT_DIMS[:levels], HIDDEN[:levels]
    return wiring(MHVAEConfig(latent_dims=dims, hidden=hidden, batch_norm=batch_norm), generator)


def train(name, x, generator):
    """One of RUNS, and its history."""
    _, warm_up, _, nats, _ = RUNS[name]
    model = build(name, generator)
    history = fit(
        model,
        x,
        objective=lambda trace, beta: free_bits(trace, nats, beta=beta),
        schedules={"beta": linear_warm_up(WARM_UP_STEPS) if warm_up else lambda step: 1.0},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    return model, history


def means(model, x):
    """The means of q, all the way up."""
    noise = tuple(torch.zeros(len(x), size) for size in model.config.latent_dims)
    return model.infer(x, noise)[0]


def resample(model, images, test_x, generator):
    """How far the image moves, and how often it keeps its digit, when the noise of some levels is new.

    The digit is read by a classifier of pixels, trained on the gray training images.
    """
    judge = least_squares_judge(images)
    codes = tuple(z[:RESAMPLED].expand(DRAWS, -1, -1) for z in means(model, test_x))
    still = model.decode(model.resample(codes, (), generator)).mean
    digit, run = judge(still), {}
    for levels in NEW_NOISE:
        drawn = model.decode(model.resample(codes, levels, generator)).mean
        same = judge(drawn) == digit
        name = "".join(map(str, levels))
        run[f"same_digit_new_{name}"] = round(same.double().mean().item(), 3)
        run[f"squared_change_new_{name}"] = round(((drawn - still) ** 2).mean().item(), 4)
    return run


def probes(model, images, test_x, generator):
    """Test accuracy of a linear classifier that reads the digit off the means of each level."""
    pairs = zip(means(model, binarize(images.train_x, generator)), means(model, test_x))
    return [round(linear_probe(train, images.train_y, test, images.test_y), 3) for train, test in pairs]


def measure(name, seed, images, test_x):
    """One trained hierarchy: its test numbers in nats per image."""
    generator = torch.Generator().manual_seed(seed)
    model, history = train(name, images.train_x, generator)
    with torch.inference_mode():
        found = evaluate(model, test_x, generator)
        run = {**nats(found, 3), **nats_per_level(found, 3), "active_of_level_1": found.active[0]}
        if len(found.kl) == 3:
            run["top_kl_per_epoch"] = [round(kl, 2) for kl in history.kl[:, -1].tolist()]
        if name == RESAMPLED_RUN:
            run |= resample(model, images, test_x, generator)
            run["digit_accuracy"] = probes(model, images, test_x, generator)
    return run


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model="784-200-200-32, 32-100-100-16, 16-50-50-8, ReLU, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS, "free_nats_per_level": FREE_NATS},
    )
