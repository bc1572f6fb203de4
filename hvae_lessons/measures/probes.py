"""What can be read off the codes of a trained model."""

import numpy as np
import torch

from hvae_lessons.checks import Shown, check_table, expect, is_whole


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

    Raises: ValueError for NaN, empty data, codes of different sizes or with an axis of samples, or labels
    that are not one per code.
    Source: scikit-learn's LogisticRegression; the probe of N4 21.4's question whether z says anything.
    """
    check_table("train_z", train_z)
    check_table("test_z", test_z, train_z.shape[-1])
    classes = _classes("train_y", train_y, len(train_z)), _classes("test_y", test_y, len(test_z))
    expect(len(set(classes[0])) >= 2, "train_y", "two classes or more", Shown(train_y))
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    mean, scale = train_z.mean(0), train_z.std(0).clamp_min(1e-6)
    scaled = [((z - mean) / scale).detach().numpy() for z in (train_z, test_z)]
    # It converges in a few iterations, so that no digit depends on where it stops.
    classifier = LogisticRegression(solver="newton-cholesky", tol=1e-6).fit(scaled[0], classes[0])
    return float(classifier.score(scaled[1], classes[1]))


def _classes(name, y, count):
    """The labels as a list of whole numbers, one for each code."""
    is_list = isinstance(y, tuple | list) or (isinstance(y, torch.Tensor | np.ndarray) and y.ndim == 1)
    got = len(y) if is_list else type(y).__name__
    expect(got == count, name, f"{count} labels", got)
    classes = y if isinstance(y, tuple | list) else y.tolist()
    expect(all(map(is_whole, classes)), name, "whole numbers", Shown(y))
    return classes
