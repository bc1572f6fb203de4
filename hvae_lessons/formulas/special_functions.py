r"""Functions that lose their digits when they are typed as they are written.

Close to $v = 0$, $e^v - 1 - v$ is the difference of two nearly equal numbers, and so is $\log a - \log b$
close to $a = b$. Divergences consist of such terms, and are small exactly where that matters: where q has
become p.

Elementwise; the precision is that of the arguments. `hvae_lessons.symbolic` knows each of these functions by
its name and its meaning, as it knows `torch.exp`: the proofs rest on the meaning, and
`tests/formulas/test_special_functions.py` compares the code with 50 digits.
"""

import torch
from torch.overrides import handle_torch_function, has_torch_function

from hvae_lessons.checks import check_event


class _Expm1Minus(torch.autograd.Function):
    """e^v - 1 - v with the derivative e^v - 1, which has all its digits."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        square = v * v
        # (1/2 + v/6) + v^2 (1/24 + v/120), in few operations: many a v is only a few numbers.
        low, high = torch.rsub(v, 1 / 2, alpha=-1 / 6), torch.rsub(v, 1 / 24, alpha=-1 / 120)
        # At |v| = 0.003 the series lacks 3e-13 of the whole, and the difference has lost 2e-13 at most.
        return torch.where(square < 1e-5, square * torch.addcmul(low, square, high), torch.expm1(v) - v)

    @staticmethod
    def backward(ctx, gradient):
        (v,) = ctx.saved_tensors
        return gradient * torch.expm1(v)


def expm1_minus(v):
    r"""What the exponential function has above its tangent at 0.

    $$e^v - 1 - v = \frac{v^2}{2} + \frac{v^3}{6} + \dots \ge 0$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `v` | [...] | any number; minus infinity gives infinity |
    | returns | [...] | zero at v = 0 alone |

    Raises: ValueError for a scalar or an empty batch.
    Source: Taylor's formula.
    """
    if has_torch_function((v,)):
        return handle_torch_function(expm1_minus, (v,), v)
    check_event(v=v)
    return _Expm1Minus.apply(v)


def log_quotient(a, b):
    r"""Logarithm of a quotient of positive numbers, with all its digits where they are close.

    $$\log \frac{a}{b} = \log\left(1 + \frac{a - b}{b}\right)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `a`, `b` | [...] | positive |
    | returns | [...] | log a - log b; not a number where one of them is negative |

    Raises: ValueError for shapes that do not match.
    Source: the difference of two close numbers is exact in floating point (Sterbenz).
    """
    if has_torch_function((a, b)):
        return handle_torch_function(log_quotient, (a, b), a, b)
    check_event(a=a, b=b)
    excess = (a - b) / b
    close = excess.abs() < 0.5
    # The excess where it is not used may be -1, and a gradient of infinity times zero is no number.
    return torch.where(close, torch.log1p(torch.where(close, excess, 0)), torch.log(a / b))


def kl_term(q, p, log_ratio):
    r"""What one outcome adds to a KL: a sum of such terms is the KL, and none of them is negative.

    $$q \log\frac{q}{p} - q + p = q\,(e^v - 1 - v), \qquad v = \log\frac{p}{q}; \qquad 0 \log 0 = 0$$

    The outcomes' q and p sum to one each, so that the two additional terms cancel in the sum.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q`, `p` | [...] | probabilities, 0 to 1 |
    | `log_ratio` | [...] | v, to more digits than a ratio of the two has where they are close |
    | returns | [...] | nats; p where q = 0, whatever v is there |

    Raises: ValueError for shapes that do not match.
    Source: the generalized KL of unnormalized densities; `scipy.special.kl_div`.
    """
    if has_torch_function((q, p, log_ratio)):
        return handle_torch_function(kl_term, (q, p, log_ratio), q, p, log_ratio)
    check_event(q=q, p=p, log_ratio=log_ratio)
    # Where p is that much larger the rest is less than a rounding error, and e^v may overflow.
    far = (log_ratio > 60) | (q == 0)
    return torch.where(far, p, q * expm1_minus(torch.where(far, 0, log_ratio)))
