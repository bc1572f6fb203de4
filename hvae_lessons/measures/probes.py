"""What can be read off the codes of a trained model."""

from hvae_lessons.checks import check_table, expect


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
    for name, z, y in (("train_y", train_z, train_y), ("test_y", test_z, test_y)):
        count = len(y) if hasattr(y, "__len__") else type(y).__name__
        expect(count == len(z), name, f"{len(z)} labels", count)
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    mean, scale = train_z.mean(0), train_z.std(0).clamp_min(1e-6)
    scaled = [((z - mean) / scale).detach().numpy() for z in (train_z, test_z)]
    # It converges in a few iterations, so that no digit depends on where it stops.
    classifier = LogisticRegression(solver="newton-cholesky", tol=1e-6).fit(scaled[0], train_y)
    return float(classifier.score(scaled[1], test_y))
