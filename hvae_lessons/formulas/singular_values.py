"""The largest singular value of a matrix: the factor by which it can stretch a vector."""

import math

import torch
from torch.nn.functional import normalize

from hvae_lessons.checks import check_count, check_floating, check_size, check_type, expect


def power_iteration(weight, vector, steps=1):
    r"""Estimate of the largest singular value of a matrix, and the vector to start from next time.

    $$u = \frac{W v}{\lVert W v \rVert}, \qquad v' = \frac{W^\top u}{\lVert W^\top u \rVert}, \qquad
      \hat\sigma = u^\top W v' \le \sigma_{\max}(W)$$

    The estimate never falls from one iteration to the next, and reaches the largest singular value unless the
    first vector is orthogonal to its direction. It is differentiable in W with u and v' held fixed: the
    gradient is u v'^T, which is that of the singular value itself once the vectors have arrived.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `weight` | [M, N] | W |
    | `vector` | [N] | v, not zero; its length does not matter |
    | `steps` | whole number | iterations |
    | returns | [], [N] | estimate, no unit; v', of length 1 and without gradient |

    Raises: ValueError for anything but a matrix, a vector that does not fit or is zero, no iteration.
    Source: N4 21.5.5 (the singular values of NVAE's penalty, a single power iteration).
    """
    check_floating("weight", weight)
    shape = tuple(weight.shape)
    expect(len(shape) == 2 and 0 not in shape, "weight", "a matrix [M, N], not empty", shape)
    check_size("vector", vector, shape[1])
    expect(vector.ndim == 1, "vector", f"[{shape[1]}]", tuple(vector.shape))
    check_type("vector", vector, weight)
    check_count("steps", steps)
    with torch.no_grad():
        right = normalize(vector, dim=0)
        expect(right.any(), "vector", "a vector with a direction", "zeros")
        for _ in range(steps):
            left = normalize(weight @ right, dim=0)
            stretched = weight.T @ left
            length = torch.linalg.vector_norm(stretched)
            # Zeros have no direction, broken weights no good one: the vector must survive both.
            right = stretched / length if 0 < length < math.inf else right
    return left @ weight @ right, right
