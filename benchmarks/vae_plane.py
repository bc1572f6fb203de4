"""Train the chapter's VAE with two coordinates, and other encoders for its decoder, with ten seeds each.

    python benchmarks/vae_plane.py    writes hvae_lessons/results/records/vae_plane.json, a quarter of an hour

With a plane of codes log p(x) is a sum over a grid, so the gap between it and the ELBO is known image by
image. Three other encoders are then fitted to the decoder of each seed, which is frozen: the same one,
trained on; one of its size from scratch; and a larger one from scratch. All get the same number of epochs.
"""

import math
from functools import lru_cache

import torch
from seeded_runs import nats, path_of, record_runs
from torch.nn.functional import softplus

from hvae_lessons.data import binarize, binarize_static, binarize_threshold
from hvae_lessons.measures.evaluate import averages, evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian
from hvae_lessons.training import fit

SETTINGS = {"batch_size": 100, "learning_rate": 1.5e-3, "epochs": 20}
HIDDEN, LARGER = (200, 200), (500, 500)
RUNS = ("Z = 2", "encoder trained on", "encoder from scratch", "larger encoder from scratch")
LAST = 5  # epochs at the end, over which the progress of the training is recorded
REACH, TICKS = 8.0, 321  # of the grid
JUDGED, DRAWS = 200, 30  # images of either set whose gap is measured, and draws for their ELBO
KEPT = 100  # test images whose posterior over the grid is kept


def train(model, x, generator):
    return fit(model, x, prepare=binarize, generator=generator, progress=False, **SETTINGS)


@lru_cache(maxsize=1)
def trained(seed, images):
    """The chapter's model of one seed, its history, and the exact log p(x) of its decoder."""
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(hidden=HIDDEN), generator)
    history = train(model, images.train_x, generator)
    judged = {name: binarize_static(getattr(images, f"{name}_x"))[:JUDGED] for name in ("train", "test")}
    return model, history, judged, exact(model, judged)


@torch.inference_mode()
def exact(model, judged):
    """log p(x) of the judged images, log p(z given x) of the first test images over the grid, the grid."""
    x = torch.cat([judged["test"], judged["train"]])
    ticks = torch.linspace(-REACH, REACH, TICKS)
    grid, log_area = torch.cartesian_prod(ticks, ticks), 2 * torch.log(ticks[1] - ticks[0])
    log_px, kept = torch.full((len(x),), -math.inf), []
    for z in grid.split(8_000):
        logits = model.decode(z).logits
        log_prior = Gaussian.standard_like(Gaussian(z, z)).log_prob(z).unsqueeze(-1)
        log_joint = logits @ x.T - softplus(logits).sum(-1, keepdim=True) + log_prior + log_area
        log_px = torch.logaddexp(log_px, torch.logsumexp(log_joint, 0))
        kept.append(log_joint[:, :KEPT].clone())
    return log_px, torch.cat(kept) - log_px[:KEPT], grid


def other_encoder(name, seed, images):
    """The decoder of a seed, frozen, with an encoder that is fitted to it."""
    model, *_ = trained(seed, images)
    generator = torch.Generator().manual_seed(1000 + seed)
    other = VAE(VAEConfig(hidden=LARGER if "larger" in name else HIDDEN), generator)
    if "trained on" in name:
        other.encoder.load_state_dict(model.encoder.state_dict())
    other.decoder = model.decoder.requires_grad_(False)
    train(other, images.train_x, generator)
    return other


def gaps(model, seed, images, generator):
    """log p(x) - ELBO of the judged images, nats."""
    *_, judged, (log_px, _, _) = trained(seed, images)
    known = {"test": log_px[:JUDGED], "train": log_px[JUDGED:]}
    numbers = {}
    for name, x in judged.items():
        bound = sum(elbo(model(x, generator=generator)) for _ in range(DRAWS)) / DRAWS
        gap = known[name] - bound
        numbers[f"gap_{name}"] = round(gap.mean().item(), 3)
        numbers[f"median_gap_{name}"] = round(gap.median().item(), 3)
        numbers[f"largest_gap_{name}"] = round(gap.max().item(), 2)
    return numbers


def family_gap(log_posterior, grid):
    """The gap of the upright Gaussian with the exact posterior's mean and variances."""
    total = 0.0
    log_area = 2 * math.log(2 * REACH / (TICKS - 1))
    for one in log_posterior.T:
        center = one.exp() @ grid
        q = Gaussian(center, (one.exp() @ grid**2 - center**2).log())
        log_q = q.log_prob(grid) + log_area
        total += (log_q.exp() * (log_q - one)).sum().item()
    return round(total / log_posterior.shape[1], 3)


def progress(objective):
    """Nats by which the ELBO of the training images rose over the last epochs."""
    return {f"gain_of_last_{LAST}_epochs": round(float(objective[-1] - objective[-1 - LAST]), 3)}


def by_class(values, labels, digits):
    return [round(values[labels == digit].mean().item(), digits) for digit in range(10)]


def map_of_codes(model, images, test_x, generator):
    """Neighbors on the map, the codes against the prior, and what each class costs."""
    trace, mean = model(test_x, generator=generator), model.encode(test_x).mean
    nearest = torch.cdist(mean, mean).fill_diagonal_(math.inf).argmin(1)
    same = (images.test_y[nearest] == images.test_y).to(mean.dtype)
    q_z = model.encode(binarize(images.train_x, generator))
    z = q_z.sample(torch.randn(q_z.mean.shape, generator=generator))[:2000]
    log_each = torch.stack([q_z.log_prob(code) for code in z])
    log_aggregate = torch.logsumexp(log_each, -1) - math.log(len(q_z.mean))
    log_prior = Gaussian.standard_like(Gaussian(z, z)).log_prob(z)
    return {
        **nats(averages(trace), 3),
        "distortion_by_digit": by_class(-trace.log_px_given_z, images.test_y, 2),
        "rate_by_digit": by_class(trace.kl, images.test_y, 3),
        "same_digit": round(same.mean().item(), 4),
        "same_digit_by_digit": by_class(same, images.test_y, 4),
        "smaller_variance_of_codes": round(z.var(0).min().item(), 3),
        "aggregate_kl": round((log_aggregate - log_prior).mean().item(), 4),
        "information": round((log_each.diagonal() - log_aggregate).mean().item(), 3),
    }


def binarizations(model, images, test_x, generator):
    """-ELBO of the same test images in three forms."""
    ways = {"flips": test_x, "threshold": binarize_threshold(images.test_x), "gray": images.test_x}
    costs = {name: -evaluate(model, x, generator).elbo for name, x in ways.items()}
    return {f"cost_of_{name}": round(cost, 3) for name, cost in costs.items()}


def importance(model, seed, images, generator):
    """How far the importance-weighted bounds of the judged test images lie below log p(x)."""
    *_, judged, (log_px, log_posterior, grid) = trained(seed, images)
    x, exactly = judged["test"], log_px[:JUDGED].mean()
    outside = grid.abs().amax(-1)
    numbers = {f"mass_beyond_{r}": float(f"{mass(log_posterior, outside > r):.3g}") for r in (5, 6, 7)}
    for count in (5, 50, 500):
        bound = log_px_estimate(model, x, count, generator, chunk=10).mean()
        numbers[f"short_of_{count}"] = round((exactly - bound).item(), 3)
    return {**numbers, "family_gap": family_gap(log_posterior, grid)}


def mass(log_posterior, region):
    """The largest posterior probability of a region."""
    return log_posterior[region].exp().sum(0).max().item()


def measure(name, seed, images, test_x):
    generator = torch.Generator().manual_seed(2000 + seed)
    if name != "Z = 2":
        model = other_encoder(name, seed, images)
        with torch.inference_mode():
            return gaps(model, seed, images, generator)
    model, history, *_ = trained(seed, images)
    with torch.inference_mode():
        return {
            **map_of_codes(model, images, test_x, generator),
            **binarizations(model, images, test_x, generator),
            **gaps(model, seed, images, generator),
            **importance(model, seed, images, generator),
            **progress(history.objective),
        }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model="784-200-200-2, ReLU, Bernoulli likelihood, Adam; the larger encoder is 784-500-500-2",
        settings={**SETTINGS, "judged": JUDGED, "draws": DRAWS},
    )
