"""The models of a sweep as points: what each says of test images, and its decoder for the page."""

from copy import deepcopy
from typing import NamedTuple

import torch

from hvae_lessons.checks import expect
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import VAE
from hvae_lessons.widgets.kit.labeled_images import precision
from hvae_lessons.widgets.kit.packed_nets import pack_decoder

MOST_DIMENSIONS = 64
BITS = (4, 6, 7, 8, 9, 10, 16)  # of a weight: a model that has collapsed needs few
LOOKED_AT = 300  # codes of each kind on which rounding is fitted and measured


class Point(NamedTuple):
    """One model of the sweep, its coordinates ordered by their KL."""

    rate: float
    distortion: float
    kl: torch.Tensor  # [Z], the largest first
    model: VAE
    decoder: dict  # for js/numerics/nets.js
    difference: float  # the largest of a pixel, that its rounding makes


def points_of(models, x):
    """What each model says of test images, and its decoder in as few bits as it needs.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `models` | dict | (beta, latent_dim) -> VAE |
    | `x` | [N, D] | test images |
    | returns | dict | (beta, latent_dim) -> Point, in nats per image |

    Source: measures/evaluate.py; kit/packed_nets.py.
    """
    return {(float(beta), int(size)): _point_of(model, x) for (beta, size), model in models.items()}


def _point_of(model, x):
    x = x.to(precision(model))
    found = evaluate(model, x, torch.Generator().manual_seed(0))
    kl, order = found.kl_per_dimension[0].sort(descending=True)
    model = _reordered(model, order)
    packed = pack_decoder(model, _places(model, x), BITS)
    numbers = {name: getattr(packed, name).astype("<f4").tobytes() for name in ("scales", "biases")}
    return Point(found.rate, found.distortion, kl, model, {**packed.state(), **numbers}, packed.difference)


def _reordered(model, order):
    """The same model with its coordinates in another order."""
    model, mean_and_log_var = deepcopy(model).eval(), torch.cat([order, order + len(order)])
    with torch.no_grad():
        encoded, decoded = model.encoder[-1], model.decoder[0]
        encoded.weight.copy_(encoded.weight[mean_and_log_var])
        encoded.bias.copy_(encoded.bias[mean_and_log_var])
        decoded.weight.copy_(decoded.weight[:, order])
    return model


def reach_of(codes):
    """How far a traversal of each coordinate goes: 3 deviations of the prior, or as far as the codes.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes` | [N, Z] | mean codes |
    | returns | [Z] | whole numbers |
    """
    return codes.abs().amax(0).ceil().clamp(min=3)


def _places(model, x):
    """Where a reader may go: mean codes, draws of the prior, mean codes with one coordinate slid."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        codes = model.encode(x[:LOOKED_AT]).mean
    prior = torch.randn(codes.shape, generator=generator, dtype=codes.dtype)
    slid, coordinate = codes.clone(), torch.randint(codes.shape[1], (len(codes),), generator=generator)
    anywhere = 2 * torch.rand(len(codes), generator=generator, dtype=codes.dtype) - 1
    anywhere *= reach_of(codes)[coordinate]
    slid[torch.arange(len(codes)), coordinate] = anywhere
    places = torch.cat([codes, prior, slid])
    return places[torch.randperm(len(places), generator=generator)]


def check_grid(models):
    """Refuse what is no VAE for every pair of a few betas and a few latent sizes.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `models` | dict | (beta, latent_dim) -> VAE |

    Raises: ValueError, with the reason. Source: none.
    """
    expect(isinstance(models, dict) and models, "models", "a dict (beta, latent_dim) -> VAE", models)
    pairs = all(isinstance(key, tuple) and len(key) == 2 for key in models)
    expect(pairs, "models", "keys (beta, latent_dim)", list(models))
    betas, sizes = (sorted(set(part)) for part in zip(*models))
    missing = [(beta, size) for beta in betas for size in sizes if (beta, size) not in models]
    expect(not missing, "models", "one for every pair of beta and latent_dim", f"none for {missing}")
    expect(betas[0] >= 0, "models", "betas of 0 or more", betas[0])
    expect(sizes[-1] <= MOST_DIMENSIONS, "models", f"a latent_dim up to {MOST_DIMENSIONS}", sizes[-1])
    pixels = None
    for (beta, size), model in models.items():
        where = f"models[{beta}, {size}]"
        expect(isinstance(model, VAE), where, "a VAE", type(model).__name__)
        config = model.config
        expect(config.latent_dim == size, where, f"latent_dim {size}", config.latent_dim)
        expect(config.posterior == "gaussian", where, "a Gaussian posterior", config.posterior)
        pixels = pixels or config.data_dim
        expect(config.data_dim == pixels, where, f"data_dim {pixels} as the first", config.data_dim)
