"""Log-densities and log-probabilities, each one pure function.

Shapes. The last dimension is the event and is summed inside; everything before it is batch:
`[..., D] -> [...]`. No function averages over the batch. Unit: nats.

A Gaussian is given by `mean` and `log_var` (the logarithm of the variance, never of the standard
deviation) or, with full covariance, by `mean` and `scale_tril`, the Cholesky factor L of Sigma = L L^T.
"""

import math

import torch
import torch.nn.functional as F

from hvae_lessons.checks import check_event, check_labels, check_square, check_tensor, expect

LOG_2PI = math.log(2 * math.pi)


def gaussian_log_prob(z, mean, log_var):
    r"""Log-density of a Gaussian with diagonal covariance.

    $$\log N(z; \mu, \operatorname{diag} \sigma^2)
      = -\frac{1}{2} \sum_d \left[\log 2\pi + \log\sigma_d^2 + \frac{(z_d - \mu_d)^2}{\sigma_d^2}\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [..., D] | where the density is evaluated |
    | `mean` | [..., D] | mu |
    | `log_var` | [..., D] | log sigma^2 |
    | returns | [...] | log-density in nats, summed over D |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.39; N0 gives it with a constant and a sum missing (see the errata).
    """
    check_event(z=z, mean=mean, log_var=log_var)
    return -0.5 * (LOG_2PI + log_var + (z - mean) ** 2 * torch.exp(-log_var)).sum(-1)


def standard_gaussian_log_prob(z):
    r"""Log-density of the standard Gaussian, the usual prior.

    $$\log N(z; 0, I) = -\frac{1}{2} \sum_d \left[\log 2\pi + z_d^2\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [..., D] | where the density is evaluated |
    | returns | [...] | log-density in nats, summed over D |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 21.4, draft 21.36.
    """
    check_event(z=z)
    return -0.5 * (LOG_2PI + z**2).sum(-1)


def gaussian_full_log_prob(z, mean, scale_tril):
    r"""Log-density of a Gaussian with full covariance $\Sigma = L L^\top$.

    $$\log N(z; \mu, L L^\top)
      = -\frac{1}{2}\left[D \log 2\pi + \lVert L^{-1}(z - \mu) \rVert^2\right] - \sum_d \log L_{dd}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [..., D] | where the density is evaluated |
    | `mean` | [..., D] | mu |
    | `scale_tril` | [..., D, D] | L, lower triangular with a positive diagonal |
    | returns | [...] | log-density in nats |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.40-21.42.
    """
    check_event(z=z, mean=mean)
    check_square("scale_tril", scale_tril, z.shape[-1], z.shape[:-1])
    noise = _standardized(z - mean, scale_tril)
    log_diagonal = torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1))
    return standard_gaussian_log_prob(noise) - log_diagonal.sum(-1)


def _standardized(shift, scale_tril):
    """L^-1 shift, by a triangular solve: [..., D]."""
    # The z that share an L are the rows of one matrix, noise L^T = shift: none is copied for each of them.
    sharing = max(shift.ndim - scale_tril.ndim + 1, 0)  # leading axes of shift that L lacks
    rows = shift.reshape(-1, *shift.shape[sharing:]).movedim(0, -2)
    noise = torch.linalg.solve_triangular(scale_tril.mT, rows, upper=True, left=False).movedim(-2, 0)
    return noise.reshape(*shift.shape[:sharing], *noise.shape[1:])


def bernoulli_log_prob(x, logits):
    r"""Log-probability of independent binary variables.

    $$\log p(x) = \sum_d \left[x_d\, a_d - \log(1 + e^{a_d})\right],
      \qquad p(x_d = 1) = \frac{1}{1 + e^{-a_d}}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [..., D] | 0 or 1; a gray value in between is no outcome of this distribution |
    | `logits` | [..., D] | a, the log-odds |
    | returns | [...] | log-probability in nats, summed over D |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.5.
    """
    check_event(x=x, logits=logits)
    # Beyond its threshold softplus(a) is a: at torch's own, 20, double precision has digits left to lose.
    return (x * logits - F.softplus(logits, threshold=40)).sum(-1)


def categorical_log_prob(y, logits):
    r"""Log-probability of one of Y classes.

    $$\log p(y) = a_y - \log \sum_k e^{a_k}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `y` | [...] | class index, 0 to Y - 1 |
    | `logits` | [..., Y] | a, unnormalized log-probabilities |
    | returns | [...] | log-probability in nats |

    Raises: ValueError for shapes that do not match, or a y that is no class index.
    Source: N4 21.54.
    """
    check_event(logits=logits)
    check_tensor("y", y)
    expect(
        tuple(y.shape) == tuple(logits.shape[:-1]), "y", f"shape {tuple(logits.shape[:-1])}", tuple(y.shape)
    )
    check_labels("y", y, logits.shape[-1])
    return torch.take_along_dim(torch.log_softmax(logits, -1), y.unsqueeze(-1), -1).squeeze(-1)
