"""A torch.Tensor whose entries are sympy expressions."""

import numpy as np
import sympy
import torch

from hvae_lessons.symbolic.numbers import exact

# Name of a torch function or method -> what it does on symbols; operations.py fills it.
OPERATIONS = {}

# What torch itself may answer: it does not depend on the entries.
METADATA = {"shape", "ndim", "dtype", "device", "dim", "size", "numel", "is_floating_point", "__len__"}


class SymbolicTensor(torch.Tensor):
    """Tensor of sympy expressions: `entries` is a numpy object array.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `entries` | nested lists or array | sympy expressions and numbers; floats are made exact |

    Raises: ValueError for a float without exact meaning; NotImplementedError for what OPERATIONS lacks.
    Source: PyTorch's `__torch_function__` protocol.
    """

    @staticmethod
    def __new__(cls, entries):
        entries = exact_array(entries)
        tensor = torch.Tensor._make_wrapper_subclass(cls, entries.shape, dtype=torch.float64)
        tensor.entries = entries
        return tensor

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        name = _name(func)
        if name in METADATA:
            with torch._C.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {}))
        return _run(name, *args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise NotImplementedError(f"{func}: reached torch's kernels, which have no symbols to work on")

    def __repr__(self, **_):
        return f"SymbolicTensor({self.entries.tolist()})"

    # sympy leaves `symbol * tensor` to the tensor when it sees this priority.
    _op_priority = 1000

    # torch's own operators refuse a sympy operand before they ask __torch_function__.
    def __add__(self, other):
        return _run("add", self, other)

    __radd__ = __add__

    def __sub__(self, other):
        return _run("sub", self, other)

    def __rsub__(self, other):
        return _run("sub", other, self)

    def __mul__(self, other):
        return _run("mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return _run("div", self, other)

    def __rtruediv__(self, other):
        return _run("div", other, self)

    def __pow__(self, other):
        return _run("pow", self, other)

    def __rpow__(self, other):
        return _run("pow", other, self)


def real(name, *shape, **assumptions):
    """Tensor of distinct real symbols: real("mu", 2) is [mu_1, mu_2]; a size-1 axis gets no index.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | sympy name; greek letters are spelled out |
    | `shape` | whole numbers | shape of the tensor |
    | `assumptions` | keywords | of sympy.Symbol, e.g. positive=True |

    Source: sympy.Symbol.
    """
    entries = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        digits = "".join(str(i + 1) for i, size in zip(index, shape, strict=True) if size > 1)
        symbol = f"{name}_{digits}" if digits else name
        entries[index] = sympy.Symbol(symbol, **(assumptions or {"real": True}))
    return SymbolicTensor(entries)


def positive(name, *shape):
    """Tensor of distinct positive symbols, named as `real` names them."""
    return real(name, *shape, positive=True)


class stop_gradient(sympy.Function):
    """What `detach` returns: the value of its argument (`.doit()`), with derivative zero."""

    @classmethod
    def eval(cls, value):
        # A number stays one: code may compare it, and 0 / 0 must not become 1.
        return value if value.is_number or isinstance(value, stop_gradient) else None

    def _eval_is_real(self):
        return self.args[0].is_real

    def _eval_is_positive(self):
        return self.args[0].is_positive

    def fdiff(self, argindex=1):
        return sympy.S.Zero

    def doit(self, **hints):
        return self.args[0].doit(**hints)


class leaf(sympy.Function):
    """What `requires_grad_` returns: a variable of its own (second argument) at a value (first)."""

    nargs = 2

    def doit(self, **hints):
        return self.args[0].doit(**hints)


def exact_array(value):
    """Object array of exact entries, from a tensor, a nested list or one number."""
    if isinstance(value, SymbolicTensor):
        return value.entries
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    array = np.array(value, dtype=object)
    if array.size and any(isinstance(entry, SymbolicTensor) for entry in array.flat):
        raise ValueError("entries: expected expressions and numbers, got tensors; use torch.stack")
    result = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        result[index] = exact(array[index])
    return result


def _run(name, *args, **kwargs):
    """One operation of the table. What it makes under `torch.no_grad` has no derivative."""
    if name not in OPERATIONS:
        raise NotImplementedError(
            f"{name}: not among the operations that hvae_lessons.symbolic runs on symbols"
        )
    result = OPERATIONS[name](*args, **kwargs)
    if torch.is_grad_enabled() or not isinstance(result, SymbolicTensor):
        return result
    # Symbol by symbol, so that what can be factored still can.
    symbols = set().union(*(entry.free_symbols for entry in result.entries.flat))
    held = {symbol: stop_gradient(symbol) for symbol in symbols}
    entries = [entry.xreplace(held) for entry in result.entries.flat]
    return SymbolicTensor(np.array(entries, dtype=object).reshape(result.entries.shape))


def _name(func):
    """Name of a torch function, method or (for `tensor.T`) property."""
    return func.__self__.__name__ if func.__name__ == "__get__" else func.__name__
