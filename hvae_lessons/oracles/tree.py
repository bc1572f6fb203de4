r"""Binary pixels as the leaves of a tree: made level by level, each level at once, or one by one.

    root fair     every other node copies its parent, wrongly with probability f     x = the D = 2^k leaves

The inner nodes are the latent variables of a hierarchy with k levels above x. log p(x) sums over all their
values, by messages from the leaves up. The same messages give every conditional p(x_d | x_<d), so that the
same p(x) can also be sampled as an autoregressive model: the two ways differ in their number of steps only.

Shapes: x [B, D]. Source: N4 21.5.3.
"""

from dataclasses import dataclass

import torch

from hvae_lessons.checks import Shown, check_count, check_generator, check_pixels, expect, is_number
from hvae_lessons.formulas.trees import tree_log_prob


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
        flip = self.flip
        inside = is_number(flip) and 0 < flip < 1
        expect(inside, "flip", "a probability strictly between 0 and 1", Shown(flip))

    @property
    def size(self):
        """D = 2^k."""
        return 2**self.depth

    def log_px(self, x):
        """Exact log-probability of the first d pixels in nats: [B, d] -> [B]."""
        check_pixels("x", x)
        # In double precision: a single one would round a small flip to 0.
        flip = torch.tensor([self.flip], dtype=torch.float64, device=x.device)
        return tree_log_prob(x.to(torch.float64), flip, self.depth).to(x.dtype)

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
