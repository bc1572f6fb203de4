"""The package's refusals: every ValueError says which argument, what was expected and what came.

A check asks for the type first: what has another one has no shape, no length and no order to ask for.

The checks look at types, shapes and Python numbers only, so that a formula guarded by them still runs on
sympy symbols. `check_data` and `check_pixels` look at values; the places where data enter call them once.
So does `check_labels`, which lets symbols pass.
"""

import inspect
import itertools
import math
import numbers
import reprlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

# How far a pixel may lie outside of [0, 1]: an average of ones in single precision may be 1.0000001.
ROUNDING = 1e-6
# How far a sum of probabilities may lie from 1: a softmax over thousands of classes in single precision.
ROUNDING_OF_SUMS = 1e-4


def expect(condition, argument, expected, got):
    """Raise ValueError unless `condition` holds."""
    if not condition:
        raise ValueError(f"{argument}: expected {expected}, got {got}")


def check_tensor(name, value):
    """`value` is a tensor: of numbers, or of the symbols that stand for them. A numpy array is none."""
    expect(isinstance(value, torch.Tensor), name, "a tensor", type(value).__name__)


def check_floating(name, value):
    """`value` is a tensor of real numbers, not of whole ones, of booleans or of complex ones."""
    check_tensor(name, value)
    expect(value.is_floating_point(), name, "floating-point values", value.dtype)


def check_event(**tensors):
    """All tensors have a last (event) dimension of one common size, and batch dimensions that broadcast."""
    shapes = [t.shape for t in tensors.values() if isinstance(t, torch.Tensor) and t.is_floating_point()]
    # The usual case leaves at once, because formulas are checked in every training step.
    if len(shapes) == len(tensors) == shapes.count(shapes[0]) and shapes[0] and 0 not in shapes[0]:
        return
    for name, tensor in tensors.items():
        check_floating(name, tensor)
        expect(len(tensor.shape) >= 1, name, "at least one dimension, the event", "a scalar")
        expect(
            0 not in tensor.shape,
            name,
            "at least one example and one coordinate",
            f"shape {tuple(tensor.shape)}",
        )
    # Every pair, because two that fit a third one need not fit each other.
    for (name, tensor), (other_name, other) in itertools.combinations(tensors.items(), 2):
        matches = tensor.shape[-1] == other.shape[-1] and _broadcastable(tensor.shape, other.shape)
        expect(matches, other_name, f"a shape that matches {name} {tuple(tensor.shape)}", tuple(other.shape))


def check_size(name, tensor, size):
    """`tensor` is [..., size], and not empty."""
    check_event(**{name: tensor})
    expect(tensor.shape[-1] == size, name, f"[..., {size}]", tuple(tensor.shape))


def check_type(name, tensor, like):
    """`tensor` has the precision of what it is multiplied with, weights for instance; symbols have none."""
    fits = tensor.dtype == like.dtype or not (has_values(tensor) and has_values(like))
    expect(fits, name, f"{like.dtype}, like the rest", tensor.dtype)


def check_batch(name, tensor, x):
    """`tensor`, [.., B, Z], has the batch dimensions of x [B, D] as its last ones."""
    batch, got = tuple(x.shape[:-1]), tuple(tensor.shape[:-1])
    expect(got[len(got) - len(batch) :] == batch, name, f"batch dimensions that end in {batch}", got)


def check_values(name, values, shape):
    """`values`, which the caller's function `name` returned, are a tensor of exactly this shape."""
    check_tensor(name, values)
    shape, got = tuple(shape), tuple(values.shape)
    expect(got == shape, name, f"values of shape {shape}", got)


def check_gradient(name, values):
    """`values`, which the caller's function `name` returned, depend on what they are to be derived by."""
    if has_values(values):
        expect(values.requires_grad, name, "values with a gradient", "constants")


def check_square(name, matrix, size, batch=()):
    """`matrix` is [..., size, size], and its batch dimensions broadcast with `batch`."""
    check_floating(name, matrix)
    fits = len(matrix.shape) >= 2 and tuple(matrix.shape[-2:]) == (size, size)
    expect(fits, name, f"[..., {size}, {size}]", tuple(matrix.shape))
    matches = 0 not in matrix.shape and _broadcastable(matrix.shape[:-2], batch)
    expect(matches, name, f"batch dimensions that match {tuple(batch)}", tuple(matrix.shape))


def check_module(name, module):
    """`module` is a network with a weight to train."""
    expect(isinstance(module, nn.Module), name, "an nn.Module", type(module).__name__)
    learns = any(weight.requires_grad for weight in module.parameters())
    expect(learns, name, "an nn.Module with weights to train", "one without")


def check_trace(trace):
    """`trace` is what a model returns, or something with the same terms."""
    expect(hasattr(trace, "log_px_given_z"), "trace", "the Trace that a model returns", type(trace).__name__)
    check_floating("log_px_given_z of the trace", trace.log_px_given_z)
    layers = getattr(trace, "layers", None)
    expect(isinstance(layers, tuple | list), "layers of the trace", "a tuple of terms", Shown(layers))


def check_baseline(baseline, shape):
    """`baseline` is a number, or a tensor that broadcasts to `shape` and does not enlarge it."""
    expected = f"a number, or a shape that broadcasts to {tuple(shape)}"
    if isinstance(baseline, torch.Tensor):
        check_floating("baseline", baseline)
        got = tuple(baseline.shape)
        fits = len(got) <= len(shape) and all(a in (1, b) for a, b in zip(reversed(got), reversed(shape)))
        expect(fits, "baseline", expected, got)
    else:
        expect(is_number(baseline), "baseline", expected, Shown(baseline))


def is_number(value):
    """Whether `value` is one real number, or a symbol that stands for one. A boolean is none."""
    if isinstance(value, bool | np.ndarray):
        return False
    return hasattr(type(value), "__float__") and not getattr(value, "shape", ())


class Shown:
    """How a refusal prints what came: a number as it is, anything else in a few characters.

    It is written when it is printed, because most checks refuse nothing and the text of a tensor takes long.
    """

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __str__(self):
        return str(self.value) if is_number(self.value) else reprlib.repr(self.value)


def check_positive(name, value):
    """`value` is a finite number above zero."""
    expect(is_number(value) and 0 < value < math.inf, name, "a finite number above 0", Shown(value))


def check_non_negative(name, value):
    """`value` is a finite number, zero or more."""
    expect(is_number(value) and 0 <= value < math.inf, name, "a finite number, 0 or more", Shown(value))


def is_whole(value):
    """Whether `value` is a whole number of Python or numpy."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_weight(name, value, shape):
    """`value` is a finite number, zero or more; or a tensor of such that broadcasts to `shape`, as [M, 1]."""
    if not isinstance(value, torch.Tensor):
        check_non_negative(name, value)
        return
    check_floating(name, value)
    got = tuple(value.shape)
    fits = len(got) <= len(shape) and all(a in (1, b) for a, b in zip(reversed(got), reversed(shape)))
    expect(fits, name, f"a number, or a shape that broadcasts to {tuple(shape)}", got)
    if has_values(value):
        low, high = (bound.item() for bound in value.aminmax())
        expect(low >= 0 and high < math.inf, name, "finite numbers, 0 or more", f"{low:g} to {high:g}")


def check_count(name, value):
    """`value` is a whole number, one or more."""
    expect(is_whole(value) and value >= 1, name, "a whole number, 1 or more", Shown(value))


def check_length(name, values, length, unit):
    """`values` is a tuple of this many entries, or a list."""
    is_list = isinstance(values, tuple | list | nn.ModuleList | nn.ParameterList)
    got = len(values) if is_list else Shown(values)
    expect(got == length, name, f"{length} {unit}", got)


def check_seed(seed):
    """`seed` is a whole number that every source of randomness takes."""
    expect(is_whole(seed) and 0 <= seed < 2**32, "seed", "a whole number, 0 or more", Shown(seed))


def check_counts(name, values):
    """`values` is a tuple of whole numbers, one or more each."""
    expect(isinstance(values, tuple | list), name, "a tuple of whole numbers", Shown(values))
    for value in values:
        check_count(name, value)


def check_flag(name, value):
    """`value` is True or False, not what Python would take for it."""
    expect(isinstance(value, bool | np.bool_), name, "True or False", Shown(value))


def check_function(name, function, /, *arguments, **settings):
    """`function` can be called with these arguments, given by their names, and with these settings."""
    expected = f"a function of {', '.join((*arguments, *settings))}"
    expect(callable(function), name, expected, Shown(function))
    try:
        signature = inspect.signature(function.forward if isinstance(function, nn.Module) else function)
    except (TypeError, ValueError):
        return  # some that are built in do not say what they take
    try:
        signature.bind(*arguments, **settings)
    except TypeError:
        expect(False, name, expected, f"one of {signature}")


def check_functions(name, functions, *arguments):
    """`functions` is a dict from names to functions of these arguments."""
    expect(isinstance(functions, Mapping), name, "a dict of functions", Shown(functions))
    for function in functions.values():
        check_function(name, function, *arguments)


def call(name, function, /, **arguments):
    """The value of a function that somebody handed over as `name`, with these arguments in this order."""
    expect(callable(function), name, f"a function of {', '.join(arguments)}", Shown(function))
    try:
        return function(*arguments.values())
    except TypeError:
        check_function(name, function, *arguments)  # afterwards, because it takes as long as a small formula
        raise


def is_device(value):
    """Whether torch can use `value` as the name of a device, or as one."""
    try:
        torch.empty(0, device=value)
    except (RuntimeError, TypeError, AssertionError):
        return False
    return True


def check_generator(generator):
    """`generator` is a torch.Generator, or None for torch's global one. A seed is neither."""
    is_source = generator is None or isinstance(generator, torch.Generator)
    expect(is_source, "generator", "a torch.Generator", Shown(generator))


def check_choice(name, value, choices):
    """`value` is one of `choices`, which are names or whole numbers."""
    known = (isinstance(value, str) or is_whole(value)) and value in choices
    expect(known, name, "one of " + ", ".join(map(repr, choices)), Shown(value))


def check_data(name, x, data_dim=None):
    """`x` is a non-empty floating tensor [..., D] without NaN or infinity."""
    _check_examples(name, x, data_dim)
    # One sum instead of a mask the size of the data: any NaN or infinity survives it. But it may overflow.
    finite = -math.inf < x.sum().item() < math.inf or bool(x.isfinite().all())
    expect(finite, name, "finite values", "NaN or infinity")


def check_table(name, x, data_dim=None):
    """`x` is `check_data`'s, [N, D]: a row for each example, and no axis of samples in front."""
    check_data(name, x, data_dim)
    expect(x.ndim == 2, name, "[N, D], without an axis of samples", tuple(x.shape))


def check_pixels(name, x, data_dim=None):
    """`x` is `check_data`'s, with every value in [0, 1] but for rounding."""
    _check_examples(name, x, data_dim)
    low, high = (bound.item() for bound in x.aminmax())  # NaN, if there is one
    expect(math.isfinite(high - low), name, "finite values", "NaN or infinity")
    inside = low >= -ROUNDING and high <= 1 + ROUNDING
    expect(inside, name, "pixels in [0, 1]", f"values from {low:.7g} to {high:.7g}")


def check_labels(name, y, classes):
    """`y` holds whole numbers from 0 to `classes` - 1."""
    check_tensor(name, y)
    if not has_values(y):
        return
    expected = f"whole numbers from 0 to {classes - 1}, int64, at least one"
    whole = y.dtype == torch.int64 and y.numel() > 0
    expect(whole, name, expected, f"{y.dtype} {tuple(y.shape)}")
    low, high = (bound.item() for bound in y.aminmax())
    expect(low >= 0 and high < classes, name, expected, f"{low} to {high}")


def check_probabilities(name, table):
    """`table` is [..., C] with rows that are not negative and sum to one, as far as it holds numbers."""
    check_event(**{name: table})
    if has_values(table):
        expected = "probabilities, 0 or more, each row summing to 1"
        expect(bool((table >= 0).all()), name, expected, f"a least value of {table.min().item():.4g}")
        off = (table.sum(-1) - 1).abs().max().item()
        expect(off < ROUNDING_OF_SUMS, name, expected, f"sums up to {off:.4g} away from it")


def check_conditional(name, table, size):
    """`table` is [..., size, C]: a distribution for each of `size` values."""
    check_probabilities(name, table)
    expected = f"[..., {size}, C], a distribution for each of {size} values"
    expect(tuple(table.shape[-2:-1]) == (size,), name, expected, tuple(table.shape))


def has_values(tensor):
    """Whether a tensor holds numbers: one of another class, such as symbols, has no values to look at."""
    return type(tensor) in (torch.Tensor, torch.nn.Parameter)


def _check_examples(name, x, data_dim):
    expect(isinstance(x, torch.Tensor), name, "a torch.Tensor", type(x).__name__)
    expect(x.is_floating_point(), name, "floating-point values", x.dtype)
    expect(x.ndim >= 2 and x.numel() > 0, name, "[B, D] with at least one example", tuple(x.shape))
    if data_dim is not None:
        expect(x.shape[-1] == data_dim, name, f"[..., {data_dim}]", tuple(x.shape))


def _broadcastable(shape, other):
    return all(a == b or a == 1 or b == 1 for a, b in zip(reversed(shape), reversed(other), strict=False))
