r"""Rotations of a code: what the standard Gaussian prior cannot see.

If z ~ N(0, I), so is R z. A decoder that reads R^T z' has p'(x | R z) = p(x | z), and with it for every x

    p'(x) = int p(z') p(x | R^T z') dz' = int p(z) p(x | z) dz = p(x),    z' = R z, |det R| = 1.

No amount of data tells the two models apart, though each coordinate of z' may mix all coordinates of z.
"""

import torch

from hvae_lessons.checks import (
    check_count,
    check_event,
    check_generator,
    check_square,
    check_type,
    expect,
    has_values,
)


def random_rotation(size, generator=None):
    r"""An orthogonal matrix, evenly drawn from all of them.

    $$R = Q \operatorname{diag}(\operatorname{sign} U_{dd}), \qquad G = Q U, \quad G_{de} \sim N(0, 1)$$

    Without the signs it would depend on how the triangular factor U is made. Half of them mirror as well.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | Z |
    | `generator` | torch.Generator | source of randomness |
    | returns | [Z, Z] | R, with R R^T = I |

    Raises: ValueError for a size below 1, and for a seed in place of a generator.
    Source: Mezzadri (2007).
    """
    check_count("size", size)
    check_generator(generator)
    q, upper = torch.linalg.qr(torch.randn(size, size, generator=generator))
    return q * upper.diagonal().sign()


def rotate_gaussian(mean, log_var, rotation):
    r"""The distribution of R z, where z is Gaussian with a diagonal covariance: it has a full one.

    $$R z \sim N(R \mu, L L^\top), \qquad L L^\top = R \operatorname{diag}(\sigma^2)\, R^\top$$

    At R z its density is what that of z is at z, and so is its KL to N(0, I). The covariance stays diagonal
    only if R exchanges coordinates, or mixes those of equal variance.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | [..., Z] | mu, log sigma^2 |
    | `rotation` | [Z, Z] | R, orthogonal |
    | returns | [..., Z], [..., Z, Z] | mean and L, lower triangular |

    Raises: ValueError for shapes that do not match, or a matrix that is not orthogonal.
    Source: Locatello et al. (2019), theorem 1, with a rotation for its transformation.
    """
    check_event(mean=mean, log_var=log_var)
    check_square("rotation", rotation, mean.shape[-1])
    check_type("rotation", rotation, mean)
    if has_values(rotation):
        identity = torch.eye(len(rotation), dtype=rotation.dtype, device=rotation.device)
        off = (rotation @ rotation.mT - identity).abs().max().item()
        expect(off < 1e-4, "rotation", "an orthogonal matrix", f"one whose R R^T is off by {off:.2g}")
    root = rotation * torch.exp(0.5 * log_var).unsqueeze(-2)  # R diag(sigma), [..., Z, Z]
    if has_values(root):
        expect(bool(root.isfinite().all()), "log_var", "finite variances", "NaN or infinity")
    return mean @ rotation.mT, torch.linalg.cholesky(root @ root.mT)
