r"""Three ways to read the two vectors a, b that a top-down network puts out for q(z_l | x, z_>l).

    "merge"      q = N(a, exp b)                                  a new Gaussian (VD-VAE)
    "ladder"     q = p N(a, exp b), normalized                    prior times message (ladder VAE)
    "residual"   q = N(mean_p + a, var_p exp b)                   relative to the prior (NVAE)

Source: N4 21.68, 21.73; 21.5.2.
"""

from hvae_lessons.checks import check_event
from hvae_lessons.formulas.gaussian_products import gaussian_product
from hvae_lessons.trace import Gaussian, Residual, check_gaussian


def merge(p_z, first, second):
    r"""A posterior that starts anew.

    $$q(z_l \mid x, z_{>l}) = N(a, e^b)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_z` | Gaussian | the prior, which has no part in it |
    | `first`, `second` | [..., Z] | a, b |
    | returns | Gaussian | q |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.5.2; Child (2021).
    """
    check_gaussian("p_z", p_z)
    check_event(mean=p_z.mean, first=first, second=second)
    return Gaussian(first, second)


def ladder(p_z, first, second):
    r"""A posterior that multiplies the prior by a Gaussian message of the likelihood.

    $$q(z_l \mid x, z_{>l}) \propto p(z_l \mid z_{>l})\, N(z_l; a, e^b)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_z` | Gaussian | the prior |
    | `first`, `second` | [..., Z] | a, b: mean and log-variance of the message |
    | returns | Gaussian | q, see `gaussian_product` |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.68; Sonderby et al. (2016).
    """
    check_gaussian("p_z", p_z)
    check_event(mean=p_z.mean, first=first, second=second)
    return Gaussian(*gaussian_product(p_z.mean, p_z.log_var, first, second))


def residual(p_z, first, second):
    r"""A posterior that says how it differs from the prior.

    $$q(z_l \mid x, z_{>l}) = N(\mu_p + a, \; \sigma_p^2 e^b)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_z` | Gaussian | the prior |
    | `first`, `second` | [..., Z] | a, b: Delta mu and log Delta sigma^2 |
    | returns | Residual | q |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.72-21.73; Vahdat and Kautz (2020).
    """
    check_gaussian("p_z", p_z)
    check_event(mean=p_z.mean, first=first, second=second)
    return Residual(p_z, first, second)


READINGS = {"merge": merge, "ladder": ladder, "residual": residual}
