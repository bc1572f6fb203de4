r"""Steps of a proof: each is decided exactly, and each that is not proved says whether it was refuted.

*Proved* means that sympy reduces the difference of the two sides to zero (or the relation to true).
*Refuted* means that the two sides differ at a point, evaluated to 50 digits: numbers disprove, they never
prove. *Undecided* is neither, and counts as not proved.
"""

import random
from typing import NamedTuple

import mpmath
import sympy
from sympy.core.function import AppliedUndef

from hvae_lessons.symbolic import SymbolicTensor, exact_array

DIGITS = 50
THRESHOLD = 1e-20
PROVED, REFUTED, UNDECIDED = "proved", "refuted", "undecided"


class Claim(NamedTuple):
    """One step: what it says, what the code computed, what that must be, and what was decided."""

    step: str
    computed: object
    expected: object
    status: str
    detail: str = ""  # for a claim that is not proved: the difference, or the point that refutes it

    @property
    def holds(self):
        """True if the step is proved."""
        return self.status == PROVED


def equal(step, computed, expected):
    """The two sides are the same expression, entry by entry; their shapes must agree too.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `step` | str | what this step says |
    | `computed` | SymbolicTensor, expression, set or list of them | what the code under proof returned |
    | `expected` | the same | what it must equal |
    | returns | Claim | proved, refuted or undecided |

    Raises: whatever an expression raises.
    Source: canonical form below, then sympy.simplify.
    """
    if isinstance(expected, sympy.Set):
        same = computed == expected
        detail = "" if same else f"{computed} is not {expected}"
        return Claim(step, computed, expected, PROVED if same else REFUTED, detail)
    left, right = _array(computed), _array(expected)
    if left.shape != right.shape:
        detail = f"shapes differ: {left.shape} and {right.shape}"
        return Claim(step, _show(computed), _show(expected), REFUTED, detail)
    status, detail = PROVED, ""
    for a, b in zip(left.flat, right.flat, strict=True):
        entry_status, entry_detail = _zero(a - b)
        if entry_status != PROVED:
            status, detail = entry_status, entry_detail
            if status == REFUTED:
                break
    return Claim(step, _show(computed), _show(expected), status, detail)


def true(step, relation):
    """A relation between expressions (sympy.Gt, Le, And ...) holds wherever its symbols may lie.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `step` | str | what this step says |
    | `relation` | sympy relational or bool | e.g. sympy.Gt(1 / u**2, 0) |
    | returns | Claim | proved, refuted or undecided |

    Source: sympy's assumptions, on the relation as given, with both sides on one, and factored.
    """
    relation = sympy.sympify(relation)
    for form in (relation, _factored(relation), sympy.simplify(relation)):
        if form in (sympy.true, sympy.false):
            holds = form == sympy.true
            detail = "" if holds else f"{relation} is false"
            return Claim(step, relation, sympy.true, PROVED if holds else REFUTED, detail)
    for point in _points(relation):
        if relation.subs(point) == sympy.false:
            return Claim(step, relation, sympy.true, REFUTED, f"false at {_describe(point)}")
    return Claim(step, relation, sympy.true, UNDECIDED, f"{relation} is not decided")


def row_by_row(function, *tensors):
    """The claim that a function treats every row of a batch alone: it mixes no axis and averages none.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `function` | callable | [B, ...] tensors -> [B] or [B, ...] |
    | `tensors` | [B, ...] | distinct symbols everywhere |
    | returns | Claim | the batch's result is the rows' results, stacked |

    Source: the package's convention, `[..., D] -> [...]`.
    """
    rows = [function(*row) for row in zip(*tensors, strict=True)]
    return equal("each row of a batch is treated alone", function(*tensors), rows)


def canonical(expression):
    """Form in which exponentials, logarithms and fractions that add up to zero become zero.

    Every real symbol a inside an exponential becomes log A with a new A > 0: a bijection, so nothing is lost.
    Then logarithms of factored arguments are split, and what is left is rational: its numerator is expanded.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `expression` | sympy expression | in real and positive symbols |
    | returns | sympy expression | zero only if the argument is zero |

    Source: sympy.factor, expand_log, together.
    """
    inside = set().union(*(term.free_symbols for term in expression.atoms(sympy.exp)))
    # A variable of integration is not free in the whole: it stays.
    moved = (a for a in inside & expression.free_symbols if not a.is_positive)
    new = {a: sympy.log(sympy.Symbol(f"exp_{a.name}", positive=True)) for a in moved}
    expression = sympy.expand_power_exp(expression).xreplace(new).doit()
    logs = {
        term: sympy.expand_log(sympy.log(sympy.factor(term.args[0]))) for term in expression.atoms(sympy.log)
    }
    return sympy.expand(sympy.fraction(sympy.together(expression.xreplace(logs)))[0])


def _zero(difference):
    """Status and detail of the claim that an expression is zero."""
    if sympy.expand(difference) == 0:
        return PROVED, ""
    # One point first: most wrong formulas are refuted there, before anything is simplified.
    points = _points(difference)
    counterexample = _counterexample(difference, points[:1])
    if not counterexample:
        if canonical(difference) == 0:
            return PROVED, ""
        counterexample = _counterexample(difference, points[1:])
    if counterexample:
        return REFUTED, counterexample
    if sympy.simplify(difference) == 0:
        return PROVED, ""
    return UNDECIDED, f"neither zero nor shown to differ from it: {difference}"


def _counterexample(difference, points):
    """A point where an expression is not zero, in words; empty if none of these is one."""
    if not points:
        return ""
    function = sympy.lambdify(list(points[0]), difference.doit(), "mpmath", cse=True)
    with mpmath.workdps(DIGITS):
        for point in points:
            value = mpmath.mpmathify(function(*(mpmath.mpf(v.p) / v.q for v in point.values())))
            if abs(value) > THRESHOLD:
                return f"the sides differ by {mpmath.nstr(value, 4)} at {_describe(point)}"
    return ""


def _points(expression, count=8):
    """A few points with small rational coordinates that respect the symbols' assumptions."""
    if expression.has(AppliedUndef, sympy.Integral):
        return []
    generator = random.Random(0)
    symbols = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    return [{symbol: _value(symbol, generator) for symbol in symbols} for _ in range(count)]


def _value(symbol, generator):
    if symbol.is_integer:
        return sympy.Integer(generator.randint(1, 9))
    size = sympy.Rational(generator.randint(1, 60), 23)
    return size if symbol.is_nonnegative else size * generator.choice((-1, 1))


def _describe(point):
    return ", ".join(f"{symbol} = {value}" for symbol, value in point.items())


def _factored(relation):
    if not isinstance(relation, sympy.core.relational.Relational):
        return relation
    return relation.func(sympy.factor(sympy.together(relation.lhs - relation.rhs)), 0)


def _array(value):
    return exact_array(_unpack(value)) if isinstance(value, (list, tuple)) else exact_array(value)


def _unpack(value):
    if isinstance(value, (list, tuple)):
        return [_unpack(part) for part in value]
    return value.entries.tolist() if isinstance(value, SymbolicTensor) else value


def _show(value):
    """A single expression as itself, everything else as a sympy array, for display."""
    entries = _array(value)
    return entries.item() if entries.size == 1 else sympy.Array(entries.tolist())
