"""Closed-form Kullback-Leibler divergences of Gaussians.

KL(q || p) = E_q[log q(z) - log p(z)] in nats: zero exactly at q = p, positive elsewhere. The first
argument is the approximation q, the one the expectation is under. The event dimension is summed inside
(independent coordinates add: N2); the batch is left alone: `[..., Z] -> [...]`.

Each is computed as a sum of terms that are not negative, and that keep their digits as q comes close to p: a
posterior that has collapsed is the usual case, and there the terms of the textbook's sums cancel.
"""

import torch

from hvae_lessons.checks import check_event, check_square
from hvae_lessons.formulas.special_functions import expm1_minus, log_quotient


def kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p):
    r"""KL of one-dimensional Gaussians, one value per coordinate.

    $$\mathrm{KL}_d = \frac{1}{2}\left[\log\frac{\sigma_{p,d}^2}{\sigma_{q,d}^2}
      + \frac{\sigma_{q,d}^2 + (\mu_{q,d} - \mu_{p,d})^2}{\sigma_{p,d}^2} - 1\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `log_var_q` | [..., Z] | q, the approximation |
    | `mean_p`, `log_var_p` | [..., Z] | p, the target |
    | returns | [..., Z] | KL of each coordinate in nats, not summed |

    Raises: ValueError for shapes that do not match.
    Source: N0, the analytic form of the conditional-prior term.
    """
    check_event(mean_q=mean_q, log_var_q=log_var_q, mean_p=mean_p, log_var_p=log_var_p)
    relative = (mean_q - mean_p) ** 2 * torch.exp(-log_var_p)
    return 0.5 * (expm1_minus(log_var_q - log_var_p) + relative)


def kl_gaussian(mean_q, log_var_q, mean_p, log_var_p):
    r"""KL between Gaussians with diagonal covariance: the sum over independent coordinates.

    $$\mathrm{KL}(q \,\|\, p) = \sum_d \mathrm{KL}_d, \qquad \text{see `kl\_gaussian\_per\_dimension`}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `log_var_q` | [..., Z] | q, the approximation |
    | `mean_p`, `log_var_p` | [..., Z] | p, the target |
    | returns | [...] | KL in nats, summed over Z |

    Raises: ValueError for shapes that do not match.
    Source: N0; additivity N2; used in N4 21.58.
    """
    return kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p).sum(-1)


def kl_standard_gaussian(mean, log_var):
    r"""KL from a diagonal Gaussian to the standard Gaussian prior.

    $$\mathrm{KL}(q \,\|\, N(0, I))
      = \frac{1}{2}\sum_d \left[\sigma_d^2 + \mu_d^2 - 1 - \log\sigma_d^2\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | [..., Z] | q |
    | returns | [...] | KL in nats, summed over Z |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.21. N1 has it without the 1/2 and, in its (3), with the wrong sign.
    """
    check_event(mean=mean, log_var=log_var)
    return 0.5 * (expm1_minus(log_var) + mean**2).sum(-1)


def kl_gaussian_full(mean_q, scale_tril_q, mean_p, scale_tril_p):
    r"""KL between Gaussians with full covariances $\Sigma = L L^\top$.

    $$\mathrm{KL} = \frac{1}{2}\left[\lVert L_p^{-1} L_q \rVert_F^2 + \lVert L_p^{-1}(\mu_p - \mu_q) \rVert^2
      - Z\right]
      + \sum_d \log \frac{L_{p,dd}}{L_{q,dd}}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `mean_p` | [..., Z] | means |
    | `scale_tril_q`, `scale_tril_p` | [..., Z, Z] | Cholesky factors, positive diagonals |
    | returns | [...] | KL in nats |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.2.3 (the entropy and KL it says have closed forms) and 21.40-21.42.
    """
    check_event(mean_q=mean_q, mean_p=mean_p)
    check_square("scale_tril_q", scale_tril_q, mean_q.shape[-1], mean_q.shape[:-1])
    check_square("scale_tril_p", scale_tril_p, mean_q.shape[-1], mean_q.shape[:-1])
    shift = torch.linalg.solve_triangular(scale_tril_p, (mean_q - mean_p).unsqueeze(-1), upper=False)
    # L_p^-1 L_q is I + L_p^-1 (L_q - L_p), and that difference is exact where the two are close.
    excess = torch.linalg.solve_triangular(scale_tril_p, scale_tril_q - scale_tril_p, upper=False)
    below = torch.tril(excess, diagonal=-1)
    diagonal_q, diagonal_p = (torch.diagonal(part, dim1=-2, dim2=-1) for part in (scale_tril_q, scale_tril_p))
    on_diagonal = expm1_minus(2 * log_quotient(diagonal_q, diagonal_p))
    return 0.5 * (shift.squeeze(-1) ** 2 + (below**2).sum(-1) + on_diagonal).sum(-1)


def kl_gaussian_residual_per_dimension(delta_mean, delta_log_var, log_var_p):
    r"""KL of a posterior given relative to its prior, one value per coordinate.

    $$\mathrm{KL}_d = \frac{1}{2}\left[\frac{\Delta\mu_d^2}{\sigma_d^2}
      + \Delta\sigma_d^2 - \log\Delta\sigma_d^2 - 1\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `delta_mean` | [..., Z] | Delta mu: q's mean minus p's |
    | `delta_log_var` | [..., Z] | log Delta sigma^2: q's log-variance minus p's |
    | `log_var_p` | [..., Z] | log sigma^2 of the prior |
    | returns | [..., Z] | KL of each coordinate in nats, not summed |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.74.
    """
    check_event(delta_mean=delta_mean, delta_log_var=delta_log_var, log_var_p=log_var_p)
    return 0.5 * (expm1_minus(delta_log_var) + delta_mean**2 * torch.exp(-log_var_p))


def kl_gaussian_residual(delta_mean, delta_log_var, log_var_p):
    r"""KL of a posterior given relative to its prior (NVAE's residual form), summed over the coordinates.

    $$q = N(\mu + \Delta\mu,\ \sigma^2 \Delta\sigma^2), \quad p = N(\mu, \sigma^2), \qquad
      \mathrm{KL} = \frac{1}{2}\sum_d \left[\frac{\Delta\mu_d^2}{\sigma_d^2}
      + \Delta\sigma_d^2 - \log\Delta\sigma_d^2 - 1\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `delta_mean` | [..., Z] | Delta mu: q's mean minus p's |
    | `delta_log_var` | [..., Z] | log Delta sigma^2: q's log-variance minus p's |
    | `log_var_p` | [..., Z] | log sigma^2 of the prior |
    | returns | [...] | KL in nats, summed over Z |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.72-21.74.
    """
    return kl_gaussian_residual_per_dimension(delta_mean, delta_log_var, log_var_p).sum(-1)
