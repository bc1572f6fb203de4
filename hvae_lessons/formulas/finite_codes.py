"""Codes with finitely many values: listed, copied with errors, summed over."""

import itertools
import math

import torch

from hvae_lessons.checks import Shown, check_count, check_event, check_pixels, expect, is_number
from hvae_lessons.formulas.special_functions import kl_term

LARGEST_CODE = 16  # 2^16 codes: more are not meant to be listed


def all_codes(size):
    """Every binary code of a length, in counting order.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | D, at most 16 |
    | returns | [2^D, D] | the codes, zeros and ones |

    Raises: ValueError for a length below 1 or above 16.
    Source: needed to sum over z in N4 21.69.
    """
    check_count("size", size)
    expect(size <= LARGEST_CODE, "size", f"at most {LARGEST_CODE}, that is 2^{LARGEST_CODE} codes", size)
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=size)))


def copy_log_prob(x, z, flip=0.0):
    r"""Log-probability that each x turns into each z when it is copied pixel by pixel.

    $$\sum_d \log\left[(1 - f)\,[x_d = z_d] + f\,[x_d \neq z_d]\right]$$

    With f = 0, the copy of the degenerate VAE: 0 where z is x, minus infinity elsewhere. It is symmetric in x
    and z, so it serves as encoder q(z | x) and as decoder p(x | z).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [B, D] | zeros and ones |
    | `z` | [C, D] | zeros and ones |
    | `flip` | number | f, probability that a pixel is copied wrongly, from 0 up to 1 |
    | returns | [B, C] | nats |

    Raises: ValueError for tensors that are no such data, sizes that differ, or a flip outside [0, 1).
    Source: N4 21.69: q(z_i = x_i | ...) = 1 and p(x_i = z_i | z) = 1.
    """
    check_pixels("x", x)
    check_pixels("z", z, x.shape[-1])
    expect(is_number(flip) and 0 <= flip < 1, "flip", "a probability from 0 up to 1", Shown(flip))
    wrong = (x.unsqueeze(-2) - z).abs().sum(-1)  # [B, C]
    right = x.shape[-1] - wrong
    # xlogy(0, 0) = 0: no pixel copied wrongly has probability one, even if none may be.
    return torch.xlogy(wrong, torch.full_like(wrong, flip)) + right * math.log1p(-flip)


def finite_terms(log_px_given_z, log_q_z, log_pz):
    r"""Both terms of the ELBO for a code with finitely many values, as sums over all of them.

    $$E_q[\log p(x \mid z)] = \sum_z q(z \mid x) \log p(x \mid z), \qquad
      \mathrm{KL} = \sum_z q(z \mid x) \log\frac{q(z \mid x)}{p(z)}, \qquad 0 \log 0 = 0$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_px_given_z` | [B, C] | log p(x given z) of every code; minus infinity is allowed where q is zero |
    | `log_q_z` | [B, C] | log q(z given x); minus infinity for probability zero |
    | `log_pz` | [C] | log p(z) |
    | returns | [B], [B] | reconstruction and KL in nats; their difference is the ELBO |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.69, as E_q[log p(x | z)] - KL(q(z | x) || p(z)).
    """
    check_event(log_px_given_z=log_px_given_z, log_q_z=log_q_z, log_pz=log_pz)
    q_z = torch.exp(log_q_z)
    # where, not a product: 0 * -inf is NaN.
    reconstruction = torch.where(q_z > 0, q_z * log_px_given_z, torch.zeros_like(q_z)).sum(-1)
    return reconstruction, kl_term(q_z, torch.exp(log_pz), log_pz - log_q_z).sum(-1)
