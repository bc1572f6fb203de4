"""Train the encoders and the linear VAE of the chapter on the evidence lower bound from ten seeds.

    python benchmarks/elbo_seeds.py  writes hvae_lessons/results/records/elbo_seeds.json, about five minutes

encoders     of the model x = z^2 + noise, on its exact bound, averaged over x ~ N(1.5, 1): as in the chapter,
             and once more with five times as many steps
linear VAE   of the 8x8 digits, beside the greatest likelihood, which principal components know
"""

import math

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import load_digits
from hvae_lessons.formulas.distributions import gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_standard_gaussian
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.nets import mlp
from hvae_lessons.oracles import GridModel, LinearGaussian
from hvae_lessons.training import fit

ENCODERS = {"linear encoder": (), "4 hidden units": (4,), "32 + 32 hidden units": (32, 32)}
SETTINGS = {
    "encoder": {"steps": [600, 3000], "learning_rate": 0.05, "decay": "cosine", "start": [1.0, -1.0]},
    "linear VAE": {"latent_dim": 8, "batch_size": 100, "stages": [[2e-2, 40], [4e-3, 20], [5e-4, 20]]},
}


def measure(name, seed, exact, images):
    """The numbers of one run, in nats."""
    if name == "linear VAE":
        return linear_vae(images, torch.Generator().manual_seed(seed))
    few, many = (
        amortization_gaps(ENCODERS[name], seed, steps, *exact) for steps in SETTINGS["encoder"]["steps"]
    )
    _, x, weight, _ = exact
    shown = (x[:, 0] >= -1) & (x[:, 0] <= 4)
    return {
        "amortization_gap": round((weight * few).sum().item(), 4),
        "greatest_at_x": round(x[shown][few[shown].argmax()].item(), 2),
        "amortization_gap_trained_longer": round((weight * many).sum().item(), 4),
    }


def amortization_gaps(hidden, seed, steps, model, x, weight, best):
    """What an encoder trained from this seed adds to the gap of each x, [B]."""
    settings = SETTINGS["encoder"]
    net = mlp((1, *hidden, 2), "tanh", torch.Generator().manual_seed(seed))
    with torch.no_grad():
        net[-1].bias.copy_(torch.tensor(settings["start"]))
    optimizer = torch.optim.Adam(net.parameters(), lr=settings["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        bound = model.elbo(x, model.gaussian(*net(x).chunk(2, -1)))
        optimizer.zero_grad()
        (-(weight * bound).sum()).backward()
        optimizer.step()
        schedule.step()
    return (best - bound).detach()


def linear_vae(images, generator):
    """Likelihood and bound of a linear VAE, per image; rate and distortion of the test images."""
    settings = SETTINGS["linear VAE"]
    config = VAEConfig(64, settings["latent_dim"], hidden=(), likelihood="gaussian")
    vae = VAE(config, generator)
    for rate, epochs in settings["stages"]:
        schedule = {"epochs": epochs, "learning_rate": rate, "batch_size": settings["batch_size"]}
        fit(vae, images.train_x, **schedule, generator=generator, progress=False)
    with torch.no_grad():
        oracle, numbers = LinearGaussian.from_vae(vae), {}
        for part, x in (("training", images.train_x), ("test", images.test_x)):
            q_z = vae.encode(x)
            numbers[f"{part}_log_px"] = round(oracle.log_px(x).mean().item(), 3)
            numbers[f"{part}_elbo"] = round(oracle.elbo(x, *q_z).mean().item(), 3)
        rate = kl_standard_gaussian(*q_z).mean().item()
        columns = oracle.weight / oracle.weight.norm(dim=0)
        cosines = columns.T @ columns - torch.eye(settings["latent_dim"])
    return {
        **numbers,
        "short_of_maximum": round(greatest_likelihood(images.train_x) - numbers["training_log_px"], 3),
        "gap": round(numbers["training_log_px"] - numbers["training_elbo"], 3),
        "test_rate": round(rate, 3),
        "test_distortion": round(-numbers["test_elbo"] - rate, 3),
        "largest_cosine": round(cosines.abs().max().item(), 3),
    }


def greatest_likelihood(x):
    """Mean log-likelihood of probabilistic principal component analysis, nats per image."""
    latent_dim = SETTINGS["linear VAE"]["latent_dim"]
    variances, directions = (part.flip(-1) for part in torch.linalg.eigh(torch.cov(x.T, correction=0)))
    rest = variances[latent_dim:].mean()
    columns = directions[:, :latent_dim] * (variances[:latent_dim] - rest).sqrt()
    return LinearGaussian(columns, x.mean(0), rest.log()).log_px(x).mean().item()


def load():
    """The model of one number with its data and the bound of its best Gaussians, and the 8x8 digits."""
    model = GridModel(decode=lambda z: z**2, noise_log_var=2 * math.log(0.5))
    x = torch.linspace(-3, 6, 181).unsqueeze(-1)
    density = gaussian_log_prob(x, torch.tensor([1.5]), torch.tensor([0.0])).exp()
    weight = density * (x[1] - x[0])
    best = model.elbo(x, model.gaussian(*model.best_gaussian(x)))
    return (model, x, weight, best), load_digits()


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        [*ENCODERS, "linear VAE"],
        model="x = z^2 + noise of standard deviation 0.5 with Gaussian encoders, tanh; "
        "64-8 linear Gaussian VAE",
        settings=SETTINGS,
        data="181 values of x with weights of N(1.5, 1); 8x8 digits, gray, 1,437 and 360 images",
        load=load,
    )
