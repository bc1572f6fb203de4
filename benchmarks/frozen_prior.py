"""Train a second level as the prior of a one-level VAE that stays as it is, ten seeds.

    python benchmarks/frozen_prior.py  writes hvae_lessons/results/records/frozen_prior.json, ten minutes

Every seed trains one level for twelve epochs ("1 level, both" of mhvae_seeds.py). From there on:

- "level 2": a second level on top, level 1 frozen: the same q(z_1|x) and p(x|z_1), another p(z_1);
- "level 2, 24 epochs": the same for twice as long;
- "level 1 goes on": no second level, level 1 trained for twelve epochs more;
- "both go on": the second level on top, and both trained for twelve epochs.

The top level's KL alone is warmed up: where the distortion is fixed, the weight of the whole rate is only a
factor of the loss. All are judged with the same ten draws of z_1 for each test image.
"""

import copy
import functools

import torch
from mhvae_seeds import HIDDEN, LATENT_DIMS, SETTINGS, WARM_UP_STEPS, train
from seeded_runs import nats, nats_per_level, path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.measures.evaluate import averages
from hvae_lessons.models import MHVAE, MHVAEConfig
from hvae_lessons.objectives import elbo, weighted_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

# name -> whether there is a second level, whether level 1 is frozen, epochs after the first twelve
RUNS = {
    "1 level": (False, True, 0),
    "level 2": (True, True, 12),
    "level 2, 24 epochs": (True, True, 24),
    "level 1 goes on": (False, False, 12),
    "both go on": (True, False, 12),
}
DRAWS = 10  # of z_1 for each test image


@functools.lru_cache(maxsize=1)
def first_level(seed, x):
    """One level after its twelve epochs."""
    return train("1 level, both", x, torch.Generator().manual_seed(seed))[0]


def with_second_level(one, frozen, generator):
    """Two levels, the lower one a copy of the level given."""
    config = MHVAEConfig(latent_dims=LATENT_DIMS[:2], hidden=HIDDEN[:2], batch_norm=True)
    model = MHVAE(config, generator)
    for part, trained in ((model.encoders, one.encoders), (model.decoders, one.decoders)):
        part[0].load_state_dict(trained[0].state_dict())
        part[0].requires_grad_(not frozen)
    return model


def go_on(model, epochs, x, generator):
    """Train what is not frozen; the KL of a second level is warmed up."""
    warm = linear_warm_up(WARM_UP_STEPS)
    two = len(model.config.latent_dims) == 2
    fit(
        model,
        x,
        objective=(lambda trace, beta: weighted_elbo(trace, (1.0, beta))) if two else elbo,
        schedules={"beta": warm} if two else None,
        prepare=binarize,
        generator=generator,
        progress=False,
        **{**SETTINGS, "epochs": epochs},
    )


def rate_of_best_gaussian(model, images, test_x):
    """The rate if the prior were the Gaussian with the mean and covariance of the training images' codes."""
    source = torch.Generator().manual_seed(0)
    q = model(binarize(images.train_x, source), generator=source).layers[0].q
    covariance = torch.cov(q.mean.T) + torch.diag(q.log_var.exp().mean(0))
    prior = torch.distributions.MultivariateNormal(q.mean.mean(0), covariance)
    q = model(test_x, generator=source).layers[0].q
    posterior = torch.distributions.MultivariateNormal(q.mean, torch.diag_embed(q.log_var.exp()))
    return torch.distributions.kl_divergence(posterior, prior).mean().item()


def measure(name, seed, images, test_x):
    """One model, what is left of it after the first twelve epochs, and its test numbers in nats per image."""
    two, frozen, epochs = RUNS[name]
    generator = torch.Generator().manual_seed(100 + seed)  # not the one that trained level 1
    model = copy.deepcopy(first_level(seed, images.train_x))
    if two:
        model = with_second_level(model, frozen, generator)
    if epochs:
        go_on(model, epochs, images.train_x, generator)
    with torch.inference_mode():
        found = averages(model(test_x, generator=torch.Generator().manual_seed(seed), samples=DRAWS))
        run = {**nats(found, 3), **nats_per_level(found, 3)}
        if not epochs:
            run["rate_of_best_gaussian"] = round(rate_of_best_gaussian(model, images, test_x), 3)
    return run


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model="784-200-200-32, 32-100-100-16, ReLU, batch normalization, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS, "draws": DRAWS},
    )
