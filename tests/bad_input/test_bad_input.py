"""Bad input gets a sentence: which argument, what was expected, what came.

The calls stand in `tables`. A kind of refusal of its own follows from those that work: every tensor in turn
emptied, or replaced by a list. Whatever is public and takes arguments must stand in both tables.
"""

import importlib
import inspect
import pkgutil

import pytest
import torch
from bad_input.tables import BAD, GOOD, bare, named
from torch import nn

import hvae_lessons
from hvae_lessons.data.mnist_files import read_mnist_files
from hvae_lessons.training.loop import check_settings, enter_training, gradient_steps, prepared, scheduled

# checks is what raises; the others are the book's machinery, not called with a reader's data.
# Backbones are reached through TopDown alone, guard, gate and record through fit alone, models side
# by side through fit_many, which look at everything before they hand it on.
NOT_HERE = {
    "assertions",
    "checks",
    "figures",
    "notebook",
    "symbolic",
    "proofs",
    "theorems",
    "widgets",
    "models.parts.backbones",
    "training.divergence",
    "training.gradient_gate",
    "training.record",
    "training.side_by_side",
}
# The failures of the one are files, disks and networks: tests/data/test_mnist_files.py. The others are what
# fit runs.
TESTED_ELSEWHERE = {read_mnist_files, check_settings, enter_training, gradient_steps, prepared, scheduled}


@pytest.mark.parametrize("function", [f for f, arguments in GOOD.items() if arguments is not None], ids=named)
def test_the_working_calls_work(function):
    function(**GOOD[function])


@pytest.mark.parametrize(
    ("function", "changes", "argument", "expected", "got"),
    BAD,
    ids=[f"{named(function)}-{'-'.join(changes)}" for function, changes, *_ in BAD],
)
def test_refusal_names_argument_expected_and_got(function, changes, argument, expected, got):
    with pytest.raises(ValueError) as refusal:
        function(**{**(GOOD[function] or {}), **changes})
    refused, _, rest = str(refusal.value).partition(": expected ")
    wanted, _, came = rest.partition(", got ")
    assert refused == argument
    assert expected in wanted
    assert got in came


TENSORS = [
    (function, argument)
    for function, arguments in GOOD.items()
    for argument, value in (arguments or {}).items()
    if isinstance(value, torch.Tensor)
]


@pytest.mark.parametrize(
    ("function", "argument"), TENSORS, ids=[f"{named(function)}-{argument}" for function, argument in TENSORS]
)
@pytest.mark.parametrize("make", [lambda t: t[:0], lambda t: t.tolist()], ids=["empty", "a list"])
def test_no_tensor_may_be_empty_or_a_list(function, argument, make):
    arguments = GOOD[function]
    with pytest.raises(ValueError, match=r"^\w+: expected .+, got .+") as refusal:
        function(**{**arguments, argument: make(arguments[argument])})
    assert str(refusal.value).partition(":")[0] in {*arguments, "mean", "logits", "z"}


def public_callables():
    """Functions and methods with arguments, and classes whose constructors check."""
    for info in pkgutil.walk_packages(hvae_lessons.__path__, "hvae_lessons."):
        short = info.name.removeprefix("hvae_lessons.")
        if short in NOT_HERE or short.split(".")[0] in NOT_HERE:
            continue
        module = importlib.import_module(info.name)
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", None) != info.name:
                continue
            if inspect.isfunction(member) and inspect.signature(member).parameters:
                yield member
            elif inspect.isclass(member) and not issubclass(member, Exception):
                yield from _checked(member)


def _checked(cls):
    """The class, if its constructor checks, and its methods."""
    own = vars(cls)
    if "__post_init__" in own or (issubclass(cls, nn.Module) and "__init__" in own):
        yield cls
    for name, member in own.items():
        function = member.__func__ if isinstance(member, classmethod) else member
        takes_arguments = inspect.isfunction(function) and len(inspect.signature(function).parameters) > 1
        if takes_arguments and not name.startswith("_"):
            yield function


def test_every_public_function_is_here():
    public = set(public_callables()) - TESTED_ELSEWHERE
    good, bad = {bare(function) for function in GOOD}, {bare(function) for function, *_ in BAD}
    assert sorted(map(named, public - good)) == [], "no working call in GOOD"
    assert sorted(map(named, public - bad)) == [], "no bad call in BAD"
    assert sorted(map(named, good - public)) == [], "in GOOD, but not public"
