"""Categorical samples as functions of noise: exact by an argmax, and relaxed so that a gradient passes.

Only `gumbel_noise` draws; the others take the noise as an argument, as in `reparameterizations`.
"""

import torch

from hvae_lessons.checks import (
    Shown,
    check_counts,
    check_event,
    check_generator,
    check_positive,
    expect,
    is_device,
)


def gumbel_noise(shape, generator=None, dtype=None, device=None):
    r"""Standard Gumbel noise.

    $$g = -\log(-\log u), \qquad u \sim U(0, 1), \quad P(g \le t) = e^{-e^{-t}}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `shape` | tuple | the shape of the result |
    | `generator` | torch.Generator | source of randomness |
    | `dtype`, `device` | torch.dtype, torch.device | precision and place; None is PyTorch's default |
    | returns | `shape` | g; mean 0.5772 (Euler's constant), variance pi^2 / 6 |

    Raises: ValueError for a size below 1, and for a seed in place of a generator.
    Source: N4 21.6.5, before 21.85.
    """
    check_counts("shape", shape)
    check_generator(generator)
    real = dtype is None or (isinstance(dtype, torch.dtype) and dtype.is_floating_point)
    expect(real, "dtype", "a floating-point type of torch", Shown(dtype))
    expect(device is None or is_device(device), "device", "a device of this machine", Shown(device))
    # -log u is a standard exponential; torch draws it without ever returning the 0 whose log is -inf.
    return -torch.log(torch.empty(shape, dtype=dtype, device=device).exponential_(generator=generator))


def gumbel_max(logits, noise):
    r"""Exact categorical sample as an argmax of perturbed logits.

    $$y = \operatorname{argmax}_k\, (a_k + g_k), \qquad P(y = k) = \operatorname{softmax}(a)_k$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits` | [..., Y] | a, unnormalized log-probabilities |
    | `noise` | [..., Y] | standard Gumbel noise g |
    | returns | [...] | class index y; no gradient passes |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.6.5, before 21.85.
    """
    check_event(noise=noise, logits=logits)
    return torch.argmax(logits + noise, -1)


def gumbel_softmax(logits, noise, temperature):
    r"""Relaxed categorical sample, differentiable in the logits.

    $$w = \operatorname{softmax}\left(\frac{a + g}{\tau}\right)$$

    As tau goes to 0, w goes to the one-hot vector of `gumbel_max`. For tau > 0 it lies inside the
    simplex and is no sample of the categorical: a bound computed with it is not a bound.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits` | [..., Y] | a, unnormalized log-probabilities |
    | `noise` | [..., Y] | standard Gumbel noise g |
    | `temperature` | number | tau > 0 |
    | returns | [..., Y] | weights w, positive, summing to 1 |

    Raises: ValueError for shapes that do not match, or a temperature that is not positive.
    Source: N4 21.85.
    """
    check_event(noise=noise, logits=logits)
    check_positive("temperature", temperature)
    return torch.softmax((logits + noise) / temperature, -1)


def straight_through(soft):
    r"""One-hot vector forward, the gradient of the relaxed vector backward.

    $$\text{forward: } e_{\operatorname{argmax} w}, \qquad \text{backward: } \frac{\partial}{\partial w} = I$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `soft` | [..., Y] | w, relaxed one-hot vector |
    | returns | [..., Y] | exactly one-hot; its gradient is biased |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 21.6.1, after 21.75 (straight-through estimator).
    """
    check_event(soft=soft)
    hard = torch.nn.functional.one_hot(torch.argmax(soft, -1), soft.shape[-1]).to(soft.dtype)
    # (soft - soft.detach()) is zero: adding `hard` last keeps the forward value exactly one-hot.
    return (soft - soft.detach()) + hard
