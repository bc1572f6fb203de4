"""Train the chapter's two VAEs with three seeds each and write what the test set says.

    python benchmarks/vae_seeds.py            writes benchmarks/results/vae_seeds.json, about five minutes

Data: the MNIST subset (8,000 training, 2,000 test images), pixels sampled anew each epoch for training, the
test set binarized once with a fixed seed. The chapter quotes these numbers; a test compares quotes and file.
"""

import time

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.estimators import log_px_estimate
from hvae_lessons.metrics import active_by_kl
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import fit

SEEDS = (0, 1, 2)
EPOCHS = {2: 24, 20: 20}  # latent size -> epochs, as in the chapter
SETTINGS = {"batch_size": 100, "learning_rate": 2e-3}
SAMPLES, ESTIMATED = 500, 500  # of the importance-weighted estimate; how many test images it is made for


def measure(latent_dim, seed, images, test_x):
    """One trained VAE: its test numbers in nats per image, and the processor time of its training."""
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(latent_dim=latent_dim), generator=generator)
    start = time.process_time()
    fit(
        model,
        images.train_x,
        epochs=EPOCHS[latent_dim],
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    seconds = time.process_time() - start
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
        part = test_x[:ESTIMATED]
        bound = elbo(model(part, generator=generator)).mean()
        estimate = log_px_estimate(model, part, samples=SAMPLES, generator=generator).mean()
    return {
        "latent_dim": latent_dim,
        "seed": seed,
        "negative_elbo": round(-elbo(trace).mean().item(), 2),
        "distortion": round(-trace.log_px_given_z.mean().item(), 2),
        "rate": round(trace.kl.mean().item(), 2),
        "negative_elbo_of_first_500": round(-bound.item(), 2),
        "negative_iwae_500_of_first_500": round(-estimate.item(), 2),
        "active": int(active_by_kl(trace.layers[0].kl_per_dimension).sum()),
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        EPOCHS,
        SEEDS,
        model="784-200-200-Z, ReLU, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "epochs": EPOCHS},
    )
