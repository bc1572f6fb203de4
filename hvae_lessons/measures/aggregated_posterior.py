r"""Where the codes of all data lie together: the aggregated posterior, against the prior.

$$q(z) = \frac{1}{N} \sum_n q(z \mid x_n)$$

For a data set this is a mixture with N components. With one or two coordinates its divergences from N(0, I)
are sums over a grid, as exact as in `oracles.grid`; with more they are estimated from samples.
"""

import math
from typing import NamedTuple

import torch

from hvae_lessons.checks import check_count, check_event, check_positive, check_table, check_type, expect
from hvae_lessons.formulas.distributions import gaussian_log_prob, standard_gaussian_log_prob
from hvae_lessons.formulas.mmd import expected_rbf_kernel
from hvae_lessons.trace import Gaussian


class Mismatch(NamedTuple):
    """How far an aggregated posterior is from the prior, in nats, and what its codes say about the data."""

    kl: float  # KL(q(z) || p(z))
    jensen_shannon: float  # between q(z) and p(z), at most log 2
    information: float  # I_q(x; z): the rate minus `kl`, at most log N
    mass: float  # integral of q(z) over the grid: 1 if the grid is large and fine enough


def aggregate_log_prob(q_z, z, chunk=2000):
    r"""Log-density of the aggregated posterior.

    $$\log q(z) = \log \frac{1}{N} \sum_n q(z \mid x_n)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q_z` | Gaussian | q(z given x_n), mean and log_var [N, Z] |
    | `z` | [P, Z] | points |
    | `chunk` | whole number | points at a time; memory grows with chunk times N |
    | returns | [P] | nats |

    Raises: ValueError for anything but such a Gaussian, or points of another size.
    Source: N4 21.35, $q_\phi(z)$.
    """
    _check_posteriors(q_z)
    check_table("z", z, q_z.mean.shape[-1])
    check_type("z", z, q_z.mean)
    check_count("chunk", chunk)
    precision = torch.exp(-q_z.log_var)  # [N, Z]
    # (z - mu)^2 / sigma^2 by its three terms: two matrix products instead of a [P, N, Z] tensor.
    log_scale = gaussian_log_prob(torch.zeros_like(q_z.mean), q_z.mean, q_z.log_var)  # [N], at z = 0
    parts = [
        torch.logsumexp(log_scale + part @ (q_z.mean * precision).T - 0.5 * part**2 @ precision.T, -1)
        for part in z.split(int(chunk))
    ]
    return torch.cat(parts) - math.log(len(q_z.mean))


def mismatch_on_grid(q_z, reach=8.0, points=401):
    r"""Divergences of the aggregated posterior from N(0, I), for one or two coordinates: sums over a grid.

    $$\mathrm{KL}(q \,\|\, p) = \int q(z) \log \frac{q(z)}{p(z)}\,dz, \qquad
      I_q(x; z) = \frac{1}{N} \sum_n \mathrm{KL}\big(q(z \mid x_n) \,\|\, p\big) - \mathrm{KL}(q \,\|\, p)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q_z` | Gaussian | q(z given x_n), mean and log_var [N, Z], Z 1 or 2 |
    | `reach` | number | the grid goes from -reach to reach |
    | `points` | whole number | of the grid in each coordinate; its spacing should be half the least sigma |
    | returns | Mismatch | nats; look at its `mass` |

    Raises: ValueError for three coordinates or more, or a grid that makes no sense.
    Source: N4 21.32 and 21.35; Hoffman and Johnson (2016).
    """
    _check_posteriors(q_z)
    size = q_z.mean.shape[-1]
    expect(size <= 2, "q_z", "one or two coordinates, for more there is no grid", size)
    check_positive("reach", reach)
    check_count("points", points)
    expect(points >= 2, "points", "2 or more", points)
    ticks = torch.linspace(-reach, reach, int(points), dtype=q_z.mean.dtype, device=q_z.mean.device)
    z = torch.cartesian_prod(*[ticks] * size).reshape(-1, size)
    log_q, log_p = aggregate_log_prob(q_z, z), standard_gaussian_log_prob(z)
    area = (ticks[1] - ticks[0]) ** size
    log_middle = torch.logaddexp(log_q, log_p) - math.log(2)

    def over_grid(log_density, values):
        return (log_density.exp() * values).sum().item() * area.item()

    kl = over_grid(log_q, log_q - log_p)
    js = over_grid(log_q, log_q - log_middle) / 2 + over_grid(log_p, log_p - log_middle) / 2
    rate = q_z.kl_per_dimension(Gaussian.standard_like(q_z)).sum(-1).mean().item()
    return Mismatch(kl, js, rate - kl, over_grid(log_q, torch.ones_like(log_q)))


def aggregate_kl_estimate(q_z, z):
    r"""Estimate of KL(q(z) || p(z)) from codes, for any number of coordinates.

    $$\frac{1}{P} \sum_i \Big[\log \frac{1}{N} \sum_n q(z_i \mid x_n) - \log p(z_i)\Big]$$

    With codes of the same N examples it is unbiased for these examples. For the population that they come
    from it is then too large: every code has its own example in the mixture, and the rate minus this estimate
    is at most log N, whatever the information. With codes of other examples it is too small, by the KL from
    q(z) to the mixture of the N. So the two enclose the truth, in expectation.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q_z` | Gaussian | q(z given x_n), mean and log_var [N, Z] |
    | `z` | [P, Z] | one code of each of P examples |
    | returns | number | nats |

    Raises: ValueError for anything but such a Gaussian, or codes of another size.
    Source: Hoffman and Johnson (2016); N4 21.35.
    """
    _check_posteriors(q_z)
    check_table("z", z, q_z.mean.shape[-1])
    return (aggregate_log_prob(q_z, z) - standard_gaussian_log_prob(z)).mean().item()


def aggregate_mmd(q_z, bandwidth):
    r"""Squared MMD of the aggregated posterior and N(0, I) under the RBF kernel, without a single draw.

    $$\frac{1}{N^2} \sum_{n, m} E[k(z_n, z_m)] + E[k(y, y')] - \frac{2}{N} \sum_n E[k(z_n, y)]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q_z` | Gaussian | q(z given x_n), mean and log_var [N, Z] |
    | `bandwidth` | number | h of the RBF kernel |
    | returns | number | between 0 and 2, no unit |

    Raises: ValueError for anything but such a Gaussian, or a bandwidth that is not positive.
    Source: N4 21.38; the closed form of every pair of Gaussians.
    """
    _check_posteriors(q_z)
    prior = Gaussian.standard_like(Gaussian(q_z.mean[:1], q_z.log_var[:1]))
    rows = [
        expected_rbf_kernel(mean.unsqueeze(-2), log_var.unsqueeze(-2), q_z.mean, q_z.log_var, bandwidth).sum()
        for mean, log_var in zip(q_z.mean.split(100), q_z.log_var.split(100))
    ]
    within_q = sum(rows) / len(q_z.mean) ** 2
    within_p = expected_rbf_kernel(*prior, *prior, bandwidth).mean()
    return (within_q + within_p - 2 * expected_rbf_kernel(*q_z, *prior, bandwidth).mean()).item()


def median_distance(x, y):
    r"""The median heuristic for the bandwidth: the median distance between two points of the pooled samples.

    $$h = \operatorname{median}_{i < j} \lVert u_i - u_j \rVert, \qquad u = (x_1, \dots, x_N, y_1, \dots)$$

    The bandwidth follows the samples: if both shrink to a point the MMD that they are judged by does not.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x`, `y` | [N, Z], [P, Z] | samples |
    | returns | number | h, positive |

    Raises: ValueError for sizes that differ, or samples of which more than half of the pairs coincide.
    Source: Gretton et al. (2012).
    """
    check_table("x", x)
    check_table("y", y, x.shape[-1])
    median = torch.pdist(torch.cat([x, y])).median().item()
    expect(median > 0, "x", "points of which most differ", "a median distance of 0")
    return median


def _check_posteriors(q_z):
    expect(isinstance(q_z, Gaussian), "q_z", "a Gaussian, q(z given x)", type(q_z).__name__)
    check_table("q_z", q_z.mean)
    check_table("q_z", q_z.log_var, q_z.mean.shape[-1])
    check_event(mean=q_z.mean, log_var=q_z.log_var)
