"""Objectives that keep the levels of a hierarchy alive: free bits, and KL balancing.

Both compare means over the batch, each of one model and one sample: over B alone.
"""

import torch

from hvae_lessons.checks import (
    check_choice,
    check_flag,
    check_length,
    check_non_negative,
    check_positive,
    check_trace,
    check_values,
    check_weight,
    expect,
)
from hvae_lessons.objectives.bound import beta_elbo


def free_bits(trace, nats, per="level", clamp="batch", beta=1.0):
    r"""ELBO in which every group of latents may carry some nats at no extra cost.

    $$\log p(x \mid z) - \beta \sum_g \max(\lambda, \overline{\mathrm{KL}}_g)$$

    A group is a level or a single coordinate. The bar is the mean over the batch (`clamp="batch"`): the group
    is charged lambda if its average over the batch is less. With `clamp="example"` there is no bar, and every
    example is charged at least lambda. Where a level's KL is a sampled log-ratio (`closed_form` is False),
    only the former makes sense: the maximum of a noisy estimate is too large on average.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | `nats` | number | lambda, 0 or more; 0 with `clamp="example"` and closed forms is `beta_elbo` |
    | `per` | name | "level" or "dimension"; some terms, as those of a ClusterVAE, are levels only |
    | `clamp` | name | "batch": after the batch mean; "example": before it |
    | `beta` | number or [M, 1] | weight of the KL, for a warm-up; of all models or of each |
    | returns | [.., B] | objective in nats; never above the ELBO on average, for beta = 1 |

    Raises: ValueError for anything but a Trace, or settings that make no sense.
    Source: N4 21.59 (per dimension, per example); Kingma et al. (2016), appendix (per group, after the mean).
    """
    check_trace(trace)
    check_non_negative("nats", nats)
    check_choice("per", per, ("level", "dimension"))
    check_choice("clamp", clamp, ("batch", "example"))
    check_weight("beta", beta, trace.log_px_given_z.shape)
    charge = 0
    for kl in _kl_of_groups(trace, per):  # [.., B, groups]
        level = kl.mean(-2, keepdim=True) if clamp == "batch" else kl
        # kl + relu(lambda - mean): its batch mean is max(lambda, mean), and one value per example remains.
        charge = charge + (kl + torch.relu(nats - level)).sum(-1)
    return trace.log_px_given_z - beta * charge


def _kl_of_groups(trace, per):
    """The KL of every layer, divided among its groups: L of [.., B, groups]."""
    if per == "level":
        return [kl.unsqueeze(-1) for kl in trace.kls]
    groups = [getattr(layer, "kl_per_dimension", None) for layer in trace.layers]
    for number, kl in enumerate(groups, start=1):
        whole = f"'level', because the KL of layer {number} does not split into coordinates"
        expect(kl is not None, "per", whole, "'dimension'")
        check_values(f"kl_per_dimension of layer {number}", kl[..., 0], trace.log_px_given_z.shape)
    return groups


def balancing_weights(trace, sizes=None):
    r"""Weights of the levels' KLs that press hardest on the level that carries most: KL balancing.

    $$\gamma_l = \frac{L\, s_l \overline{\mathrm{KL}}_l}{\sum_k s_k \overline{\mathrm{KL}}_k}$$

    The bar is the mean over the batch. All weights are 1 exactly if every level has the same
    $s_l \overline{\mathrm{KL}}_l$, and that is the balance they press towards:

    - s_l = 1 (the default): equal nats in every level;
    - s_l = 1 / Z_l: equal nats in every latent variable;
    - s_l = Z_l, the formula as printed: nats in inverse proportion to the size of the level.

    A level without any KL costs nothing. If all are zero, all weights are 1. A negative mean, which a KL
    estimated by log-ratios may have (`closed_form` is False), counts as zero.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over a batch |
    | `sizes` | L numbers | s_l, positive, from the data upwards; None: all 1 |
    | returns | [.., L] | gamma, mean 1; a constant for the gradient |

    Raises: ValueError for anything but a Trace, a wrong number of sizes, or one that is not positive.
    Source: N4 21.71; Vahdat and Kautz (2020), whose gamma is a constant and has mean 1.
    """
    check_trace(trace)
    expect(len(trace.layers) >= 1, "trace", "one layer or more", 0)
    sizes = (1.0,) * len(trace.layers) if sizes is None else sizes
    check_length("sizes", sizes, len(trace.layers), "sizes")
    for size in sizes:
        check_positive("sizes", size)
    shares = torch.stack([size * torch.relu(kl.mean(-1)) for size, kl in zip(sizes, trace.kls)], -1).detach()
    mean = shares.mean(-1, keepdim=True)
    # Nothing to balance: 0 / 0 would stop the training at a collapsed start.
    return torch.where(mean > 0, shares / mean, 1.0)


def balanced_elbo(trace, sizes=None, beta=1.0, until_one=False):
    r"""ELBO in which the levels that carry most are charged most, for the first part of training.

    $$\log p(x \mid z) - \beta \sum_l \gamma_l \mathrm{KL}_l$$

    gamma is `balancing_weights(trace, sizes)`. Some of the weights are below 1, so this is no bound of
    log p(x), and a model is trained with it only while beta grows to 1: with `until_one` all weights are 1
    from then on, and this is the ELBO.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over a batch |
    | `sizes` | L numbers | s_l, positive, from the data upwards; None: all 1 |
    | `beta` | number | weight of all KLs, 0 or more |
    | `until_one` | bool | balance only while beta is below 1; `beta_elbo` afterwards |
    | returns | [.., B] | objective in nats; `beta_elbo` if all levels carry the same |

    Raises: ValueError for anything but a Trace, a wrong number of sizes, or settings that make no sense.
    Source: N4 21.70-21.71; Vahdat and Kautz (2020).
    """
    check_trace(trace)
    check_non_negative("beta", beta)
    check_flag("until_one", until_one)
    weights = balancing_weights(trace, sizes).unsqueeze(-2).unbind(-1)  # L of [.., 1]
    if until_one and beta >= 1:
        return beta_elbo(trace, beta)
    return trace.log_px_given_z - beta * sum(weight * kl for weight, kl in zip(weights, trace.kls))
