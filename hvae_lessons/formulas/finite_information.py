r"""What the coordinates of a code say of each other, and what a code says of something else than x.

Exactly, for tables as in `rate_distortion`:

    p_x [X]      q_z_given_x [X, C]; or [X, Z_1, ..., Z_J], an axis for every coordinate of z

Unit: nats.
"""

import torch

from hvae_lessons.checks import (
    check_conditional,
    check_event,
    check_length,
    check_probabilities,
    check_size,
    check_type,
    expect,
    has_values,
)
from hvae_lessons.formulas.discrete_divergences import kl_probabilities
from hvae_lessons.formulas.rate_distortion import aggregate_posterior, information


def total_correlation(q_z):
    r"""How far the coordinates of a code are from independent.

    $$\mathrm{TC}(z) = \mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)
      = \sum_j \mathrm{H}(z_j) - \mathrm{H}(z)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q_z` | [Z_1, ..., Z_J] | joint distribution of J >= 2 coordinates, an axis for each |
    | returns | [] | nats; 0 if they are independent, which is not yet disentangled |

    Raises: ValueError for fewer than two axes, or a table that is no distribution.
    Source: N4 21.25.
    """
    check_event(q_z=q_z)
    expect(q_z.ndim >= 2, "q_z", "[Z_1, ..., Z_J], two coordinates or more", tuple(q_z.shape))
    check_probabilities("q_z", q_z.reshape(-1))
    product = torch.ones_like(q_z)
    for margin in _margins(q_z):
        product = product * margin
    return kl_probabilities(q_z.reshape(-1), product.reshape(-1))


def rate_parts(p_x, q_z_given_x, p_z):
    r"""The rate, split into the three things that its price is paid for.

    $$R = I_q(x; z) + \mathrm{TC}(z) + \sum_j \mathrm{KL}(q(z_j) \,\|\, p(z_j)),
      \qquad p(z) = \prod_j p(z_j)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [X] | p_D(x) |
    | `q_z_given_x` | [X, Z_1, ..., Z_J] | the encoder, an axis for each of J >= 2 coordinates |
    | `p_z` | J of [Z_j] | the prior of every coordinate |
    | returns | three of [] | index-code information, total correlation, dimension-wise KL, in nats |

    Raises: ValueError for tables that do not match or are no distributions.
    Source: Chen et al. (2018), for the second term of N4 21.24.
    """
    check_event(q_z_given_x=q_z_given_x)
    shape = tuple(q_z_given_x.shape)
    expect(len(shape) >= 3, "q_z_given_x", "[X, Z_1, ..., Z_J], two coordinates or more", shape)
    check_length("p_z", p_z, len(shape) - 1, "tables, one for each coordinate")
    for table, size in zip(p_z, shape[1:], strict=True):
        check_size("p_z", table, size)
    listed = q_z_given_x.reshape(shape[0], -1)  # [X, C], all combinations side by side
    q_z = aggregate_posterior(p_x, listed).reshape(*shape[1:])
    margins = (margin.reshape(-1) for margin in _margins(q_z))
    dimension_wise = sum(map(kl_probabilities, margins, p_z))
    return information(p_x, listed), total_correlation(q_z), dimension_wise


def code_given_target(p_x, q_z_given_x, p_y_given_x):
    r"""Frequency and codes of something else than x, whose code knows it only through x.

    $$p(y) = \sum_x p_D(x)\, p(y \mid x), \qquad
      q(z \mid y) = \frac{1}{p(y)} \sum_x p_D(x)\, p(y \mid x)\, q(z \mid x)$$

    So I(z; y) is `information` of what is returned, and H(y) - `distortion` with any p(y given z) is a bound
    below it: the information bottleneck.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [..., X] | p_D(x) |
    | `q_z_given_x` | [..., X, C] | the encoder |
    | `p_y_given_x` | [..., X, Y] | the target; the identity, if it is x itself |
    | returns | [..., Y], [..., Y, C] | p(y), which has to be positive, and q(z given y) |

    Raises: ValueError for tables that do not match, rows that are no probabilities, a y that never occurs.
    Source: N4 21.27-21.29; y is written x with a tilde there.
    """
    check_probabilities("p_x", p_x)
    check_conditional("q_z_given_x", q_z_given_x, p_x.shape[-1])
    check_conditional("p_y_given_x", p_y_given_x, p_x.shape[-1])
    check_type("p_y_given_x", p_y_given_x, q_z_given_x)
    check_type("p_x", p_x, q_z_given_x)
    joint = p_x.unsqueeze(-1) * p_y_given_x  # [X, Y]
    p_y = joint.sum(-2)
    if has_values(p_y):
        expect(bool((p_y > 0).all()), "p_y_given_x", "a target whose every value occurs", "one that does not")
    return p_y, (joint / p_y.unsqueeze(-2)).mT @ q_z_given_x


def _margins(q_z):
    """Distribution of each coordinate, with the others' axes kept at size one."""
    axes = range(q_z.ndim)
    return [q_z.sum(tuple(other for other in axes if other != axis), keepdim=True) for axis in axes]
