r"""Three families q(z), from stiff to supple, each a differentiable map from noise to a sample and its log q.

    diagonal   z = mu + sigma * noise            independent coordinates
    full       z = mu + L noise                  correlated coordinates: any Gaussian
    flow       inverse autoregressive steps      bent densities

    noise [..., Z] -> z [..., Z], log q(z) [...]

log q(z) comes out with the sample, by log q(z) = log p(noise) - log |det dz/dnoise|: a flow
can tell the density of the points that it made, but not cheaply that of any other point.

Here the parameters belong to one q, for one x. In a VAE the encoder would put them out.
Source: N4 draft 21.34-21.45 and 21.2.5.3; Kingma et al. (2016) for the flow.
"""

import torch
from torch import nn

from hvae_lessons.checks import check_count, check_size
from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.formulas.reparameterizations import (
    gaussian_full_sample,
    gaussian_sample,
    iaf_step,
    masked_scale_tril,
)
from hvae_lessons.nets import AutoregressiveLinear


class DiagonalGaussian(nn.Module):
    """q(z) = N(mean, diag sigma^2), starting at N(0, I)."""

    def __init__(self, size):
        super().__init__()
        check_count("size", size)
        self.mean = nn.Parameter(torch.zeros(size))
        self.log_var = nn.Parameter(torch.zeros(size))

    def forward(self, noise):
        """noise [..., Z] -> z [..., Z], log q(z) [...]."""
        check_size("noise", noise, len(self.mean))
        z = gaussian_sample(self.mean, self.log_var, noise)
        return z, gaussian_log_prob(z, self.mean, self.log_var)


class FullGaussian(nn.Module):
    """q(z) = N(mean, L L^T) with L = masked lower + diag sigma, starting at N(0, I)."""

    def __init__(self, size):
        super().__init__()
        check_count("size", size)
        self.mean = nn.Parameter(torch.zeros(size))
        self.log_var = nn.Parameter(torch.zeros(size))
        self.lower = nn.Parameter(torch.zeros(size, size))

    @property
    def scale_tril(self):
        """L, [Z, Z]: lower triangular with a positive diagonal, whatever the parameters are."""
        return masked_scale_tril(self.log_var, self.lower)

    def forward(self, noise):
        """noise [..., Z] -> z [..., Z], log q(z) [...]."""
        check_size("noise", noise, len(self.mean))
        z = gaussian_full_sample(self.mean, self.scale_tril, noise)
        return z, gaussian_full_log_prob(z, self.mean, self.scale_tril)


class AutoregressiveFlow(nn.Module):
    """A diagonal Gaussian followed by inverse autoregressive steps, with the coordinates reversed in between.

    Coordinate 1 of a step passes almost unchanged (its shift and gate are constants); reversing the order
    gives every coordinate its turn to depend on the others.
    """

    def __init__(self, size, steps, generator=None):
        super().__init__()
        check_count("steps", steps)
        self.base = DiagonalGaussian(size)
        self.shifts = nn.ModuleList(AutoregressiveLinear(size, generator) for _ in range(steps))
        self.gates = nn.ModuleList(AutoregressiveLinear(size, generator) for _ in range(steps))

    def forward(self, noise):
        """noise [..., Z] -> z [..., Z], log q(z) [...]."""
        z, log_q = self.base(noise)
        for shift, gate in zip(self.shifts, self.gates, strict=True):
            # The 2 keeps a fresh step close to the identity: sigmoid(2) = 0.88 of z passes.
            z, log_det = iaf_step(z, shift(z), gate(z) + 2)
            z, log_q = z.flip(-1), log_q - log_det  # a reversal has |det| = 1
        return z, log_q
