"""The theorem about power iteration: never above the largest singular value, and what its gradient is."""

import sympy
import torch

from hvae_lessons.formulas.singular_values import power_iteration
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.symbolic import SymbolicTensor, positive, real

# Singular values s_1 > s_2 > 0, and a start with the parts a and b along their directions.
SMALL, GAP = sympy.symbols("s_2 g", positive=True)
LARGE = SMALL + GAP
ALONG, ASIDE = sympy.Symbol("a", positive=True), sympy.Symbol("b", real=True, nonzero=True)


def _moment(power):
    """a^2 s_1^k + b^2 s_2^k."""
    return ALONG**2 * LARGE**power + ASIDE**2 * SMALL**power


def _rotation(cosine, sine):
    return sympy.Matrix([[cosine, -sine], [sine, cosine]])


# Two bases of the plane: U and V.
LEFT = _rotation(sympy.Rational(3, 5), sympy.Rational(4, 5))
RIGHT = _rotation(sympy.Rational(5, 13), sympy.Rational(12, 13))


@theorem(
    "power-iteration",
    chapter="topdown",
    about=(power_iteration,),
    statement=r"W = U \operatorname{diag}(s_1, s_2)\, V^\top,\ v = V (a, b)^\top: \quad"
    r" \hat\sigma^2 = \frac{s_1^4 a^2 + s_2^4 b^2}{s_1^2 a^2 + s_2^2 b^2} \le s_1^2, \\"
    r" \hat\sigma = s_1 \text{ if } b = 0; \qquad"
    r" \frac{\partial \hat\sigma}{\partial W} = u\, v'^\top, \quad"
    r" \frac{\partial \sigma_{\max}}{\partial W} = u\, v'^\top \text{ if } b = 0",
    source="N4 21.5.5",
    scope="two singular values that differ, bases U and V turned by two fixed angles; one iteration and two",
)
def power_iteration_theorem(power_iteration):
    """By the singular value decomposition; what stands under no_grad has no derivative, as in torch."""
    values = sympy.diag(LARGE, SMALL)
    weight = SymbolicTensor(LEFT * values * RIGHT.T)
    estimate, vector = power_iteration(weight, _vector(RIGHT * sympy.Matrix([ALONG, ASIDE])))
    reached, direction = power_iteration(weight, _vector(RIGHT * sympy.Matrix([ALONG, 0])))
    plain, start = SymbolicTensor(values), SymbolicTensor([ALONG, ASIDE])
    first, once = power_iteration(plain, start)
    again, twice = (part.entries for part in power_iteration(plain, once))
    both, end = (part.entries for part in power_iteration(plain, start, steps=2))
    nothing = power_iteration(SymbolicTensor([[0, 0], [0, 0]]), start)
    return [
        equal(
            "the square of the estimate", sympy.factor(estimate.item().doit() ** 2), _moment(4) / _moment(2)
        ),
        equal("the vector to go on from has length 1", sympy.factor((vector**2).sum().item().doit()), 1),
        equal(
            "it stays below s_1^2 by",
            LARGE**2 - _moment(4) / _moment(2),
            ASIDE**2 * SMALL**2 * GAP * (LARGE + SMALL) / _moment(2),
        ),
        true("which is positive", ASIDE**2 * SMALL**2 * GAP * (LARGE + SMALL) / _moment(2) > 0),
        equal("a start in the right direction: the estimate is s_1", reached.item().doit(), LARGE),
        equal("and the direction is kept", [part.doit() for part in direction.entries], list(RIGHT[:, 0])),
        equal("two iterations are one after the other", [both.item(), *end], [again.item(), *twice]),
        true(
            "and the second is the better one",
            sympy.factor(again.item().doit() ** 2 - first.item().doit() ** 2) > 0,
        ),
        _gradient_claim(power_iteration),
        equal("once arrived it is the gradient of s_1", _gradient_of_the_largest(), [[1, 0], [0, 0]]),
        equal("zeros have none: 0", nothing[0], 0),
        equal("and the start remains", nothing[1] * (start**2).sum().sqrt(), start),
    ]


def _vector(column):
    return SymbolicTensor(list(column))


def _gradient_claim(power_iteration):
    """On a matrix of symbols, positive so that no length is zero."""
    weight, start = positive("w", 2, 2), positive("v", 2)
    estimate, right = power_iteration(weight, start)
    image = weight @ start
    left = image / (image**2).sum().sqrt()
    return equal(
        "its gradient is u v'^T, and none reaches the vectors",
        [[estimate.item().diff(entry).doit() for entry in row] for row in weight.entries],
        [[u * v.doit() for v in right.entries] for u in left.entries],
    )


def _gradient_of_the_largest():
    """d sigma_max / dW at diag(s_1, s_2): sigma solves sigma^4 - |W|^2 sigma^2 + (det W)^2 = 0."""
    weight, sigma = real("w", 2, 2).entries, sympy.Symbol("sigma", positive=True)
    equation = sigma**4 - (weight**2).sum() * sigma**2 + sympy.Matrix(weight).det() ** 2
    at = {sigma: LARGE, **dict(zip(weight.flat, (LARGE, 0, 0, SMALL), strict=True))}
    return [[(-equation.diff(entry) / equation.diff(sigma)).subs(at) for entry in row] for row in weight]


@power_iteration_theorem.wrong("a gradient through u")
def _(weight, vector, steps=1):
    _, right = power_iteration(weight, vector, steps)
    before = vector if steps == 1 else power_iteration(weight, vector, steps - 1)[1]
    left = weight @ before
    length = torch.linalg.vector_norm(left)
    return (left @ weight @ right) / (length if length > 0 else 1), right


@power_iteration_theorem.wrong("the length of W v, a step behind")
def _(weight, vector, steps=1):
    _, right = power_iteration(weight, vector, steps)
    return torch.linalg.vector_norm(weight @ vector) / torch.linalg.vector_norm(vector), right


@power_iteration_theorem.wrong("a single iteration, whatever is asked")
def _(weight, vector, steps=1):
    return power_iteration(weight, vector)
