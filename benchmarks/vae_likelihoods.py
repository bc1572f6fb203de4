"""Train small VAEs under Gaussian likelihoods of several variances and under hidden weights, ten seeds each.

    python benchmarks/vae_likelihoods.py  writes hvae_lessons/results/records/vae_likelihoods.json,
    four minutes

Images are the first 4,000 of the training set and the test set, 14x14 by averaging 2x2 pixels; runs of one
seed share initial weights, batches and noise. Gaussian models see gray pixels and differ in the variance s of
their likelihood. Bernoulli models see pixels that are sampled anew each epoch and differ in what is averaged
where the ELBO sums.
"""

import math

import torch
from seeded_runs import nats, path_of, record_runs

from hvae_lessons.data import binarize, binarize_static, pool2x2
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.training import fit

SHAPE = {"data_dim": 196, "latent_dim": 8, "hidden": (128,)}
TRAINED = 4000
SETTINGS = {"batch_size": 100}
GAUSSIAN, BERNOULLI = {"learning_rate": 5e-3, "epochs": 30}, {"learning_rate": 1.5e-3, "epochs": 12}
NOISES = {"s = 1": 1.0, "s = 0.5": 0.5, "s = 0.1": 0.1, "s = 0.02": 0.02, "learned": None}
OBJECTIVES = {
    "sums": lambda trace: trace.log_px_given_z - trace.kl,
    "KL averaged": lambda trace: trace.log_px_given_z - trace.kl / SHAPE["latent_dim"],
    "both averaged": lambda trace: trace.log_px_given_z / SHAPE["data_dim"] - trace.kl / SHAPE["latent_dim"],
    "pixels averaged": lambda trace: trace.log_px_given_z / SHAPE["data_dim"] - trace.kl,
}


def terms(trace):
    found = averages(trace)
    return {**nats(found, 3), "rate": round(found.rate, 4)}


def gaussian(name, x, test_x, generator):
    s = NOISES[name]
    config = VAEConfig(**SHAPE, likelihood="gaussian", noise_log_var=None if s is None else math.log(s))
    model = VAE(config, generator)
    fit(model, x, generator=generator, progress=False, **SETTINGS, **GAUSSIAN)
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
        error = ((test_x - model.decode(trace.layers[0].z).mean) ** 2).mean().item()
        rebuilt = model.decode(trace.layers[0].q.mean).mean
    return {
        **terms(trace),
        "mean_squared_error": round(error, 5),
        "variance": round(model.likelihood.noise_log_var.exp().item(), 5),
        # Of each pixel over the images, summed: zero if all reconstructions are alike.
        "variance_of_reconstructions": round(rebuilt.var(0).sum().item(), 4),
    }


def bernoulli(name, x, test_x, generator):
    objective = OBJECTIVES[name]
    model = VAE(VAEConfig(**SHAPE), generator)
    settings = {"prepare": binarize, "generator": generator, "progress": False, **SETTINGS, **BERNOULLI}
    history = fit(model, x, objective=objective, **settings)
    with torch.inference_mode():
        trace = model(binarize_static(test_x), generator=generator)
    reported = -objective(trace).mean().item()
    first, last = -history.objective[0].item(), -history.objective[-1].item()
    return {**terms(trace), "reported": round(reported, 4), "fell_by": round(first - last, 4)}


def measure(name, seed, images, _):
    generator = torch.Generator().manual_seed(seed)
    x = pool2x2(images.train_x[:TRAINED], images.image_shape)
    test_x = pool2x2(images.test_x, images.image_shape)
    return (gaussian if name in NOISES else bernoulli)(name, x, test_x, generator)


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        [*NOISES, *OBJECTIVES],
        model="196-128-8, ReLU, Adam",
        settings={
            **SETTINGS,
            "gaussian": GAUSSIAN,
            "bernoulli": BERNOULLI,
            "images": "14x14, 4,000 to train",
        },
    )
