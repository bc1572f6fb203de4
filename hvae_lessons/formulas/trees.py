"""Binary trees of copies, their inner nodes summed out by messages from the leaves up.

A message [B, nodes, 2] is log p(leaves below a node | its parent's state).
"""

import math

import torch

from hvae_lessons.checks import check_count, check_event, check_size, expect


def tree_log_prob(x, flip, depth):
    r"""Log-probability of the first d leaves of a binary tree of copies; all others are summed out.

    $$m_u(s) = \sum_t T_{st} \prod_{c \text{ child of } u} m_c(t), \qquad
      m_{\text{leaf } d}(s) = T_{s x_d}, \qquad p(x) = \frac{1}{2} \sum_s m_1(s)\, m_2(s)$$

    m_u(s) is the probability of the leaves below node u given that its parent is in state s; 1 and 2 are the
    children of the root. T is 1 - f on its diagonal and f off it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [B, d] | zeros and ones, from the left; d from 1 to D = 2^depth |
    | `flip` | [1] | f, probability of a wrong copy, strictly between 0 and 1 |
    | `depth` | whole number | levels above the leaves, 1 or more |
    | returns | [B] | nats |

    Raises: ValueError for a depth below 1, more pixels than leaves, a flip of another shape.
    Source: N4 21.5.3, "tree-like structure"; the messages are the sum-product rule.
    """
    check_event(x=x)
    check_size("flip", flip, 1)
    check_count("depth", depth)
    expect(x.shape[-1] <= 2**depth, "x", f"at most {2**depth} pixels", tuple(x.shape))
    right, wrong = torch.log1p(-flip), torch.log(flip)
    # From a leaf: log T at its value, for both states of its parent.
    messages = torch.stack([x * wrong + (1 - x) * right, x * right + (1 - x) * wrong], -1)  # [B, d, 2]
    for _ in range(depth - 1):
        zero, one = _joined(messages).unbind(-1)
        from_zero = torch.logaddexp(right + zero, wrong + one)
        from_one = torch.logaddexp(wrong + zero, right + one)
        messages = torch.stack([from_zero, from_one], -1)
    return torch.logsumexp(_joined(messages).squeeze(-2), -1) - math.log(2)


def _joined(messages):
    """The messages of siblings multiplied: [B, n, 2] -> [B, ceil(n / 2), 2]."""
    if messages.shape[-2] % 2:
        # The last sibling has no leaf among the first d: probability one in both states.
        messages = torch.cat([messages, torch.zeros_like(messages[..., :1, :])], -2)
    return messages[..., 0::2, :] + messages[..., 1::2, :]
