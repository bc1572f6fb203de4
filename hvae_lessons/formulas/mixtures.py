"""Divergences from one Gaussian to every cluster of a mixture at once. Unit: nats."""

import torch

from hvae_lessons.checks import check_event, check_square, check_type, expect
from hvae_lessons.formulas.special_functions import expm1_minus


def mixture_kl(mean_q, log_var_q, mean, scale_tril, log_var=None):
    r"""KL from a diagonal Gaussian to each of Y Gaussians with full covariances.

    $$\mathrm{KL}(q \,\|\, p_y) = \frac{1}{2}\left[\sum_j \sigma_j^2 \sum_i (L_y^{-1})_{ij}^2
      + \lVert L_y^{-1}(\mu - m_y) \rVert^2 - Z - \sum_d \log \sigma_d^2\right] + \sum_d \log L_{y,dd}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `log_var_q` | [..., Z] | q(z given x) |
    | `mean` | [Y, Z] or [..., Y, Z] | m, of all q alike or of each |
    | `scale_tril` | [Y, Z, Z] or [..., Y, Z, Z] | L, lower triangular with positive diagonals |
    | `log_var` | as `mean` | log L_dd^2, if it is known to more digits than L has |
    | returns | [..., Y] | KL in nats |

    Raises: ValueError for shapes that do not match.
    Source: N0, the analytic KL of the conditional prior, here for a full covariance.
    """
    check_event(mean_q=mean_q, log_var_q=log_var_q)
    check_event(mean=mean)
    fits = len(mean.shape) >= 2 and mean.shape[-1] == mean_q.shape[-1]
    expect(fits, "mean", f"[Y, Z] that matches mean_q {tuple(mean_q.shape)}", tuple(mean.shape))
    check_square("scale_tril", scale_tril, mean.shape[-1], mean.shape[:-1])
    for name, tensor in (("mean_q", mean_q), ("mean", mean)):
        check_type(name, tensor, scale_tril)
    mean_q, log_var_q = mean_q.unsqueeze(-2), log_var_q.unsqueeze(-2)  # beside every cluster
    if log_var is None:
        log_var = 2 * torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1))
    check_event(mean_q=mean_q, mean=mean, log_var=log_var)
    # One inverse per cluster serves the whole batch.
    identity = torch.eye(scale_tril.shape[-1], dtype=scale_tril.dtype, device=scale_tril.device)
    inverse = torch.linalg.solve_triangular(scale_tril, identity.expand_as(scale_tril), upper=False)
    shift = (inverse @ (mean_q - mean).unsqueeze(-1)).squeeze(-1)  # [..., Y, Z]
    below = torch.exp(log_var_q) * (torch.tril(inverse, diagonal=-1) ** 2).sum(-2)
    return 0.5 * (shift**2 + below + expm1_minus(log_var_q - log_var)).sum(-1)
