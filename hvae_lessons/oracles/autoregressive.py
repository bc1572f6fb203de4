r"""An autoregressive model, and the degenerate VAE that it is.

    p(x) = p(x_1) p(x_2 | x_1) ... p(x_D | x_1 ... x_D-1)         x_d = 0 or 1

As a VAE: the code has one binary variable per pixel, z_d; p(z) is the autoregressive model; the encoder and
the decoder copy. Then the posterior is exact, and the ELBO is log p(x). Here codes are few enough to be
listed, so nothing is sampled: `finite_terms` sums over all of them.

Shapes: x [B, D], z [C, D] with C = 2^D codes. Source: N4 21.69 and the paragraph above it.
"""

import itertools
import math

import torch
from torch import nn

from hvae_lessons.checks import check_count, check_data, check_event, check_generator, expect
from hvae_lessons.formulas.distributions import bernoulli_log_prob
from hvae_lessons.nets import AutoregressiveLinear

LARGEST_CODE = 16  # 2^16 codes: more are not meant to be listed


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
        check_data("x", x, self.size)
        return bernoulli_log_prob(x, self.logits(x))

    def sample(self, count, generator=None):
        """Draws of x, [count, D]: D steps, each of which needs the one before it."""
        check_count("count", count)
        check_generator(generator)
        x = torch.zeros(count, self.size, dtype=self.logits.affine.weight.dtype)
        with torch.no_grad():
            for d in range(self.size):
                p_d = torch.sigmoid(self.logits(x)[:, d])
                x[:, d] = torch.bernoulli(p_d, generator=generator)
        return x


def all_codes(size):
    """Every binary code of a length, in counting order.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | D, at most 16 |
    | returns | [2^D, D] | the codes, zeros and ones |

    Raises: ValueError for a length below 1 or above 16.
    Source: needed to sum over z in N4 21.69.
    """
    check_count("size", size)
    expect(size <= LARGEST_CODE, "size", f"at most {LARGEST_CODE}, that is 2^{LARGEST_CODE} codes", size)
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=size)))


def copy_log_prob(x, z, flip=0.0):
    r"""Log-probability that each x turns into each z when it is copied pixel by pixel.

    $$\sum_d \log\left[(1 - f)\,[x_d = z_d] + f\,[x_d \neq z_d]\right]$$

    With f = 0, the copy of the degenerate VAE: 0 where z is x, minus infinity elsewhere. It is symmetric in x
    and z, so it serves as encoder q(z | x) and as decoder p(x | z).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [B, D] | zeros and ones |
    | `z` | [C, D] | zeros and ones |
    | `flip` | number | f, probability that a pixel is copied wrongly, from 0 up to 1 |
    | returns | [B, C] | nats |

    Raises: ValueError for tensors that are no such data, sizes that differ, or a flip outside [0, 1).
    Source: N4 21.69: q(z_i = x_i | ...) = 1 and p(x_i = z_i | z) = 1.
    """
    check_data("x", x)
    check_data("z", z, x.shape[-1])
    expect(0 <= flip < 1, "flip", "a probability from 0 up to 1", flip)
    wrong = (x.unsqueeze(-2) - z).abs().sum(-1)  # [B, C]
    right = x.shape[-1] - wrong
    # xlogy(0, 0) = 0: no pixel copied wrongly has probability one, even if none may be.
    return torch.xlogy(wrong, torch.full_like(wrong, flip)) + right * math.log1p(-flip)


def finite_terms(log_px_given_z, log_q_z, log_pz):
    r"""Both terms of the ELBO for a code with finitely many values, as sums over all of them.

    $$E_q[\log p(x \mid z)] = \sum_z q(z \mid x) \log p(x \mid z), \qquad
      \mathrm{KL} = \sum_z q(z \mid x) \log\frac{q(z \mid x)}{p(z)}, \qquad 0 \log 0 = 0$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_px_given_z` | [B, C] | log p(x given z) of every code; minus infinity is allowed where q is zero |
    | `log_q_z` | [B, C] | log q(z given x); minus infinity for probability zero |
    | `log_pz` | [C] | log p(z) |
    | returns | [B], [B] | reconstruction and KL in nats; their difference is the ELBO |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.69, as E_q[log p(x | z)] - KL(q(z | x) || p(z)).
    """
    check_event(log_px_given_z=log_px_given_z, log_q_z=log_q_z, log_pz=log_pz)
    q_z = torch.exp(log_q_z)
    possible = q_z > 0
    # where, not a product: 0 * -inf is NaN.
    reconstruction = torch.where(possible, q_z * log_px_given_z, torch.zeros_like(q_z)).sum(-1)
    kl = torch.where(possible, q_z * (log_q_z - log_pz), torch.zeros_like(q_z)).sum(-1)
    return reconstruction, kl
