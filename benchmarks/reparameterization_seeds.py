"""Repeat what the chapter trains, from ten seeds.

    python benchmarks/reparameterization_seeds.py

writes hvae_lessons/results/records/reparameterization_seeds.json, in about four minutes of processor time.

digits   a VAE, the variance of gradients with respect to its encoder's means, and the same VAE whose codes
         were cut off from the encoder by `detach`
ridge    families of q under the correlated posterior of a linear-Gaussian model
bend     families of q under a bent posterior, whose evidence is a sum over a grid
"""

import math

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.formulas.distributions import gaussian_log_prob, standard_gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_standard_gaussian
from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.parts.families import AutoregressiveFlow, DiagonalGaussian, FullGaussian
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.training.per_example import estimate_elbo, fit_posterior

TRAINING = {"epochs": 30, "batch_size": 50, "learning_rate": 2e-3}
FITS = {"ridge": {"steps": 800}, "bend": {"steps": 1200, "learning_rate": 0.03}}
SETTINGS = {"digits": TRAINING, **FITS, "estimates": 500, "samples_of_the_bound": 50_000}
FAMILIES = {
    "diagonal": lambda generator: DiagonalGaussian(2),
    "full": lambda generator: FullGaussian(2),
    "flow, 1 step": lambda generator: AutoregressiveFlow(2, 1, generator),
    "flow, 1 step, reversed": lambda generator: Reversed(AutoregressiveFlow(2, 1, generator)),
    "flow, 2 steps": lambda generator: AutoregressiveFlow(2, 2, generator),
    "flow, 4 steps": lambda generator: AutoregressiveFlow(2, 4, generator),
}


class Reversed(torch.nn.Module):
    """A family with the coordinates of its samples exchanged, which leaves densities as they are."""

    def __init__(self, family):
        super().__init__()
        self.family = family

    def forward(self, noise):
        """noise [..., Z] -> z [..., Z], log q(z) [...]."""
        z, log_q = self.family(noise)
        return z.flip(-1), log_q


def measure(name, seed, targets, images, test_x):
    """The numbers of one run, in nats."""
    generator = torch.Generator().manual_seed(seed)
    subject, _, variant = name.partition(", ")
    if subject == "digits":
        return digits(variant == "detached", images, test_x, generator)
    log_joint, log_px = targets[subject]
    q = FAMILIES[variant](generator)
    fit_posterior(q, log_joint, size=2, generator=generator, **FITS[subject])
    samples = SETTINGS["samples_of_the_bound"]
    bound = estimate_elbo(q, log_joint, size=2, samples=samples, generator=generator)
    return {"gap": round(log_px - bound.mean, 4), "standard_error": round(bound.standard_error, 4)}


def digits(detached, images, test_x, generator):
    """A VAE of the 8x8 digits: its test numbers, and the noise of three estimators of one gradient."""
    vae = VAE(VAEConfig(data_dim=64, latent_dim=8, hidden=(64,)), generator)
    optimizer = torch.optim.Adam(vae.parameters(), lr=TRAINING["learning_rate"])
    for _ in range(TRAINING["epochs"]):
        x = binarize(images.train_x, generator)
        for rows in torch.randperm(len(x), generator=generator).split(TRAINING["batch_size"]):
            q_z = vae.encode(x[rows])
            z = q_z.sample(torch.randn(q_z.mean.shape, generator=generator))
            z = z.detach() if detached else z
            loss = (kl_standard_gaussian(*q_z) - vae.decode(z).log_prob(x[rows])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        trace = vae(test_x, generator=generator)
        distortion, rate = -trace.log_px_given_z.mean().item(), trace.kl.mean().item()
        found = {} if detached else variance_ratios(vae, test_x[:32], generator)
    numbers = {"negative_elbo": distortion + rate, "distortion": distortion, "rate": rate}
    return {**{name: round(value, 3) for name, value in numbers.items()}, **found}


def variance_ratios(vae, x, generator):
    """Variance of the score function over that of the pathwise gradient; the means of both, compared."""
    q_z, count = vae.encode(x), SETTINGS["estimates"]

    def log_lik(z):
        return vae.decode(z).log_prob(x)

    baseline = log_lik(q_z.sample(torch.randn(200, *q_z.mean.shape, generator=generator))).mean(0)
    noise = torch.randn(count, *q_z.mean.shape, generator=generator)
    path = pathwise_gradient(torch.func.grad(lambda z: log_lik(z).sum()), *q_z, noise)[0]
    plain = score_function_gradient(log_lik, *q_z, noise)[0]
    score = score_function_gradient(log_lik, *q_z, noise, baseline=baseline)[0]
    error = ((path.var(0) + score.var(0)) / count).sqrt()
    return {
        "ratio": round((plain.var(0).mean() / path.var(0).mean()).item(), 1),
        "ratio_with_baseline": round((score.var(0).mean() / path.var(0).mean()).item(), 2),
        "difference_in_standard_errors": round(
            ((path.mean(0) - score.mean(0)) / error).square().mean().sqrt().item(), 2
        ),
    }


def load():
    """log p(x, z) and log p(x) of both posteriors, and the images with their binarized test set."""
    model = LinearGaussian(
        torch.tensor([[1.0, 0.9], [0.8, 1.0], [1.0, 1.0]]), torch.zeros(3), torch.tensor(0.5).log()
    )
    x = torch.tensor([[1.0, 0.5, 1.2]])

    def ridge(z):
        log_px_given_z = gaussian_log_prob(x, z @ model.weight.T, model.noise_log_var.expand(3))
        return standard_gaussian_log_prob(z) + log_px_given_z

    def bend(z):
        mean = (z[..., 1] + 0.5 * z[..., 0] + z[..., 0] ** 2).unsqueeze(-1)
        noise_log_var = torch.tensor([2 * math.log(0.3)])
        return standard_gaussian_log_prob(z) + gaussian_log_prob(torch.ones(1), mean, noise_log_var)

    line = torch.linspace(-6, 6, 601)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
    evidence = torch.logsumexp(bend(grid).flatten(), 0) + 2 * math.log(line[1] - line[0])
    targets = {"ridge": (ridge, model.log_px(x).item()), "bend": (bend, evidence.item())}
    images = load_digits()
    return targets, images, binarize_static(images.test_x)


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        [
            "digits, pathwise",
            "digits, detached",
            "ridge, diagonal",
            "ridge, full",
            *(f"bend, {family}" for family in FAMILIES),
        ],
        model="64-64-8 VAE, ReLU, Bernoulli; families of q in two dimensions",
        settings=SETTINGS,
        data="8x8 digits, 1,437 and 360 images; dynamic binarization, static for the test set; "
        "two posteriors",
        load=load,
    )
