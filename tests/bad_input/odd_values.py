"""Odd values to call with: such as stand for no argument of the package, and such as are like a good one."""

import math

import numpy as np
import torch
from torch import nn

from hvae_lessons.models import VAEConfig
from hvae_lessons.trace import Gaussian, Trace


class Nothing:
    """A class where its object belongs."""


class Number:
    """The same, of objects that are numbers."""

    def __float__(self):
        return 0.5


class Identity(nn.Module):
    """Called as a model is, but returns no Trace."""

    def __init__(self, weights=0):
        super().__init__()
        self.weights = nn.ParameterList(torch.ones(()) for _ in range(weights))

    def forward(self, x, generator=None, samples=None):
        return x


ANYWHERE = {
    "None": None,
    "a string": "odd",
    "True": True,
    "0": 0,
    "-1": -1,
    "3": 3,
    "2.5": 2.5,
    "nan": math.nan,
    "infinity": math.inf,
    "a complex number": 1j,
    "no entries": (),
    "a list of a number": [2.5],
    "a tuple of strings": ("odd", "odd"),
    "a tuple of nothing": (None, None),
    "a dict": {"odd": "odd"},
    "an object": object(),
    "a class": Nothing,
    "a class of numbers": Number,
    "a function without arguments": lambda: 1.0,
    "a function that returns nothing": lambda *_, **__: None,
    "a function that returns an array": lambda *_, **__: np.zeros(4),
    "a function that returns a tensor": lambda *_, **__: torch.zeros(7),
    "a constant function": lambda *_, **__: torch.zeros(4),
    "a module": Identity(),
    "a module with a weight": Identity(1),
    "a config": VAEConfig(data_dim=5),
    "a number in a tensor": torch.tensor(0.5),
    "an empty tensor": torch.zeros(0),
    "a vector": torch.full((7,), 0.5),
    "a matrix": torch.full((5, 7), 0.5),
    "labels": torch.tensor([0, 1, 1, 0]),
    "an array": np.full((4, 2), 0.5),
    "an array of numbers": np.full(4, 0.5),
    "a tuple of arrays": (np.full((4, 2), 0.5), np.full((4, 1), 0.5)),
    "a Gaussian of numbers": Gaussian(0.0, 0.0),
    "a Gaussian of arrays": Gaussian(np.zeros((4, 2)), np.zeros((4, 2))),
    "a Gaussian of another size": Gaussian(torch.zeros(5, 7), torch.zeros(5, 7)),
    "a trace of nothing": Trace(None, ()),
    "a trace of numbers": Trace(1.0, (1.0,)),
    "a trace without layers": Trace(torch.zeros(4), ()),
    "a trace of no terms": Trace(torch.zeros(4), (1.0,)),
    "a trace of arrays": Trace(np.zeros(4), ()),
}

LIKE_A_TENSOR = {
    "its array": lambda t: t.detach().numpy(),
    "its list": lambda t: t.tolist(),
    "its integers": lambda t: t.long(),
    "its booleans": lambda t: t.bool(),
    "as complex": lambda t: t + 0j,
    "in double precision": lambda t: t.double() if t.is_floating_point() else t,
    "none of it": lambda t: t[:0],
    "its first": lambda t: t[0],
    "an axis more": lambda t: t[None],
    "one longer": lambda t: torch.cat([t, t[:1]]),
    "a coordinate more": lambda t: torch.cat([t, t[..., :1]], -1),
    "a coordinate less": lambda t: t[..., 1:],
    "not numbers": lambda t: torch.full_like(t, math.nan) if t.is_floating_point() else -t,
    "a thousand": lambda t: t * 1000,
}

LIKE_A_TUPLE = {
    "its list": list,
    "one less": lambda t: t[1:],
    "one more": lambda t: (*t, *t[:1]),
    "reversed": lambda t: t[::-1],
    "arrays": lambda t: tuple(map(np.asarray, t)),
    "its first, in itself": lambda t: (t[:1], *t[1:]),
    "the last a string": lambda t: (*t[:-1], "odd"),
    "the last missing": lambda t: (*t[:-1], None),
    "the last negative": lambda t: (*t[:-1], -1),
    "the last a half": lambda t: (*t[:-1], 0.5),
}


def odd_values(good):
    """Name -> value: what may stand in place of a good value."""
    return ANYWHERE | {name: make(good) for name, make in _variants(good).items()}


def _variants(good):
    if isinstance(good, torch.Tensor) and good.ndim:
        return LIKE_A_TENSOR
    return LIKE_A_TUPLE if type(good) is tuple and good else {}
