"""The exact numbers that the floats in the code stand for: a proof must not depend on rounding."""

import math
from fractions import Fraction

import numpy as np
import sympy

LARGEST_DENOMINATOR = 64
LARGEST_LOGARITHM = 1000


def exact(number):
    r"""The exact number that a Python number stands for.

    A float is exact if it is the double nearest to a fraction with denominator up to 64, to
    r + s log 2 pi with r and s in {-4, -3.5, ..., 4}, or to +-log n with n up to 1000.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `number` | number or sympy expression | what stands in the code |
    | returns | sympy expression | exact |

    Raises: ValueError for any other float.
    Source: the constants of the package: 0.5, log 2 pi, (1 + log 2 pi) / 2, log Y.
    """
    if isinstance(number, (float, np.floating)):
        return _exact_float(float(number))
    if isinstance(number, np.generic):
        number = number.item()
    return sympy.sympify(number, strict=True)


def _exact_float(number):
    if math.isinf(number):
        return sympy.oo if number > 0 else -sympy.oo
    if math.isnan(number):
        raise ValueError("number: expected an exact constant, got NaN")
    fraction = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
    if float(fraction) == number:
        return sympy.Rational(fraction.numerator, fraction.denominator)
    log_2pi = math.log(2 * math.pi)
    for halves in range(-8, 9):
        twice_rest = 2 * (number - halves / 2 * log_2pi)
        if halves and abs(twice_rest - round(twice_rest)) < 1e-14 and abs(twice_rest) < 8.5:
            return sympy.Rational(round(twice_rest), 2) + sympy.Rational(halves, 2) * sympy.log(2 * sympy.pi)
    argument = round(math.exp(min(abs(number), 20)))
    if argument <= LARGEST_LOGARITHM and math.log(argument) == abs(number):
        return int(math.copysign(1, number)) * sympy.log(argument)
    raise ValueError(f"number: expected a float with an exact meaning (see symbolic.numbers), got {number!r}")
