"""The last step of every generator: from the decoder's output to p(x | z)."""

import math

import torch
from torch import nn

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_count,
    check_data,
    check_event,
    check_pixels,
    expect,
    is_number,
)
from hvae_lessons.trace import Bernoulli, Gaussian


def check_likelihood(likelihood, noise_log_var):
    """Refuse a likelihood that does not exist, or noise where there is none.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `likelihood` | name | "bernoulli" or "gaussian" |
    | `noise_log_var` | number or None | log-variance of the Gaussian; None: learned, or no Gaussian |

    Raises: ValueError, with the reason; NaN and infinity are no noise.
    Source: N4 21.5.
    """
    check_choice("likelihood", likelihood, ("bernoulli", "gaussian"))
    unused = likelihood == "bernoulli" and noise_log_var is not None
    expect(
        not unused,
        "noise_log_var",
        "None with a Bernoulli likelihood, which has no noise",
        Shown(noise_log_var),
    )
    known = noise_log_var is None or (is_number(noise_log_var) and math.isfinite(noise_log_var))
    expect(known, "noise_log_var", "a finite number, or None to learn it", Shown(noise_log_var))


class Likelihood(nn.Module):
    r"""p(x | z) from the decoder's output, [..., D].

    $$\prod_d \mathrm{Ber}(x_d; \sigma(o_d)) \qquad\text{or}\qquad N(x; o, s^2 I)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `likelihood` | name | "bernoulli" or "gaussian" |
    | `noise_log_var` | number or None | log s^2; None learns one number for all pixels |
    | call | [..., D] -> Bernoulli or Gaussian | o is the logits, or the mean |

    Raises: ValueError for an unknown likelihood, or noise given to a Bernoulli.
    Source: N4 21.5.
    """

    def __init__(self, likelihood, noise_log_var=None):
        super().__init__()
        check_likelihood(likelihood, noise_log_var)
        self.kind = likelihood
        if likelihood == "gaussian":
            if noise_log_var is None:
                self.noise_log_var = nn.Parameter(torch.zeros(()))
            else:
                self.register_buffer("noise_log_var", torch.tensor(float(noise_log_var)))

    def check(self, x, size):
        """Refuse an x that is not [..., size], or not what this p(x | z) is about: pixels, if a Bernoulli."""
        check_count("size", size)
        check = check_pixels if self.kind == "bernoulli" else check_data
        check("x", x, size)

    def forward(self, output):
        check_event(output=output)
        if self.kind == "bernoulli":
            return Bernoulli(output)
        return Gaussian(output, self.noise_log_var.expand_as(output))
