"""Randomness is an argument: a generator decides everything, PyTorch's global state nothing, of all that is
public and takes a generator. The calls are those of the tables in bad_input; a new function must stand there.
"""

import copy
import importlib
import inspect
import pkgutil

import pytest
import torch
from bad_input.inputs import HIERARCHY, SMALL, D
from bad_input.test_bad_input import GOOD, bare, named
from random_data import binary, generator
from torch import nn

import hvae_lessons
from hvae_lessons.models import (
    MHVAE,
    VAE,
    ClusterVAE,
    ClusterVAEConfig,
    ConvTopDownConfig,
    MHVAEConfig,
    TopDown,
    TopDownConfig,
    VAEConfig,
)
from hvae_lessons.models.parts.families import DiagonalGaussian
from hvae_lessons.training import fit
from hvae_lessons.training.per_example import estimate_elbo, fit_posterior
from hvae_lessons.training.spectral import SpectralPenalty

# Folders that compute nothing at random for a reader, and nets that are made by TopDown alone.
NOT_HERE = ("figures", "notebook", "proofs", "symbolic", "theorems", "widgets", "models.parts.backbones")
# Calls whose result does change with what is drawn; SpectralPenalty has no table.
SMOOTH = VAE(VAEConfig(D, 2, (3,), activation="tanh"), generator())
SLOPED = {"posterior": DiagonalGaussian(2), "log_joint": lambda z: z.sum(-1), "size": 2, "samples": 3}
CALLS = {
    **GOOD,
    SpectralPenalty: {"model": SMOOTH, "weight": 1.0},
    fit: {**GOOD[fit], "model": SMOOTH, "x": binary(4, D), "batch_size": 2},
    fit_posterior: {**SLOPED, "steps": 2},
    estimate_elbo: SLOPED,
}


def takes_generator(function):
    return "generator" in inspect.signature(function).parameters


DRAWING = [f for f in CALLS if takes_generator(f) and not named(f).startswith("checks.")]
# What one configuration of a class does not reach.
WIDE = TopDownConfig(D, (2, 1), 3, blocks=2, batch_norm=True, posterior="merge")
BUILT = {
    "MHVAE, noise": lambda g: MHVAE(MHVAEConfig(**HIERARCHY, wiring="noise", batch_norm=True), g),
    "TopDown, maps": lambda g: TopDown(ConvTopDownConfig((4, 4), ((4, 1), (2, 1)), 3), g),
    "TopDown, blocks": lambda g: TopDown(WIDE, g),
}


def numbers(result):
    """All tensors of a result, in order; of a model its weights and buffers."""
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, nn.Module):
        return list(result.state_dict().values())
    if isinstance(result, SpectralPenalty):
        return list(result.vectors.values())
    if isinstance(result, tuple | list):
        return [tensor for part in result for tensor in numbers(part)]
    return [] if result is None else [torch.as_tensor(result)]


def called(function, seed, global_seed):
    """Result of the call on copies of its arguments, so that nothing is trained or started twice."""
    function, arguments = copy.deepcopy((function, CALLS[function]))
    torch.manual_seed(global_seed)
    return numbers(function(**{**arguments, "generator": generator(seed)}))


def same(first, second):
    return len(first) > 0 and all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("function", DRAWING, ids=named)
def test_the_generator_decides_and_the_global_state_does_not(function):
    first = called(function, 0, 0)
    assert same(first, called(function, 0, 1))
    assert not same(first, called(function, 1, 0))


@pytest.mark.parametrize("function", DRAWING, ids=named)
def test_nobody_elses_draws_are_shifted(function):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    called(function, 0, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
def test_every_way_to_build_and_sample_is_decided_by_the_generator(build):
    results = []
    for global_seed, seed in ((0, 0), (1, 0), (0, 1)):
        torch.manual_seed(global_seed)
        g = generator(seed)
        model = build(g)
        trace = model(torch.ones(4, model.config.data_dim), g)
        again = model.resample([layer.z for layer in trace.layers], (1,), g)
        results.append(numbers((model, trace, again, model.eval().sample(2, g))))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


@pytest.mark.parametrize("strategy", ["exact", "score-function", "gumbel-softmax", "straight-through"])
def test_every_way_to_draw_a_label_is_decided_by_the_generator(strategy):
    model = ClusterVAE(ClusterVAEConfig(**SMALL, strategy=strategy), generator())
    values = []
    for global_seed, seed in ((0, 0), (1, 0), (0, 1)):
        torch.manual_seed(global_seed)
        values.append([model(torch.ones(4, D), generator(seed)).kl])
    assert same(values[0], values[1])
    assert not same(values[0], values[2])


def owners():
    """Every public function and class of the package, and the methods of the classes."""
    for info in pkgutil.walk_packages(hvae_lessons.__path__, "hvae_lessons."):
        if info.name.removeprefix("hvae_lessons.").startswith(NOT_HERE):
            continue
        for name, member in vars(importlib.import_module(info.name)).items():
            if name.startswith("_") or getattr(member, "__module__", None) != info.name:
                continue
            if inspect.isfunction(member) or inspect.isclass(member):
                yield member
            if inspect.isclass(member):
                methods = (method for name, method in vars(member).items() if not name.startswith("_"))
                yield from filter(inspect.isfunction, methods)


def test_whatever_takes_a_generator_is_here():
    public = {owner for owner in owners() if takes_generator(owner)}
    missing = public - {bare(function) for function in CALLS}
    assert sorted(map(named, missing)) == ["checks.check_generator"]
