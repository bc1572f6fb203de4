r"""An autoregressive model, and the degenerate VAE that it is.

    p(x) = p(x_1) p(x_2 | x_1) ... p(x_D | x_1 ... x_D-1)         x_d = 0 or 1

As a VAE: the code has one binary variable per pixel, z_d; p(z) is the autoregressive model; the encoder and
the decoder copy. Then the posterior is exact, and the ELBO is log p(x). Here codes are few enough to be
listed, so nothing is sampled: `finite_terms` sums over all of them.

Shapes: x [B, D], z [C, D] with C = 2^D codes. Source: N4 21.69 and the paragraph above it.
"""

import torch
from torch import nn

from hvae_lessons.checks import check_count, check_generator, check_pixels
from hvae_lessons.formulas.distributions import bernoulli_log_prob
from hvae_lessons.nets import AutoregressiveLinear


class Autoregressive(nn.Module):
    r"""Binary pixels in a fixed order; the log-odds of each are affine in those before it.

    $$p(x) = \prod_d \mathrm{Ber}(x_d \mid \sigma(\ell_d)), \qquad \ell = \mathrm{tril}(W, -1)\, x + b$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | D |
    | `generator` | torch.Generator | source of the initial weights |

    Raises: ValueError for a size below 1.
    Source: N4 21.69.
    """

    def __init__(self, size, generator=None):
        super().__init__()
        self.size = size
        self.logits = AutoregressiveLinear(size, generator)

    def log_px(self, x):
        """Exact log p(x) in nats, all pixels at once: [B, D] -> [B]."""
        check_pixels("x", x, self.size)
        return bernoulli_log_prob(x, self.logits(x))

    def sample(self, count, generator=None):
        """Draws of x, [count, D]: D steps, each of which needs the one before it."""
        check_count("count", count)
        check_generator(generator)
        weight = self.logits.affine.weight
        x = torch.zeros(count, self.size, dtype=weight.dtype, device=weight.device)
        with torch.no_grad():
            for d in range(self.size):
                p_d = torch.sigmoid(self.logits(x)[:, d])
                x[:, d] = torch.bernoulli(p_d, generator=generator)
        return x
