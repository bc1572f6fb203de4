r"""Integrals over all of space of a polynomial times the exponential of a quadratic, exactly.

The square is completed, z = c + t / sqrt(A), one variable after the other; what is left are the moments
$\int t^k e^{-t^2/2}\,dt$, which sympy integrates. It does at once what `sympy.integrate` needs a minute for.
"""

import functools

import sympy

# A dummy, so that a variable of the caller may be called t as well.
_t = sympy.Dummy("t", real=True)


def integral(log_weight, factor, *variables):
    r"""Integral of factor times exp(log_weight) over every real value of the variables.

    $$\int_{-\infty}^{\infty} f(z)\, e^{-\frac{1}{2} A z^2 + B z + C}\,dz
      = \frac{e^{C + B^2 / 2A}}{\sqrt{A}} \int f\left(\frac{B}{A} + \frac{t}{\sqrt{A}}\right) e^{-t^2/2}\,dt$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_weight` | expression | quadratic in each variable |
    | `factor` | expression | polynomial f in each variable |
    | `variables` | real symbols | z, in the order of integration |
    | returns | expression | exact; infinity where it diverges; `sympy.Integral` where that is not known |

    Raises: sympy.PolynomialError for a log_weight or factor that is no polynomial.
    Source: completing the square.
    """
    for position, z in enumerate(variables):
        exponent = sympy.Poly(sympy.expand(log_weight), z)
        precision = sympy.cancel(-2 * exponent.coeff_monomial(z**2))
        if precision.is_nonpositive:
            return sympy.oo
        if exponent.degree() > 2 or not precision.is_positive:
            return sympy.Integral(sympy.exp(log_weight) * factor, *variables[position:])
        slope, scale = exponent.coeff_monomial(z), 1 / sympy.sqrt(precision)
        center = sympy.cancel(slope / precision)
        left = exponent.coeff_monomial(1) + slope * center / 2
        constant, rest = left.as_independent(*variables, as_Add=True)
        log_weight = constant + sympy.cancel(rest) + sympy.log(scale)
        powers = sympy.Poly(sympy.expand(sympy.sympify(factor).subs(z, center + scale * _t)), _t)
        factor = sum(coefficient * _moment(k) for (k,), coefficient in powers.terms())
    return sympy.exp(sympy.expand_log(sympy.expand(log_weight))) * factor


@functools.cache
def _moment(k):
    return sympy.integrate(_t**k * sympy.exp(-(_t**2) / 2), (_t, -sympy.oo, sympy.oo))
