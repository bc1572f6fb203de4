"""Divergences from one Gaussian to every cluster of a mixture at once. Unit: nats."""

import torch

from hvae_lessons.checks import check_event, check_square, expect


def mixture_kl(mean_q, log_var_q, mean, scale_tril):
    r"""KL from a diagonal Gaussian to each of Y Gaussians with full covariances.

    $$\mathrm{KL}(q \,\|\, p_y) = \frac{1}{2}\left[\sum_j \sigma_j^2 \sum_i (L_y^{-1})_{ij}^2
      + \lVert L_y^{-1}(\mu - m_y) \rVert^2 - Z - \sum_d \log \sigma_d^2\right] + \sum_d \log L_{y,dd}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `log_var_q` | [..., Z] | q(z given x) |
    | `mean` | [Y, Z] | m |
    | `scale_tril` | [Y, Z, Z] | L, lower triangular with positive diagonals |
    | returns | [..., Y] | KL in nats |

    Raises: ValueError for shapes that do not match.
    Source: N0, the analytic KL of the conditional prior, here for a full covariance.
    """
    check_event(mean_q=mean_q, log_var_q=log_var_q)
    check_event(mean=mean)
    fits = len(mean.shape) == 2 and mean.shape[-1] == mean_q.shape[-1]
    expect(fits, "mean", f"[Y, Z] that matches mean_q {tuple(mean_q.shape)}", tuple(mean.shape))
    check_square("scale_tril", scale_tril, mean.shape[-1], mean.shape[:-1])
    # One inverse per cluster serves the whole batch.
    identity = torch.eye(scale_tril.shape[-1], dtype=scale_tril.dtype)
    inverse = torch.linalg.solve_triangular(scale_tril, identity.expand_as(scale_tril), upper=False)
    spread = torch.exp(log_var_q) @ (inverse**2).sum(-2).T  # [..., Y]
    shift = (inverse @ (mean_q.unsqueeze(-2) - mean).unsqueeze(-1)).squeeze(-1)  # [..., Y, Z]
    constant = (log_var_q + 1).sum(-1).unsqueeze(-1)
    log_det = torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)).sum(-1)
    return 0.5 * (spread + (shift**2).sum(-1) - constant) + log_det
