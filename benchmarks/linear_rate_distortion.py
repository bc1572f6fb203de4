"""Train linear VAEs at eight weights beta and compare where they end with the exact curve, ten seeds each.

    python benchmarks/linear_rate_distortion.py
    writes hvae_lessons/results/records/linear_rate_distortion.json, seven minutes

Rate and distortion of a trained model are exact, by the linear-Gaussian oracle. The curve knows the training
images only by the eigenvalues of their covariance.
"""

import math

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import load_digits
from hvae_lessons.formulas.divergences import kl_gaussian_per_dimension
from hvae_lessons.formulas.water_filling import linear_vae_optimum, water_filling
from hvae_lessons.measures.active_units import active_by_kl
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.training import fit

NOISE_VAR, LATENT_DIM = 0.05, 16
BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0)
# Learning rate -> epochs, one after the other; every step sees all of the images.
STAGES = {1e-2: 1500, 1e-3: 1000, 1e-4: 500}
THRESHOLD = 0.01  # nats


def load():
    """The training images, and the eigenvalues of their covariance, the largest first."""
    x = load_digits().train_x.double()
    return x, torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0).clamp(min=0)


def train(beta, x, generator):
    config = VAEConfig(
        data_dim=x.shape[1],
        latent_dim=LATENT_DIM,
        hidden=(),
        likelihood="gaussian",
        noise_log_var=math.log(NOISE_VAR),
    )
    model = VAE(config, generator)
    for learning_rate, epochs in STAGES.items():
        fit(
            model,
            x,
            epochs=epochs,
            batch_size=len(x),
            learning_rate=learning_rate,
            objective=lambda trace: beta_elbo(trace, beta),
            generator=generator,
            progress=False,
        )
    return model


def measure(name, seed, x, variances):
    """Where one model ended, and the point of the curve with the same beta."""
    beta = float(name)
    model = train(beta, x, torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        q_z = model.encode(x)
        kl = kl_gaussian_per_dimension(
            q_z.mean, q_z.log_var, torch.zeros_like(q_z.mean), torch.zeros_like(q_z.mean)
        )
        elbo = LinearGaussian.from_vae(model).elbo(x, q_z.mean, q_z.log_var).mean()
        rate = kl.sum(-1).mean()
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
            "active_above_nats": THRESHOLD,
        },
        data="8x8 digits, gray, the training images, all of them in every step",
        load=load,
    )
