"""Gradients of E_q[f(y)], q = softmax(logits): exact, score function, relaxed, straight-through.

One row per noise sample comes back, so that bias and variance of an estimator can be measured.
"""

import torch

from hvae_lessons.checks import (
    call,
    check_baseline,
    check_event,
    check_flag,
    check_gradient,
    check_values,
    expect,
)
from hvae_lessons.formulas.discrete_samples import gumbel_max, gumbel_softmax, straight_through


def categorical_gradient(values, logits):
    r"""Exact gradient: the sum over the classes is short enough to be written out.

    $$\frac{\partial}{\partial a_k} \sum_y \pi_y f_y = \pi_k \left(f_k - \sum_y \pi_y f_y\right), \qquad
      \pi = \operatorname{softmax}(a)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `values` | [..., Y] | f of each class |
    | `logits` | [..., Y] | a |
    | returns | [..., Y] | gradient with respect to the logits |

    Raises: ValueError for shapes that do not match.
    Source: N0, "analytic expectation" strategy (step 4).
    """
    check_event(values=values, logits=logits)
    probs = torch.softmax(logits, -1)
    return probs * (values - (probs * values).sum(-1, keepdim=True))


def categorical_score_gradient(values, logits, noise, baseline=0.0):
    r"""Score-function estimate, from exact samples by the Gumbel-max trick. Unbiased for every baseline.

    $$(f_y - b)\, \nabla_a \log \pi_y = (f_y - b)\,(e_y - \pi), \qquad
      y = \operatorname{argmax}_k (a_k + g_k)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `values` | [Y] | f of each class |
    | `logits` | [Y] | a |
    | `noise` | [..., Y] | standard Gumbel noise g |
    | `baseline` | number or [...] | b |
    | returns | [..., Y] | one estimate per noise sample |

    Raises: ValueError for shapes that do not match.
    Source: Williams (1992); N0, "Monte Carlo sampling" strategy (step 4), which leaves open how the gradient
    gets to the logits.
    """
    check_event(noise=noise, values=values, logits=logits)
    expect(len(values.shape) == len(logits.shape) == 1, "values", "[Y], as the logits", tuple(values.shape))
    y = gumbel_max(logits, noise)
    check_baseline(baseline, y.shape)
    score = torch.nn.functional.one_hot(y, len(logits)).to(logits.dtype) - torch.softmax(logits, -1)
    return (values[y] - baseline).unsqueeze(-1) * score


def relaxed_gradient(f, logits, noise, temperature, hard=False):
    r"""Pathwise estimate through the Gumbel-softmax relaxation, or through its straight-through version.

    $$\nabla_a f(w), \qquad w = \operatorname{softmax}\left(\frac{a + g}{\tau}\right); \qquad
      \text{hard: } f \text{ and } f' \text{ taken at the one-hot vector instead of at } w$$

    Both are biased as gradients of the categorical expectation, in general.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `f` | callable | [..., Y] -> [...], defined on one-hot vectors and between them |
    | `logits` | [Y] | a |
    | `noise` | [..., Y] | standard Gumbel noise g |
    | `temperature` | number | tau > 0 |
    | `hard` | bool | True for straight-through |
    | returns | [..., Y] | one estimate per noise sample |

    Raises: ValueError for shapes that do not match or a temperature that is not positive.
    Source: N4 21.85-21.87; the straight-through estimator of N4 21.6.1.
    """
    check_event(noise=noise, logits=logits)
    check_flag("hard", hard)
    rows = logits.detach().expand(noise.shape).clone().requires_grad_()
    weights = gumbel_softmax(rows, noise, temperature)
    value = call("f", f, w=straight_through(weights) if hard else weights)
    check_values("f", value, noise.shape[:-1])
    check_gradient("f", value)
    return torch.autograd.grad(value.sum(), rows)[0]
