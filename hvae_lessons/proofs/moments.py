"""Expectations over Gaussian variables, as the definite integrals that they are."""

import itertools

import sympy

from hvae_lessons.checks import expect
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.symbolic import positive


def log_variance(name, *shape):
    """log sigma^2 for positive symbols sigma: reaches every log-variance, and spares sympy the exponentials.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name`, `shape` | str, whole numbers | as in `symbolic.positive` |
    | returns | SymbolicTensor | 2 log sigma |

    Source: a bijection of the line.
    """
    return 2 * positive(name, *shape).log()


def normal_log_density(z, mean, log_var):
    r"""The textbook density that expectations are taken under: log N(z; mean, exp(log_var)).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z`, `mean`, `log_var` | sympy expressions | value, mu, log sigma^2 |
    | returns | sympy expression | log-density in nats |

    Source: N0; that it integrates to one is theorem gaussian-density.
    """
    return -(sympy.log(2 * sympy.pi) + log_var + (z - mean) ** 2 * sympy.exp(-log_var)) / 2


def gaussian_mean(expression, laws):
    r"""Expectation of a polynomial in independent Gaussian variables: the integral over all of them.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `expression` | sympy expression | polynomial in the variables; anything in the other symbols |
    | `laws` | dict | variable -> (mean, log-variance) |
    | returns | sympy expression | the expectation |

    Raises: sympy.PolynomialError for an expression that is no polynomial in the variables.
    Source: $\int q(z) f(z)\,dz$.
    """
    log_density = sum(normal_log_density(z, *law) for z, law in laws.items())
    return integral(log_density, expression, *laws)


def noise_mean(expression, noise):
    """Expectation over independent standard Gaussian noise (a SymbolicTensor of distinct symbols).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `expression` | sympy expression | polynomial in the noise |
    | `noise` | SymbolicTensor | distinct symbols |
    | returns | sympy expression | the expectation |

    Raises: sympy.PolynomialError for an expression that is no polynomial in the noise.
    Source: `gaussian_mean` with mean 0 and log-variance 0.
    """
    return gaussian_mean(expression, dict.fromkeys(noise.entries.flat, (0, 0)))


def quadratic_noise_mean(expression, noise):
    r"""`noise_mean` of a quadratic, from its derivatives: much sooner where the coefficients are long.

    $$E[f(\epsilon)] = f(0) + \frac{1}{2} \sum_i \frac{\partial^2 f}{\partial \epsilon_i^2}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `expression` | sympy expression | of degree two in the noise |
    | `noise` | SymbolicTensor | distinct symbols |
    | returns | sympy expression | the expectation |

    Raises: ValueError if a third derivative does not vanish.
    Source: Taylor's theorem; E[eps] = 0, E[eps_i eps_j] = [i = j].
    """
    symbols = list(noise.entries.flat)
    for triple in itertools.combinations_with_replacement(symbols, 3):
        third = expression.diff(*triple)
        expect(third == 0, "expression", "degree two in the noise", f"third derivative {third}")
    origin = dict.fromkeys(symbols, 0)
    return expression.subs(origin) + sum(expression.diff(e, 2).subs(origin) for e in symbols) / 2
