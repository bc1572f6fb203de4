"""Randomness is an argument: a generator decides everything, PyTorch's global state nothing, of all that is
public and takes a generator. The calls are those of the tables in bad_input; a new function must stand there.
"""

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Mapping

import pytest
import torch
from bad_input.inputs import D
from bad_input.test_bad_input import GOOD, bare, named
from every_model import MODELS
from every_model import D as PIXELS
from random_data import binary, generator
from torch import nn

import hvae_lessons
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.models.parts.families import DiagonalGaussian
from hvae_lessons.training import fit
from hvae_lessons.training.adversary import Adversary
from hvae_lessons.training.per_example import estimate_elbo, fit_posterior
from hvae_lessons.training.spectral_penalty import SpectralPenalty

# Folders that compute nothing at random for a reader; models side by side are reached through fit_many.
NOT_HERE = ("figures", "notebook", "proofs", "symbolic", "theorems", "training.side_by_side", "widgets")
# Calls whose result does change with what is drawn; SpectralPenalty and Adversary have no table.
SMOOTH = VAE(VAEConfig(D, 2, (3,), activation="tanh"), generator())
SLOPED = {"posterior": DiagonalGaussian(2), "log_joint": lambda z: z.sum(-1), "size": 2, "samples": 3}
CALLS = {
    **GOOD,
    SpectralPenalty: {"model": SMOOTH, "weight": 1.0},
    Adversary: {"latent_dim": 2, "hidden": (3,)},
    fit: {**GOOD[fit], "model": SMOOTH, "x": binary(4, D), "batch_size": 2},
    fit_posterior: {**SLOPED, "steps": 2},
    estimate_elbo: SLOPED,
}


def takes_generator(function):
    """Whether a caller may leave it out; what must be handed one is reached through such a function."""
    argument = inspect.signature(function).parameters.get("generator")
    return argument is not None and argument.default is None


DRAWING = [f for f in CALLS if takes_generator(f)]


def numbers(result):
    """All tensors of a result, in order; of a model its weights and buffers."""
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, nn.Module):
        return list(result.state_dict().values())
    if isinstance(result, SpectralPenalty):
        return list(result.vectors.values())
    if isinstance(result, Adversary):
        return numbers(result.net)
    if isinstance(result, tuple | list | Mapping):
        parts = result.values() if isinstance(result, Mapping) else result
        return [tensor for part in parts for tensor in numbers(part)]
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


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_built_used_and_sampled_by_the_generator(name):
    """Configurations that one call of each class does not reach, and methods that they inherit."""
    results = []
    for global_seed, seed in ((0, 0), (1, 0), (0, 1)):
        torch.manual_seed(global_seed)
        g = generator(seed)
        model = MODELS[name](g)
        trace = model(binary(3, PIXELS), g)
        methods = [m for _, m in inspect.getmembers(model, inspect.ismethod) if takes_generator(m)]
        drawn = [m(count=2, generator=g) for m in methods if "count" in inspect.signature(m).parameters]
        assert drawn
        if hasattr(model, "resample"):
            drawn += model.resample([layer.z for layer in trace.layers], (1,), g)
        values = (trace.log_px_given_z, [layer.kl for layer in trace.layers], drawn)
        results.append(numbers((model, values)))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


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
    assert sorted(map(named, missing)) == []
