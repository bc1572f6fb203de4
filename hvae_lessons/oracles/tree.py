r"""Binary pixels as the leaves of a tree: made level by level, each level at once, or one by one.

    root fair     every other node copies its parent, wrongly with probability f     x = the D = 2^k leaves

The inner nodes are the latent variables of a hierarchy with k levels above x. log p(x) sums over all their
values, by messages from the leaves up. The same messages give every conditional p(x_d | x_<d), so that the
same p(x) can also be sampled as an autoregressive model: the two ways differ in their number of steps only.

Shapes: x [B, D]; messages [B, nodes, 2], log p(leaves below a node | its parent's state). Source: N4 21.5.3.
"""

import math
from dataclasses import dataclass

import torch

from hvae_lessons.checks import check_count, check_event, check_generator, check_size, expect


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
    right, wrong = torch.log(1 - flip), torch.log(flip)
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


@dataclass(frozen=True)
class BinaryTree:
    """The distribution p(x) of the leaves.

    | Field | Meaning |
    |---|---|
    | `depth` | k: there are D = 2^k leaves |
    | `flip` | f, probability of a wrong copy, strictly between 0 and 1 |

    Raises: ValueError for an impossible value.
    """

    depth: int
    flip: float = 0.1

    def __post_init__(self):
        check_count("depth", self.depth)
        expect(0 < self.flip < 1, "flip", "a probability strictly between 0 and 1", self.flip)

    @property
    def size(self):
        """D = 2^k."""
        return 2**self.depth

    def log_px(self, x):
        """Exact log-probability of the first d pixels in nats: [B, d] -> [B]."""
        check_event(x=x)
        return tree_log_prob(x, x.new_tensor([self.flip]), self.depth)

    def sample(self, count, generator=None):
        """Draws of x, [count, D]: k + 1 steps, each for all nodes of a level at once."""
        check_count("count", count)
        check_generator(generator)
        nodes = torch.bernoulli(torch.full((count, 1), 0.5), generator=generator)
        for _ in range(self.depth):
            parents = nodes.repeat_interleave(2, -1)
            flips = torch.bernoulli(torch.full_like(parents, self.flip), generator=generator)
            nodes = (parents - flips).abs()
        return nodes

    def sample_in_order(self, count, generator=None):
        """Draws of the same x, [count, D], each pixel from p(x_d | x_<d): D steps, one after the other."""
        check_count("count", count)
        check_generator(generator)
        x, log_px = torch.zeros(count, 0), torch.zeros(count)
        for _ in range(self.size):
            p_one = torch.exp(self.log_px(torch.cat([x, torch.ones(count, 1)], -1)) - log_px)
            pixel = torch.bernoulli(p_one.clamp(max=1), generator=generator)
            log_px = log_px + torch.log(torch.where(pixel == 1, p_one, 1 - p_one))
            x = torch.cat([x, pixel.unsqueeze(-1)], -1)
        return x
