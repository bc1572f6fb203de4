"""The symbolic tensor against torch: run on symbols, then with numbers put in, it gives torch's numbers."""

import math

import numpy as np
import pytest
import sympy
import torch
import torch.nn.functional as F

from hvae_lessons.formulas.distributions import gaussian_log_prob
from hvae_lessons.formulas.special_functions import expm1_minus, kl_term, log_quotient
from hvae_lessons.symbolic import OPERATIONS, SymbolicTensor, exact, positive, real, stop_gradient

# a [2, 3], b [3], m [2, 3, 3] lower triangular, p [2, 2] positive definite, s a scalar.
SHAPES = {"a": (2, 3), "b": (3,), "m": (2, 3, 3), "p": (2, 2), "s": (1, 1)}
INDEX = torch.tensor([[2], [0]])


def gradient(function, tensor):
    """By automatic differentiation, at a leaf of its own for every entry."""
    at = tensor.detach().clone().requires_grad_()
    return torch.autograd.grad(function(at), at)[0]


CASES = [
    ("add", lambda t: t["a"] + t["b"]),
    ("add", lambda t: 1 + t["a"]),
    ("add", lambda t: torch.eye(3, dtype=torch.float64) + t["m"]),
    ("sub", lambda t: t["a"] - t["b"]),
    ("sub", lambda t: 1 - t["a"]),
    ("sub", lambda t: torch.ones(3, dtype=torch.float64) - t["a"]),
    ("rsub", lambda t: torch.rsub(t["a"], t["b"])),
    ("mul", lambda t: 0.5 * t["a"] * t["b"]),
    ("mul", lambda t: t["a"].unsqueeze(-1) * t["m"]),
    ("div", lambda t: t["a"] / t["b"]),
    ("div", lambda t: 1 / t["a"]),
    ("pow", lambda t: t["a"] ** 2),
    ("pow", lambda t: 2 ** t["a"]),
    ("neg", lambda t: -t["a"]),
    ("exp", lambda t: torch.exp(t["a"])),
    ("exp", lambda t: t["a"].exp()),
    ("expm1", lambda t: torch.expm1(t["a"])),
    ("log", lambda t: torch.log(t["a"])),
    ("log1p", lambda t: torch.log1p(-t["a"] / 2)),
    ("expm1_minus", lambda t: expm1_minus(t["a"])),
    ("log_quotient", lambda t: log_quotient(t["a"], t["b"])),
    ("kl_term", lambda t: kl_term(t["a"], t["b"] + 0 * t["a"], torch.log(t["b"] / t["a"]))),
    ("kl_term", lambda t: kl_term(t["a"], 9 * t["a"], math.log(9) + 0 * t["a"])),
    ("kl_term", lambda t: kl_term(torch.zeros_like(t["a"]), t["a"], t["a"])),
    ("sqrt", lambda t: t["a"].sqrt()),
    ("tanh", lambda t: torch.tanh(t["a"])),
    ("special_entr", lambda t: torch.special.entr(t["a"])),
    ("sigmoid", lambda t: torch.sigmoid(t["a"])),
    ("log_sigmoid", lambda t: F.logsigmoid(-t["a"])),
    ("softplus", lambda t: F.softplus(t["a"])),
    ("softplus", lambda t: F.softplus(t["a"], threshold=40)),
    ("nan_to_num", lambda t: torch.nan_to_num(t["a"], nan=math.nan)),
    ("relu", lambda t: torch.relu(t["a"] - 0.75)),
    ("relu", lambda t: F.relu(t["a"] - 0.75)),
    ("logaddexp", lambda t: torch.logaddexp(t["a"], -t["b"])),
    ("gt", lambda t: torch.where(t["a"] > t["b"], 1.0, 0.0) + 0 * t["a"]),
    ("lt", lambda t: torch.where(t["a"] < t["b"], 1.0, 0.0) + 0 * t["a"]),
    ("any", lambda t: torch.where(t["b"].any(), 1.0, 0.0) + 0 * t["b"]),
    ("__bool__", lambda t: t["a"] + (1 if t["b"][0] + 1 > 0 else 0)),
    ("where", lambda t: torch.where(t["a"] > 0.75, t["a"], -t["b"])),
    ("where", lambda t: torch.where(INDEX > 0, t["a"], t["b"])),
    ("detach", lambda t: 2 * t["a"].detach()),
    ("requires_grad_", lambda t: 2 * t["a"].clone().requires_grad_()),
    ("grad", lambda t: gradient(lambda a: (a**3).sum(), t["a"])),
    ("grad", lambda t: gradient(lambda a: torch.softmax(a, -1)[:, 0].log().sum(), t["a"])),
    ("grad", lambda t: gradient(lambda a: (a.detach() * a**2).sum(), t["b"].expand(2, 3))),
    ("sum", lambda t: t["a"].sum(-1)),
    ("sum", lambda t: t["a"].sum(0)),
    ("sum", lambda t: t["m"].sum((0, -1))),
    ("sum", lambda t: torch.sum(t["a"], dim=1, keepdim=True)),
    ("sum", lambda t: t["a"].sum()),
    ("mean", lambda t: t["a"].mean(-1)),
    ("mean", lambda t: t["m"].mean(0, keepdim=True)),
    ("mean", lambda t: t["a"].mean()),
    ("logsumexp", lambda t: torch.logsumexp(t["a"], 0)),
    ("log_softmax", lambda t: torch.log_softmax(t["a"], -1)),
    ("log_softmax", lambda t: torch.log_softmax(t["a"], 0)),
    (
        "linalg_solve_triangular",
        lambda t: torch.linalg.solve_triangular(t["m"].mT, t["a"].unsqueeze(-2), upper=True, left=False),
    ),
    (
        "linalg_solve_triangular",
        lambda t: torch.linalg.solve_triangular(t["m"], t["a"].unsqueeze(-2), upper=False, left=False),
    ),
    ("softmax", lambda t: torch.softmax(t["m"], 1)),
    ("argmax", lambda t: torch.argmax(t["a"], -1)),
    ("argmax", lambda t: torch.argmax(t["m"], 1)),
    ("matmul", lambda t: t["a"] @ t["m"][0]),
    ("matmul", lambda t: t["m"] @ t["a"].unsqueeze(-1)),
    ("matmul", lambda t: torch.ones(2, 2, dtype=torch.float64) @ t["a"]),
    ("linear", lambda t: F.linear(t["a"], t["m"][0], t["b"])),
    ("tril", lambda t: torch.tril(t["m"] + 1, diagonal=-1)),
    ("diag_embed", lambda t: torch.diag_embed(t["a"])),
    ("diagonal", lambda t: torch.diagonal(t["m"], dim1=-2, dim2=-1)),
    ("linalg_solve_triangular", lambda t: torch.linalg.solve_triangular(t["m"], t["m"].mT, upper=False)),
    (
        "linalg_solve_triangular",
        lambda t: torch.linalg.solve_triangular(t["m"].mT, t["a"].unsqueeze(-1), upper=True),
    ),
    ("linalg_vector_norm", lambda t: torch.linalg.vector_norm(t["b"])),
    ("normalize", lambda t: F.normalize(t["b"], dim=0)),
    ("normalize", lambda t: F.normalize(0 * t["b"], dim=0)),
    ("linalg_inv", lambda t: torch.linalg.inv(t["p"])),
    ("linalg_cholesky", lambda t: torch.linalg.cholesky(t["p"])),
    ("__getitem__", lambda t: t["m"][..., 0]),
    ("__getitem__", lambda t: t["m"][1, :, 1:]),
    ("__getitem__", lambda t: t["b"][torch.argmax(0 * t["a"] + torch.tensor([0, 1.0, 0]), -1)]),
    ("unsqueeze", lambda t: t["a"].unsqueeze(-2)),
    ("squeeze", lambda t: t["s"].squeeze(-1)),
    ("squeeze", lambda t: t["a"].squeeze(-1)),
    ("flip", lambda t: t["m"].flip(0, 1)),
    ("flip", lambda t: t["a"].flip(-1)),
    ("movedim", lambda t: torch.movedim(t["m"], 0, -1)),
    ("transpose", lambda t: t["m"].transpose(0, 2)),
    ("reshape", lambda t: t["m"].reshape(6, 3)),
    ("reshape", lambda t: t["m"].reshape(-1)),
    ("T", lambda t: t["a"].T),
    ("mT", lambda t: t["m"].mT),
    ("expand", lambda t: t["b"].expand(2, 3)),
    ("expand", lambda t: t["b"].expand(torch.Size((2, 3)))),
    ("expand_as", lambda t: t["b"].expand_as(t["a"])),
    ("take_along_dim", lambda t: torch.take_along_dim(t["a"], INDEX, -1)),
    ("stack", lambda t: torch.stack([t["a"], 2 * t["a"]], 1)),
    ("cat", lambda t: torch.cat([t["a"], t["b"].unsqueeze(0)], 0)),
    ("clone", lambda t: t["a"].clone()),
    ("zeros_like", lambda t: torch.zeros_like(t["a"])),
    ("ones_like", lambda t: torch.ones_like(t["a"])),
    ("full_like", lambda t: torch.full_like(t["a"], 0.5)),
    ("one_hot", lambda t: F.one_hot(torch.argmax(t["a"], -1), 3)),
    ("to", lambda t: t["a"].to(torch.float64)),
    ("item", lambda t: t["s"].item()),
    ("unbind", lambda t: sum(row for row in t["m"])),
]


def numbers(seed=0):
    generator = torch.Generator().manual_seed(seed)
    draw = {
        n: 0.3 + torch.rand(shape, generator=generator, dtype=torch.float64) for n, shape in SHAPES.items()
    }
    draw["p"] = torch.eye(2, dtype=torch.float64) + draw["p"] @ draw["p"].T
    draw["m"] = torch.tril(draw["m"])
    return draw


def symbols():
    tensors = {name: positive(name, *shape) for name, shape in SHAPES.items()}
    a, b, c = positive("p11").item(), positive("p12").item(), positive("p22").item()
    tensors["p"] = SymbolicTensor([[a, b], [b, c]])
    tensors["m"] = torch.tril(tensors["m"])
    return tensors


def put_in(result, values):
    """Replace the symbols of a result by numbers."""
    point = {
        symbol: number
        for name, tensor in symbols().items()
        for symbol, number in zip(tensor.entries.flat, values[name].flatten().tolist(), strict=True)
        if symbol != 0
    }
    entries = result.entries if isinstance(result, SymbolicTensor) else np.array(result, dtype=object)
    flat = [float(sympy.sympify(entry).doit().subs(point)) for entry in entries.flat]
    return torch.tensor(flat, dtype=torch.float64).reshape(entries.shape)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(CASES)])
def test_operation_agrees_with_torch(name, case, monkeypatch):
    used = []

    def recorded(*args, **kwargs):
        used.append(name)
        return original(*args, **kwargs)

    original = OPERATIONS[name]
    monkeypatch.setitem(OPERATIONS, name, recorded)
    values = numbers()
    expected = torch.as_tensor(case(values), dtype=torch.float64)
    result = case(symbols())
    assert used, f"the case does not use {name}"
    assert isinstance(result, SymbolicTensor) or expected.ndim == 0
    got = put_in(result, values)
    assert got.shape == expected.shape
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


def test_every_operation_of_the_table_has_a_case():
    assert {name for name, _ in CASES} == set(OPERATIONS)


def test_a_symbolic_tensor_is_a_tensor_with_shape_and_length():
    a = real("a", 2, 3)
    assert isinstance(a, torch.Tensor)
    assert a.shape == (2, 3)
    assert (a.ndim, len(a), a.numel(), a.is_floating_point()) == (2, 2, 6, True)


@pytest.mark.parametrize(
    "operation",
    [torch.erf, torch.round, lambda a: a.cumsum(0), lambda a: a >= 0, torch.sin, torch.floor],
    ids=["erf", "round", "cumsum", "ge", "sin", "floor"],
)
def test_an_operation_without_a_rule_is_refused_by_name(operation, request):
    with pytest.raises(NotImplementedError, match=request.node.callspec.id):
        operation(real("a", 2))


def test_sympy_numbers_and_symbols_combine_with_tensors_from_both_sides():
    tau, a = sympy.Symbol("tau", positive=True), real("a", 2)
    first = a.entries[0]
    for tensor, entry in [
        (tau * a, tau * first), (a * tau, tau * first), (tau + a, tau + first), (tau - a, tau - first),
        (a - tau, first - tau), (tau / a, tau / first), (a / tau, first / tau), (a**tau, first**tau),
        (tau**a, tau**first),
    ]:  # fmt: skip
        assert isinstance(tensor, SymbolicTensor)
        assert tensor.entries[0] == entry


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (0.5, sympy.Rational(1, 2)),
        (-0.25, sympy.Rational(-1, 4)),
        (1 / 3, sympy.Rational(1, 3)),
        (2.0, sympy.Integer(2)),
        (math.log(2 * math.pi), sympy.log(2 * sympy.pi)),
        (0.5 * (1 + math.log(2 * math.pi)), (1 + sympy.log(2 * sympy.pi)) / 2),
        (-1.5 * math.log(2 * math.pi), -3 * sympy.log(2 * sympy.pi) / 2),
        (math.log(10), sympy.log(10)),
        (-math.log(3), -sympy.log(3)),
        (math.inf, sympy.oo),
        (7, sympy.Integer(7)),
        (np.float64(0.125), sympy.Rational(1, 8)),
    ],
)
def test_floats_become_exact(number, meaning):
    assert exact(number) == meaning


@pytest.mark.parametrize(
    "number", [math.pi, 0.3333, 1e-3, math.sqrt(2), 0.1 + 0.2, math.nan, math.log(10) + 1e-9]
)
def test_a_float_without_exact_meaning_is_refused(number):
    with pytest.raises(ValueError, match="exact"):
        exact(number)


def test_an_approximate_constant_in_the_code_stops_the_run():
    with pytest.raises(ValueError, match="exact"):
        real("a", 2) * 1.8379  # log 2 pi, rounded


def test_no_two_recognizable_constants_are_closer_than_rounding_errors():
    """Else a float could be read as the wrong one of two."""
    log_2pi = math.log(2 * math.pi)
    known = {(p, q): p / q for q in range(1, 65) for p in range(-8 * q, 8 * q + 1) if math.gcd(p, q) == 1}
    known |= {("log 2 pi", r, s): r / 2 + s / 2 * log_2pi for r in range(-8, 9) for s in range(-8, 9) if s}
    known |= {("log", sign, n): sign * math.log(n) for n in range(2, 1001) for sign in (-1, 1)}
    values = np.sort(np.array(list(known.values())))
    assert np.diff(values).min() > 1e-9


def test_constants_of_a_real_tensor_are_recognized_too():
    assert (torch.full((2,), 0.5) * positive("a", 2)).entries[0] == positive("a", 2).entries[0] / 2


def test_detach_keeps_the_value_and_stops_the_derivative():
    w = sympy.Symbol("w", real=True)
    detached = SymbolicTensor([w]).detach().entries[0]
    assert detached == stop_gradient(w)
    assert sympy.diff(w - detached, w) == 1
    assert detached.doit() == w


def test_what_is_computed_without_gradients_has_no_derivative():
    w = positive("w", 2)
    with torch.no_grad():
        held = (w**2).sum() / (1 + w)
    assert [entry.diff(symbol) for entry in held.entries for symbol in w.entries] == [0] * 4
    assert [entry.doit() for entry in held.entries] == list(((w**2).sum() / (1 + w)).entries)
    assert (held * w).entries[0].diff(w.entries[0]).doit() == held.entries[0].doit()


def test_a_condition_that_the_symbols_leave_open_stops_the_run():
    assert positive("a", 1)[0] > 0
    with pytest.raises(ValueError, match="condition: expected one that these symbols decide, got a > 0"):
        bool(real("a", 1)[0] > 0)


def test_a_detached_number_is_a_number():
    """Or a comparison with it would be false, and 0 / 0 would be 1."""
    nothing = SymbolicTensor([0]).detach()
    assert nothing.item() == 0
    assert (nothing / nothing).item() is sympy.nan


def test_axes_of_an_unchanged_function_survive():
    """Entry b of the result holds the symbols of row b, and no others."""
    z, mean, log_var = real("z", 2, 3), real("mu", 2, 3), real("v", 2, 3)
    result = gaussian_log_prob(z, mean, log_var)
    assert result.shape == (2,)
    for row in range(2):
        own = set(z[row].entries) | set(mean[row].entries) | set(log_var[row].entries)
        assert result.entries[row].free_symbols == own
