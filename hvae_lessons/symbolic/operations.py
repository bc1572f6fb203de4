"""What each torch operation does on symbols: the table at the end, and the functions that it names."""

import operator

import numpy as np
import sympy
import torch

from hvae_lessons.symbolic.numbers import exact
from hvae_lessons.symbolic.tensor import OPERATIONS, SymbolicTensor, exact_array, leaf, stop_gradient


def _elementwise(function):
    """Operation that applies a sympy function to every entry, after broadcasting."""

    def operation(*operands):
        arrays = np.broadcast_arrays(*map(exact_array, operands))
        result = np.empty(arrays[0].shape, dtype=object)
        for index in np.ndindex(result.shape):
            result[index] = function(*(array[index] for array in arrays))
        return SymbolicTensor(result)

    return operation


add = _elementwise(operator.add)
subtract = _elementwise(operator.sub)
multiply = _elementwise(operator.mul)
divide = _elementwise(operator.truediv)
power = _elementwise(operator.pow)
exp = _elementwise(sympy.exp)
log = _elementwise(sympy.log)


def _relu(tensor, inplace=False):
    return _elementwise(lambda a: sympy.Max(a, 0))(tensor)


def _choose(condition, value, other):
    if condition in (sympy.true, sympy.false):
        return value if condition == sympy.true else other
    return sympy.Piecewise((value, condition), (other, True))


def _structural(function):
    """Operation that only moves entries: numpy does it on the object array."""

    def operation(tensor, *args, **kwargs):
        return SymbolicTensor(function(exact_array(tensor), *args, **kwargs))

    return operation


def _sum(tensor, dim=None, keepdim=False):
    return SymbolicTensor(np.sum(exact_array(tensor), axis=dim, keepdims=keepdim))


def _mean(tensor, dim=None, keepdim=False):
    entries = exact_array(tensor)
    total = np.sum(entries, axis=dim, keepdims=keepdim)
    return SymbolicTensor(total) / (entries.size // np.size(total))


def _squeeze(tensor, dim):
    entries = exact_array(tensor)
    return SymbolicTensor(np.squeeze(entries, dim) if entries.shape[dim] == 1 else entries)


def _log_sum_exp(tensor, dim, keepdim=False):
    return log(_sum(exp(tensor), dim, keepdim))


def _log_softmax(tensor, dim):
    return tensor - _log_sum_exp(tensor, dim, keepdim=True)


def _softmax(tensor, dim):
    return exp(tensor) / _sum(exp(tensor), dim, keepdim=True)


def _matmul(a, b):
    return SymbolicTensor(np.matmul(exact_array(a), exact_array(b)))


def _linear(x, weight, bias=None):
    product = _matmul(x, exact_array(weight).T)
    return product if bias is None else product + bias


def _tril(tensor, diagonal=0):
    entries = exact_array(tensor)
    keep = np.tril(np.ones(entries.shape[-2:], dtype=bool), diagonal)
    return SymbolicTensor(np.where(keep, entries, sympy.S.Zero))


def _diag_embed(tensor):
    entries = exact_array(tensor)
    return SymbolicTensor(np.where(np.eye(entries.shape[-1], dtype=bool), entries[..., None], sympy.S.Zero))


def _diagonal(tensor, offset=0, dim1=0, dim2=1):
    return SymbolicTensor(np.diagonal(exact_array(tensor), offset, dim1, dim2))


def _per_matrix(function):
    """Operation that applies a function of sympy matrices to the last two dimensions."""

    def operation(*tensors, **settings):
        batch = np.broadcast_shapes(*(tensor.shape[:-2] for tensor in tensors))
        arrays = [np.broadcast_to(exact_array(t), (*batch, *t.shape[-2:])) for t in tensors]
        results = {
            index: np.array(function(*(sympy.Matrix(a[index]) for a in arrays), **settings), dtype=object)
            for index in np.ndindex(*batch)
        }
        shape = next(iter(results.values())).shape
        stacked = np.empty((*batch, *shape), dtype=object)
        for index, matrix in results.items():
            stacked[index] = matrix
        return SymbolicTensor(stacked)

    return operation


def _solve_triangular(matrix, right, *, upper, left=True):
    if not left:  # X A = B is A^T X^T = B^T
        return _solve_triangular(matrix.T, right.T, upper=not upper).T
    return matrix.upper_triangular_solve(right) if upper else matrix.lower_triangular_solve(right)


def _kl_term(q, p, log_ratio):
    return p if q == 0 else p - q - q * log_ratio


def _select(tensor, index):
    """Indexing; a tensor of symbols is an index if all its entries are known numbers."""
    if isinstance(index, SymbolicTensor):
        index = index.entries.astype(int)
    return SymbolicTensor(exact_array(tensor)[index])


def _expand(tensor, *shape):
    shape = shape[0] if isinstance(shape[0], tuple) else shape
    return SymbolicTensor(np.broadcast_to(exact_array(tensor), shape))


def _grad(outputs, inputs, **_):
    """Derivatives of the outputs' sum by leaves, at the leaves' values, with no graph behind them."""
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    variables = {entry: sympy.Dummy(real=True) for tensor in inputs for entry in tensor.entries.flat}
    values = {variable: entry.doit() for entry, variable in variables.items()}
    total = sum(output.item() for output in outputs).xreplace(variables)

    def derivative(entry):
        return stop_gradient(total.diff(variables[entry]).doit().xreplace(values))

    return tuple(map(_elementwise(derivative), inputs))


def _norm(vector):
    # Factored, so that a sum of squares shows its sign.
    return SymbolicTensor(sympy.sqrt(sympy.factor(sum(entry**2 for entry in vector.entries.flat))))


def _normalize(vector, p, dim, eps, out):
    """A vector of length 1; zeros stay zeros, which is what eps is for."""
    if vector.ndim != 1 or p != 2:
        raise NotImplementedError("normalize: symbols are normalized one vector at a time")
    length = _norm(vector)
    return vector if length.item() == 0 else vector / length


def _truth(tensor):
    value = tensor.item()
    if value not in (sympy.true, sympy.false):
        raise ValueError(f"condition: expected one that these symbols decide, got {value}")
    return bool(value)


def _take_along_dim(tensor, indices, dim):
    return SymbolicTensor(np.take_along_axis(exact_array(tensor), indices.numpy(), dim))


def _along_last(tensor, function):
    entries = exact_array(tensor)
    result = np.empty(entries.shape[:-1], dtype=object)
    for index in np.ndindex(result.shape):
        result[index] = function(entries[index])
    return SymbolicTensor(result)


def _argmax(tensor, dim):
    return _along_last(torch.movedim(tensor, dim, -1), _index_of_largest)


def _index_of_largest(values):
    branches = [(k, sympy.And(*(value >= other for other in values))) for k, value in enumerate(values)]
    return sympy.Piecewise(*branches[:-1], (branches[-1][0], True))


def _one_hot(tensor, num_classes):
    entries = exact_array(tensor)
    result = np.empty((*entries.shape, num_classes), dtype=object)
    for *index, k in np.ndindex(result.shape):
        chosen = entries[tuple(index)]
        cases = chosen.args if isinstance(chosen, sympy.Piecewise) else [(chosen, True)]
        result[(*index, k)] = sympy.Piecewise(*((int(value == k), condition) for value, condition in cases))
    return SymbolicTensor(result)


def _full_like(tensor, value):
    return SymbolicTensor(np.full(tuple(tensor.shape), exact(value), dtype=object))


def _stack(tensors, dim=0):
    return SymbolicTensor(np.stack([exact_array(tensor) for tensor in tensors], dim))


def _cat(tensors, dim=0):
    return SymbolicTensor(np.concatenate([exact_array(tensor) for tensor in tensors], dim))


def _item(tensor):
    return exact_array(tensor).item()


def _unbind(tensor, dim=0):
    return tuple(SymbolicTensor(part) for part in np.moveaxis(exact_array(tensor), dim, 0))


OPERATIONS.update(
    {
        # elementwise
        "add": add,
        "sub": subtract,
        "rsub": lambda a, b: subtract(b, a),
        "mul": multiply,
        "div": divide,
        "pow": power,
        "neg": _elementwise(operator.neg),
        "exp": exp,
        "expm1": _elementwise(lambda a: sympy.exp(a) - 1),
        "log": log,
        "log1p": _elementwise(lambda a: sympy.log(1 + a)),
        "expm1_minus": _elementwise(lambda a: sympy.exp(a) - 1 - a),
        "log_quotient": _elementwise(lambda a, b: sympy.log(a) - sympy.log(b)),
        "kl_term": _elementwise(_kl_term),
        "sqrt": _elementwise(sympy.sqrt),
        "tanh": _elementwise(sympy.tanh),
        "special_entr": _elementwise(lambda a: -a * sympy.log(a)),
        "sigmoid": _elementwise(lambda a: 1 / (1 + sympy.exp(-a))),
        "log_sigmoid": _elementwise(lambda a: -sympy.log(1 + sympy.exp(-a))),
        "logaddexp": _elementwise(lambda a, b: sympy.log(sympy.exp(a) + sympy.exp(b))),
        "softplus": lambda tensor, threshold=20: log(1 + exp(tensor)),  # the threshold is about rounding
        "relu": _relu,
        # Symbols stand for finite numbers: there is nothing to replace.
        "nan_to_num": lambda tensor, **_: tensor,
        "gt": _elementwise(operator.gt),
        "lt": _elementwise(operator.lt),
        "any": lambda tensor: _norm(tensor) > 0,  # of real numbers
        "__bool__": _truth,
        "where": _elementwise(_choose),
        # automatic differentiation
        "detach": _elementwise(stop_gradient),
        "requires_grad_": _elementwise(lambda a: leaf(a, sympy.Dummy())),
        "grad": _grad,
        # reductions
        "sum": _sum,
        "mean": _mean,
        "logsumexp": _log_sum_exp,
        "log_softmax": _log_softmax,
        "softmax": _softmax,
        "argmax": _argmax,
        # linear algebra
        "matmul": _matmul,
        "linear": _linear,
        "tril": _tril,
        "diag_embed": _diag_embed,
        "diagonal": _diagonal,
        "linalg_solve_triangular": _per_matrix(_solve_triangular),
        "linalg_vector_norm": _norm,
        "normalize": _normalize,
        "linalg_inv": _per_matrix(lambda matrix: matrix.inv()),
        "linalg_cholesky": _per_matrix(lambda matrix: matrix.cholesky(hermitian=False)),
        # shape
        "__getitem__": _select,
        "unsqueeze": _structural(np.expand_dims),
        "squeeze": _squeeze,
        "flip": _structural(lambda a, *dims: np.flip(a, dims)),
        "movedim": _structural(np.moveaxis),
        "transpose": _structural(np.swapaxes),
        "reshape": _structural(lambda a, *shape: a.reshape(*shape)),
        "T": _structural(np.transpose),
        "mT": _structural(lambda a: np.swapaxes(a, -1, -2)),
        "expand": _expand,
        "expand_as": _structural(lambda a, other: np.broadcast_to(a, tuple(other.shape))),
        "take_along_dim": _take_along_dim,
        "stack": _stack,
        "cat": _cat,
        # new tensors
        "clone": lambda tensor: tensor,
        "zeros_like": lambda tensor: _full_like(tensor, 0),
        "ones_like": lambda tensor: _full_like(tensor, 1),
        "full_like": _full_like,
        "one_hot": _one_hot,
        "to": lambda tensor, dtype: tensor,
        "item": _item,
        "unbind": _unbind,
    }
)
