"""Which latent coordinates a trained model uses."""

import torch

from hvae_lessons.checks import check_non_negative, check_table


def active_by_kl(kl_per_dimension, threshold=0.05):
    r"""Coordinates whose KL to the prior, averaged over the data, exceeds a threshold.

    $$A_d = \frac{1}{N}\sum_n \mathrm{KL}_d(x_n) > t$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kl_per_dimension` | [N, Z] | KL of each coordinate in nats |
    | `threshold` | number | t in nats |
    | returns | [Z] bool | True where the coordinate is in use; `.sum()` counts them |

    Raises: ValueError for NaN, an empty batch, an axis of samples or a negative threshold.
    Source: N4 21.4 (posterior collapse), as a count.
    """
    check_table("kl_per_dimension", kl_per_dimension)
    check_non_negative("threshold", threshold)
    return kl_per_dimension.mean(0) > threshold


def active_by_variance(mean, threshold=0.01):
    r"""Coordinates whose posterior mean moves with x: the active units of Burda et al. (2016).

    $$A_d = \operatorname{Var}_x\left(E_{q(z \mid x)}[z_d]\right) > t$$

    It is the more generous count: a coordinate may move a little and yet carry next to no information.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean` | [N, Z] | posterior means over a data set, N >= 2 |
    | `threshold` | number | t |
    | returns | [Z] bool | True where the coordinate is active; `.sum()` counts them |

    Raises: ValueError for NaN, fewer than two examples, an axis of samples or a negative threshold.
    Source: Burda et al. (2016), section 5.
    """
    check_table("mean", mean)
    check_non_negative("threshold", threshold)
    if len(mean) < 2:
        raise ValueError(f"mean: expected at least two examples, got {len(mean)}")
    return torch.var(mean, dim=0) > threshold
