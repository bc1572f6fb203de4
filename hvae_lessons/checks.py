"""The package's refusals: every ValueError says which argument, what was expected and what came.

The checks look at shapes and Python numbers only, so that a formula guarded by them still runs on
sympy symbols. `check_data` and `check_pixels` look at values; the places where data enter call them once.
So does `check_labels`, which lets symbols pass.
"""

import itertools
import math
import numbers

import torch

# How far a pixel may lie outside of [0, 1]: an average of ones in single precision may be 1.0000001.
ROUNDING = 1e-6
# How far a sum of probabilities may lie from 1: a softmax over thousands of classes in single precision.
ROUNDING_OF_SUMS = 1e-4


def expect(condition, argument, expected, got):
    """Raise ValueError unless `condition` holds."""
    if not condition:
        raise ValueError(f"{argument}: expected {expected}, got {got}")


def check_tensor(name, value):
    """`value` has a shape: a tensor, or the symbols that stand for one."""
    expect(hasattr(value, "shape"), name, "a tensor", type(value).__name__)


def check_event(**tensors):
    """All tensors have a last (event) dimension of one common size, and batch dimensions that broadcast."""
    shapes = [getattr(tensor, "shape", ()) for tensor in tensors.values()]
    # The usual case leaves at once, because formulas are checked in every training step.
    if shapes[0] and 0 not in shapes[0] and all(shape == shapes[0] for shape in shapes):
        return
    for name, tensor in tensors.items():
        check_tensor(name, tensor)
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


def check_values(name, values, shape):
    """`values`, which the caller's function `name` returned, have exactly this shape."""
    shape, got = tuple(shape), tuple(values.shape)
    expect(got == shape, name, f"values of shape {shape}", got)


def check_square(name, matrix, size, batch=()):
    """`matrix` is [..., size, size], and its batch dimensions broadcast with `batch`."""
    check_tensor(name, matrix)
    fits = len(matrix.shape) >= 2 and tuple(matrix.shape[-2:]) == (size, size)
    expect(fits, name, f"[..., {size}, {size}]", tuple(matrix.shape))
    matches = 0 not in matrix.shape and _broadcastable(matrix.shape[:-2], batch)
    expect(matches, name, f"batch dimensions that match {tuple(batch)}", tuple(matrix.shape))


def check_trace(trace):
    """`trace` is what a model returns, or something with the same terms."""
    expect(hasattr(trace, "log_px_given_z"), "trace", "the Trace that a model returns", type(trace).__name__)


def check_baseline(baseline, shape):
    """`baseline` is a number, or a tensor that broadcasts to `shape` and does not enlarge it."""
    shape, got = tuple(shape), tuple(getattr(baseline, "shape", ()))
    fits = len(got) <= len(shape) and all(a in (1, b) for a, b in zip(reversed(got), reversed(shape)))
    expect(fits, "baseline", f"a number, or a shape that broadcasts to {shape}", got)


def check_positive(name, value):
    """`value` is a finite Python number above zero."""
    expect(0 < value < math.inf, name, "a finite number above 0", value)


def check_non_negative(name, value):
    """`value` is a finite Python number, zero or more."""
    expect(0 <= value < math.inf, name, "a finite number, 0 or more", value)


def check_count(name, value):
    """`value` is a whole number, one or more."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    expect(whole and value >= 1, name, "a whole number, 1 or more", value)


def check_generator(generator):
    """`generator` is a torch.Generator, or None for torch's global one. A seed is neither."""
    is_source = generator is None or isinstance(generator, torch.Generator)
    expect(is_source, "generator", "a torch.Generator", repr(generator))


def check_choice(name, value, choices):
    """`value` is one of `choices`."""
    expect(value in choices, name, "one of " + ", ".join(map(repr, choices)), repr(value))


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
    if isinstance(y, torch.Tensor) and not has_values(y):
        return
    expected = f"whole numbers from 0 to {classes - 1}, int64, at least one"
    whole = isinstance(y, torch.Tensor) and y.dtype == torch.int64 and y.numel() > 0
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
