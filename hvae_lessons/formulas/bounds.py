"""Bounds of log p(x)."""

import math

import torch

from hvae_lessons.checks import check_event


def importance_weighted_bound(log_weight):
    r"""Lower bound on log p(x) from K importance weights, in expectation; at K = 1 that is the ELBO.

    $$\log \frac{1}{K} \sum_{k=1}^K w_k, \qquad w_k = \frac{p(x, z_k)}{q(z_k \mid x)}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_weight` | [K, ...] | log w_k in nats, samples in the first dimension |
    | returns | [...] | the bound in nats, higher is better |

    Raises: ValueError for a scalar or an empty batch.
    Source: Burda et al. (2016), which N1 names.
    """
    check_event(log_weight=log_weight)
    return torch.logsumexp(log_weight, 0) - math.log(log_weight.shape[0])
