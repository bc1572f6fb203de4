"""How clusters relate to classes, and how much a cluster says about the data."""

import torch

from hvae_lessons.checks import check_table, expect
from hvae_lessons.formulas.entropies import mutual_information


def match_clusters(clusters, labels):
    r"""Name every cluster after a class, one to one, so that as many examples as possible are right.

    $$\pi^* = \operatorname{argmax}_{\pi} \sum_n \left[\pi(c_n) = y_n\right]$$

    The matching has seen the labels; the clustering has not.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `clusters` | [N] | cluster of each example, 0 to K - 1 |
    | `labels` | [N] | its class, 0 to K - 1 |
    | returns | [K, K], number | examples of class (row) in the cluster named (column); accuracy |

    Raises: ValueError unless both are whole numbers, one per example.
    Source: the Hungarian method, by scipy.
    """
    for name, values in (("clusters", clusters), ("labels", labels)):
        whole = isinstance(values, torch.Tensor) and values.dtype == torch.int64 and values.ndim == 1
        expect(whole and len(values) > 0, name, "[N] int64, at least one", _kind(values))
        expect(values.min() >= 0, name, "whole numbers, 0 or more", int(values.min()))
    expect(len(clusters) == len(labels), "labels", f"{len(clusters)} labels", len(labels))
    from scipy.optimize import linear_sum_assignment

    size = int(max(clusters.max(), labels.max())) + 1
    table = torch.bincount(labels * size + clusters, minlength=size * size).reshape(size, size)
    _, named = linear_sum_assignment(table.numpy(), maximize=True)
    table = table[:, torch.from_numpy(named)]
    return table, table.diagonal().sum().item() / len(labels)


def label_information(probs):
    r"""Mutual information of label and data under q: what the label says about x.

    $$I(y; x), \qquad \text{see `mutual\_information`}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `probs` | [N, Y] | q(y given x_n), each row summing to one |
    | returns | number | nats, from 0 (y has died) to log Y |

    Raises: ValueError for NaN, an empty batch, an axis of samples or rows that are no probabilities.
    Source: N0's label, measured as N4 21.3.3 measures codes.
    """
    check_table("probs", probs)
    low, total = probs.min().item(), (probs.sum(-1) - 1).abs().max().item()
    expect(
        low >= 0 and total < 1e-3, "probs", "rows of probabilities", f"least {low:.2g}, off by {total:.2g}"
    )
    return mutual_information(probs).item()


def _kind(values):
    return (
        f"{values.dtype} {tuple(values.shape)}" if isinstance(values, torch.Tensor) else type(values).__name__
    )
