"""Ways to make gray pixels black or white.

Whoever trains a Bernoulli decoder chooses one and says which, because likelihoods under different
binarizations cannot be compared.
"""

import torch
from torch import Tensor

from hvae_lessons.checks import Shown, check_generator, check_pixels, expect, is_number, is_whole


def binarize(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Dynamic binarization: b ~ Bernoulli(x), anew at each call.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [N, D] | pixels in [0, 1], read as probabilities |
    | `generator` | torch.Generator | source of the draw, of x's device; None is the global one |
    | returns | as x | 0 or 1; the mean over many draws is x |

    Raises: ValueError for pixels outside [0, 1], NaN or none at all, and for a seed in place of a generator.
    Source: the "stochastic" binarization of Burda, Grosse and Salakhutdinov 2016, section 5.
    """
    check_pixels("x", x)
    check_generator(generator)
    return (torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device) < x).to(x.dtype)


def binarize_static(x: Tensor, seed: int = 0) -> Tensor:
    """Static binarization: b ~ Bernoulli(x), the same draw at every call; for test sets.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [N, D] | pixels in [0, 1]; binarize a set whole, not batchwise |
    | `seed` | int | names the draw |
    | returns | as x | 0 or 1 |

    Raises: ValueError as binarize, and for a seed that is not an int.
    Source: the fixed binarization of Salakhutdinov and Murray 2008, with a draw of our own.
    """
    expect(is_whole(seed), "seed", "an int", Shown(seed))
    return binarize(x, torch.Generator().manual_seed(int(seed)))


def binarize_threshold(x: Tensor, threshold: float = 0.5) -> Tensor:
    """Deterministic binarization: b = 1 where x > threshold, else 0.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [N, D] | pixels in [0, 1] |
    | `threshold` | float | in [0, 1); sharper strokes and another likelihood than a draw |
    | returns | as x | 0 or 1 |

    Raises: ValueError as binarize, and for a threshold out of range.
    Source: no formula of the notes.
    """
    check_pixels("x", x)
    expect(is_number(threshold) and 0 <= threshold < 1, "threshold", "a number in [0, 1)", Shown(threshold))
    return (x > threshold).to(x.dtype)
