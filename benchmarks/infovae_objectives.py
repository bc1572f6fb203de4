"""Train one small VAE with five objectives over ten seeds: who matches the prior, and what does that cost?

    python benchmarks/infovae_objectives.py
    writes hvae_lessons/results/records/infovae_objectives.json, a quarter of an hour

Every objective is log p(x | z) - beta KL(q(z | x) || p(z)) - w D(q(z), p(z)), that is InfoVAE with
alpha = 1 - beta and lambda = beta + w. D is nothing, the squared MMD, or the Jensen-Shannon divergence of a
discriminator. Without D the runs go over a grid of beta, so that the others can be compared with them at
equal distortion, by interpolation. Runs of one seed share initial weights.

KL(q(z) || p(z)) is estimated with codes of the training images, which is right for these images and too large
for their population, and with codes of the test images, which is too small; and summed over a grid, exact
where the recorded mass is 1.
"""

from functools import lru_cache, partial

import torch
from seeded_runs import nats, path_of, record_runs
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import softplus

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.formulas.distributions import standard_gaussian_log_prob
from hvae_lessons.measures.aggregated_posterior import (
    aggregate_kl_estimate,
    aggregate_mmd,
    mismatch_on_grid,
)
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, info_vae, mmd_to_prior
from hvae_lessons.training import fit
from hvae_lessons.training.adversary import Adversary

SHAPE = {"data_dim": 64, "latent_dim": 2, "hidden": (64,)}
SETTINGS = {"epochs": 60, "batch_size": 128, "learning_rate": 3e-3}
ADVERSARY = {"hidden": (64, 64), "learning_rate": 2e-3, "steps": 1}
BANDWIDTH, WEIGHT = 1.4, 10.0  # of the kernel, about sqrt(Z); w
# Name -> divergence, beta, w.
RUNS = {f"ELBO, beta = {beta:g}": (None, beta, 0.0) for beta in (0.02, 0.1, 0.5, 1.0, 2.0)}
RUNS |= {f"MMD, beta = {beta:g}": ("MMD", beta, WEIGHT) for beta in (0.0, 0.5)}
RUNS |= {"JS, beta = 0": ("JS", 0.0, WEIGHT), "MMD, beta = 0, w = 100": ("MMD", 0.0, 100.0)}
IMPORTANCE, DRAWS, SAMPLES = 100, 4, 2000
REACH, POINTS = 6.0, 161  # of the grid


def objective_of(divergence, beta, weight, generator):
    """The objective, and what `fit` calls after each step."""
    if divergence is None:
        return partial(beta_elbo, beta=beta), None
    objective = partial(info_vae, alpha=1 - beta, lambda_=beta + weight)
    if divergence == "MMD":
        divergence = partial(mmd_to_prior, bandwidth=BANDWIDTH, generator=generator)
        return partial(objective, divergence=divergence), None
    adversary = Adversary(SHAPE["latent_dim"], generator=generator, **ADVERSARY)
    return partial(objective, divergence=adversary), adversary.learn


@lru_cache(maxsize=1)
def classifier(images):
    """Multinomial regression on gray training pixels: [N, 64] -> probabilities [N, 10]."""
    regression = LogisticRegression(solver="newton-cholesky", tol=1e-6)
    regression.fit(images.train_x.numpy(), images.train_y.numpy())
    return lambda x: torch.from_numpy(regression.predict_proba(x.numpy()))


def pictures(probs, name):
    """How sure a classifier is of pictures, and how many classes it finds among them."""
    share = torch.bincount(probs.argmax(-1), minlength=10) / len(probs)
    return {
        f"sure_of_{name}": round(probs.amax(-1).mean().item(), 4),
        f"classes_of_{name}": round(torch.special.entr(share).sum().exp().item(), 3),
    }


def log_px_on_grid(model, x):
    """log p(x) as a sum over a grid of codes: exact, whatever q is."""
    ticks = torch.linspace(-REACH, REACH, POINTS)
    z = torch.cartesian_prod(ticks, ticks)
    logits = model.decode(z).logits
    log_pz = standard_gaussian_log_prob(z) + 2 * torch.log(ticks[1] - ticks[0])
    log_joint = x @ logits.T + (log_pz - softplus(logits).sum(-1))  # [N, G]
    return torch.logsumexp(log_joint, -1)


@torch.no_grad()
def judged(model, images, train_x, test_x, generator):
    found, on_train = evaluate(model, test_x, generator), evaluate(model, train_x, generator)
    q_z, q_test = model.encode(train_x), model.encode(test_x)

    def draw(q):
        return q.sample(torch.randn(q.mean.shape, generator=generator))

    kl = sum(aggregate_kl_estimate(q_z, draw(q_z)) for _ in range(DRAWS)) / DRAWS
    held_out = sum(aggregate_kl_estimate(q_z, draw(q_test)) for _ in range(DRAWS)) / DRAWS
    exact = mismatch_on_grid(q_z, REACH, POINTS)
    decoded = model.decode(draw(q_z)).mean
    numbers = {
        "train_distortion": on_train.distortion,
        "train_rate": on_train.rate,
        "aggregate_kl": kl,
        "aggregate_kl_held_out": held_out,
        "information": on_train.rate - kl,
        "kl_on_grid": exact.kl,
        "js_on_grid": exact.jensen_shannon,
        "mass_of_grid": exact.mass,
        "mmd": aggregate_mmd(q_z, BANDWIDTH),
        "log_px": log_px_estimate(model, test_x, IMPORTANCE, generator).mean().item(),
        "log_px_on_grid": log_px_on_grid(model, test_x).mean().item(),
        "spread_of_codes": draw(q_z).var(0).mean().item(),
    }
    return {
        **nats(found, 3),
        **{name: round(value, 4) for name, value in numbers.items()},
        **pictures(classifier(images)(model.sample(SAMPLES, generator)), "samples"),
        **pictures(classifier(images)(decoded), "codes"),
    }


def measure(name, seed, images, train_x, test_x):
    divergence, beta, weight = RUNS[name]
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(**SHAPE), generator)
    objective, after_step = objective_of(divergence, beta, weight, generator)
    settings = {"prepare": binarize, "generator": generator, "progress": False, **SETTINGS}
    fit(model, images.train_x, objective=objective, after_step=after_step, **settings)
    return {
        "divergence": divergence,
        "beta": beta,
        "w": weight,
        **judged(model, images, train_x, test_x, generator),
    }


def load():
    images = load_digits()
    return images, binarize_static(images.train_x), binarize_static(images.test_x)


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        tuple(RUNS),
        model="64-64-2, ReLU, Bernoulli likelihood, Adam",
        settings={
            **SETTINGS,
            "bandwidth": BANDWIDTH,
            "adversary": ADVERSARY,
            "importance": IMPORTANCE,
            "grid": POINTS,
        },
        data="8x8 digits, 1,437 and 360 images; dynamic binarization, static where judged",
        load=load,
    )
