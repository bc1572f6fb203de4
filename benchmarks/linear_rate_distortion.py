"""Train linear VAEs at eight weights beta and compare where they end with the exact curve, ten seeds each.

    python benchmarks/linear_rate_distortion.py
    writes hvae_lessons/results/records/linear_rate_distortion.json, six minutes

The curve knows the images only by the eigenvalues of their covariance. The models see them in the coordinates
of their principal directions: a rotation changes no distance, and Adam, which has a step size for each
coordinate, gets there sooner. A trained model's rate and distortion are exact (the linear-Gaussian oracle).
"""

import functools
import math

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import load_digits
from hvae_lessons.formulas.divergences import kl_standard_gaussian
from hvae_lessons.formulas.water_filling import linear_vae_optimum, water_filling
from hvae_lessons.measures.active_units import active_by_kl
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.training.sweep import fit_many

NOISE_VAR, LATENT_DIM = 0.05, 16
BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 16.0)
# Learning rate -> epochs, one after the other.
STAGES = {1e-2: 200, 3e-3: 100, 1e-3: 100, 1e-4: 50}
BATCH_SIZE = 128
THRESHOLD = 0.01  # nats


@functools.cache
def load():
    """The training images in principal coordinates, and the variance of each, the largest first."""
    x = load_digits().train_x.double()
    variances, directions = torch.linalg.eigh(torch.cov(x.T, correction=0))
    return (x - x.mean(0)) @ directions.flip(1), variances.flip(0).clamp(min=0)


@functools.cache
def train(seed):
    """The models of one seed, one for each beta, which share initial weights, batches and noise."""
    config = VAEConfig(
        data_dim=64,
        latent_dim=LATENT_DIM,
        hidden=(),
        likelihood="gaussian",
        noise_log_var=math.log(NOISE_VAR),
    )
    models = [VAE(config, torch.Generator().manual_seed(seed)) for _ in BETAS]
    generator = torch.Generator().manual_seed(1000 + seed)
    for learning_rate, epochs in STAGES.items():
        fit_many(
            models,
            load()[0],
            epochs=epochs,
            batch_size=BATCH_SIZE,
            learning_rate=learning_rate,
            objective=beta_elbo,
            schedules={"beta": BETAS},
            generator=generator,
            progress=False,
        )
    return dict(zip(BETAS, models))


def measure(name, seed, x, variances):
    """Where one model ended, and the point of the curve with the same beta."""
    beta = float(name)
    model = train(seed)[beta]
    with torch.inference_mode():
        q_z = model.encode(x)
        kl = kl_standard_gaussian(q_z.mean.unsqueeze(-1), q_z.log_var.unsqueeze(-1))  # [N, Z]
        rate = kl.sum(-1).mean()
        elbo = LinearGaussian.from_vae(model).elbo(x, q_z.mean, q_z.log_var).mean()
    exact_rate, exact_distortion = linear_vae_optimum(variances, NOISE_VAR, beta, LATENT_DIM)
    rates, _ = water_filling(variances[:LATENT_DIM], beta * NOISE_VAR)
    return {
        "rate": round(rate.item(), 4),
        "distortion": round((-elbo - rate).item(), 4),
        "exact_rate": round(exact_rate.item(), 4),
        "exact_distortion": round(exact_distortion.item(), 4),
        "active": active_by_kl(kl, THRESHOLD).sum().item(),
        "active_in_theory": (rates > THRESHOLD).sum().item(),
        "alive_in_theory": (rates > 0).sum().item(),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        BETAS,
        model="linear VAE 64-16-64, Gaussian likelihood of fixed variance, Adam",
        settings={
            "noise_var": NOISE_VAR,
            "latent_dim": LATENT_DIM,
            "epochs_at_learning_rate": {str(rate): epochs for rate, epochs in STAGES.items()},
            "batch_size": BATCH_SIZE,
            "active_above_nats": THRESHOLD,
        },
        data="8x8 digits, gray, 1,437 training images in the coordinates of their principal directions",
        load=load,
    )
