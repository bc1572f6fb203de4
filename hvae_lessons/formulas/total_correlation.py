r"""The aggregate posterior q(z) of a data set, estimated from one minibatch, and the KL that it splits.

    q(z) = (1 / N) sum_n q(z | x_n)

has a term for every example, and a step of training sees B of them. Both estimators here are weighted sums
of the B terms at hand. Only the stratified one is unbiased for q(z), and for log q(z) neither is: by Jensen's
inequality the logarithm of an unbiased estimate is too small on average. At B = N the stratified one is
exact.

Shapes: the last two axes of `log_q` are [B, B], row i the sample z_i, column j the example x_j; the diagonal
is each sample under its own example. Unit: nats.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hvae_lessons.checks import call, check_count, check_event, check_square, check_values, expect
from hvae_lessons.formulas.distributions import gaussian_log_prob


def pairwise_log_prob(z, mean, log_var):
    r"""Log-density of every coordinate of every sample under every example's posterior.

    $$\texttt{log\_q}_{dij} = \log N(z_{id}; \mu_d(x_j), \sigma_d^2(x_j))$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [.., B, Z] | z_i, a sample of q(z given x_i) |
    | `mean`, `log_var` | [.., B, Z] | q(z given x_j) |
    | returns | [.., Z, B, B] | nats; the sum over Z is log q(z_i given x_j) |

    Raises: ValueError for shapes that do not match, or no batch.
    Source: Chen et al. (2018), the entries of their estimators.
    """
    check_event(z=z, mean=mean, log_var=log_var)
    for name, part in (("z", z), ("mean", mean), ("log_var", log_var)):
        expect(len(part.shape) >= 2, name, "[.., B, Z], a batch", tuple(part.shape))
    sample = z.mT.unsqueeze(-1)  # [.., Z, B, 1]
    example = (mean.mT.unsqueeze(-2), log_var.mT.unsqueeze(-2))  # [.., Z, 1, B]
    return gaussian_log_prob(*(part.unsqueeze(-1) for part in (sample, *example)))


def minibatch_weighted(log_q, data_size):
    r"""Minibatch-weighted sampling: every term of the batch with the same weight.

    $$\hat q(z_i) = \frac{1}{N B} \sum_{j=1}^B q(z_i \mid x_j)$$

    The weights add up to 1 / N instead of 1: even from the whole data set, B = N, the estimate is N times too
    small. A constant does not change a gradient; but the own example has the weight of B examples, not of N.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_q` | [.., B, B] | log q(z_i given x_j), of all coordinates or of one |
    | `data_size` | whole number | N, at least B |
    | returns | [.., B] | log of the estimate in nats |

    Raises: ValueError for a `log_q` that is not square, or a batch larger than the data.
    Source: Chen et al. (2018), section 3.2.
    """
    batch = _batch_of(log_q, data_size, least=1)
    return torch.logsumexp(log_q, -1) - math.log(data_size) - math.log(batch)


def minibatch_stratified(log_q, data_size):
    r"""Minibatch-stratified sampling: a sample's own example counts as one of N, the others for the rest.

    $$\hat q(z_i) = \frac{1}{N}\, q(z_i \mid x_i)
      + \frac{N - 1}{N}\, \frac{1}{B - 1} \sum_{j \ne i} q(z_i \mid x_j)$$

    The own example is in every batch that z_i comes from, so it needs no more than its weight in q(z). The
    other B - 1 are a random sample of the other N - 1, and their mean stands for the mean over all of these:
    averaged over the batches that contain example i, the estimate is q(z_i). Chen et al. give one of the
    others a weight of its own, (N - B + 1) / (N (B - 1)), and the rest 1 / (B - 1) each; averaged over which
    one it is, theirs are the weights here, which vary less.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_q` | [.., B, B] | log q(z_i given x_j), of all coordinates or of one |
    | `data_size` | whole number | N, at least B |
    | returns | [.., B] | log of the estimate in nats |

    Raises: ValueError for a `log_q` that is not square, a batch of one, or one larger than the data.
    Source: Chen et al. (2018), appendix C.2, averaged over the order of the batch.
    """
    batch = _batch_of(log_q, data_size, least=2)
    own = torch.eye(batch, dtype=torch.bool, device=log_q.device)
    weighted = torch.where(own, log_q, log_q + math.log(data_size - 1) - math.log(batch - 1))
    return torch.logsumexp(weighted, -1) - math.log(data_size)


class KLParts(NamedTuple):
    """What log q(z | x) - log p(z) is made of, at the samples of a batch, in nats: [.., B] each."""

    index_code: Tensor  # log q(z | x) - log q(z), on average the mutual information of example and code
    total_correlation: Tensor  # log q(z) - sum_d log q(z_d), on average the coordinates' dependence
    dimension_wise: Tensor  # sum_d log q(z_d) - log p(z), on average each coordinate's distance to the prior


def kl_parts(log_q, log_pz, data_size, estimate=minibatch_stratified):
    r"""The three parts of the KL, with q(z) and every q(z_d) estimated from the batch.

    $$\log\frac{q(z \mid x)}{p(z)} = \log\frac{q(z \mid x)}{q(z)} + \log\frac{q(z)}{\prod_d q(z_d)}
      + \log\frac{\prod_d q(z_d)}{p(z)}$$

    Their sum is the left side whatever the estimate. From a batch, log q(z) comes out too small, as a rule by
    more than the log q(z_d) do: then the first part is too large, and the second too small or negative.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_q` | [.., Z, B, B] | from `pairwise_log_prob` |
    | `log_pz` | [.., B] | log p(z_i) |
    | `data_size` | whole number | N, at least B |
    | `estimate` | function | `minibatch_stratified` or `minibatch_weighted` |
    | returns | KLParts | [.., B] each, in nats |

    Raises: ValueError for shapes that do not match; what `estimate` raises.
    Source: N4 21.25 (total correlation); Chen et al. (2018), equation 2.
    """
    check_event(log_q=log_q)
    check_event(log_pz=log_pz)
    expect(len(log_q.shape) >= 3, "log_q", "[.., Z, B, B]", tuple(log_q.shape))
    check_values("log_pz", log_pz, (*log_q.shape[:-3], log_q.shape[-1]))
    # The coordinates are added before the examples are weighted: a weight belongs to an example, once.
    joint = log_q.sum(-3)  # log q(z_i | x_j), [.., B, B]
    log_qz, log_qz_d = (call("estimate", estimate, log_q=q, data_size=data_size) for q in (joint, log_q))
    check_values("estimate", log_qz, log_pz.shape)
    check_values("estimate", log_qz_d, log_q.shape[:-1])
    log_product = log_qz_d.sum(-2)  # sum_d log q(z_d), [.., B]
    own = torch.diagonal(joint, dim1=-2, dim2=-1)
    return KLParts(own - log_qz, log_qz - log_product, log_product - log_pz)


def _batch_of(log_q, data_size, least):
    """B, or a refusal."""
    check_event(log_q=log_q)
    check_square("log_q", log_q, log_q.shape[-1], log_q.shape[:-2])
    check_count("data_size", data_size)
    batch = log_q.shape[-1]
    expect(batch >= least, "log_q", f"a batch of {least} or more", batch)
    expect(data_size >= batch, "data_size", f"{batch} or more, as many as the batch", data_size)
    return batch
