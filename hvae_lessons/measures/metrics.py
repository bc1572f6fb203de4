"""What a trained model did with its latent coordinates."""

import torch

from hvae_lessons.checks import check_data, check_non_negative, expect


def active_by_kl(kl_per_dimension, threshold=0.05):
    r"""Coordinates whose KL to the prior, averaged over the data, exceeds a threshold.

    $$A_d = \frac{1}{N}\sum_n \mathrm{KL}_d(x_n) > t$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kl_per_dimension` | [N, Z] | KL of each coordinate in nats |
    | `threshold` | number | t in nats |
    | returns | [Z] bool | True where the coordinate is in use; `.sum()` counts them |

    Raises: ValueError for NaN, an empty batch or a negative threshold.
    Source: N4 21.4 (posterior collapse), as a count.
    """
    check_data("kl_per_dimension", kl_per_dimension)
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

    Raises: ValueError for NaN, fewer than two examples or a negative threshold.
    Source: Burda et al. (2016), section 5.
    """
    check_data("mean", mean)
    check_non_negative("threshold", threshold)
    if len(mean) < 2:
        raise ValueError(f"mean: expected at least two examples, got {len(mean)}")
    return torch.var(mean, dim=0) > threshold


def linear_probe(train_z, train_y, test_z, test_y):
    r"""How well a linear classifier reads the class off a code: test accuracy of multinomial regression.

    $$\frac{1}{N}\sum_n \left[\operatorname{argmax}_k (W z_n + b)_k = y_n\right]$$

    W and b maximize the likelihood of the training codes under an L2 penalty. The codes are standardized by
    the mean and standard deviation of the training codes, so that their scale does not matter.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `train_z`, `test_z` | [N, Z], [M, Z] | codes, e.g. posterior means |
    | `train_y`, `test_y` | [N], [M] | classes, whole numbers |
    | returns | number | accuracy between 0 and 1 |

    Raises: ValueError for NaN, empty data, codes of different sizes, or labels that are not one per code.
    Source: scikit-learn's LogisticRegression; the probe of N4 21.4's question whether z says anything.
    """
    check_data("train_z", train_z)
    check_data("test_z", test_z, train_z.shape[-1])
    for name, z, y in (("train_y", train_z, train_y), ("test_y", test_z, test_y)):
        count = len(y) if hasattr(y, "__len__") else type(y).__name__
        expect(count == len(z), name, f"{len(z)} labels", count)
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    mean, scale = train_z.mean(0), train_z.std(0).clamp_min(1e-6)
    scaled = [((z - mean) / scale).detach().numpy() for z in (train_z, test_z)]
    classifier = LogisticRegression(max_iter=200).fit(scaled[0], train_y)
    return float(classifier.score(scaled[1], test_y))


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

    $$I(y; x) = \mathrm{H}\left(\bar q\right) - \frac{1}{N}\sum_n \mathrm{H}\left(q(y \mid x_n)\right),
      \qquad \bar q = \frac{1}{N} \sum_n q(y \mid x_n)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `probs` | [N, Y] | q(y given x_n), each row summing to one |
    | returns | number | nats, from 0 (y has died) to log Y |

    Raises: ValueError for NaN, an empty batch or rows that are no probabilities.
    Source: N0's label, measured as N4 21.3.3 measures codes.
    """
    check_data("probs", probs)
    low, total = probs.min().item(), (probs.sum(-1) - 1).abs().max().item()
    expect(
        low >= 0 and total < 1e-3, "probs", "rows of probabilities", f"least {low:.2g}, off by {total:.2g}"
    )
    marginal = probs.mean(0)
    return (torch.special.entr(marginal).sum() - torch.special.entr(probs).sum(-1).mean()).item()


def _kind(values):
    return (
        f"{values.dtype} {tuple(values.shape)}" if isinstance(values, torch.Tensor) else type(values).__name__
    )
