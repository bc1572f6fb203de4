"""What the hierarchies of the book share: a Gaussian net, and all that follows from the generator alone."""

import torch
from torch import nn

from hvae_lessons.checks import (
    check_choice,
    check_count,
    check_data,
    check_size,
    expect,
)
from hvae_lessons.nets import mlp
from hvae_lessons.trace import Gaussian, standard_noise


class GaussianNet(nn.Module):
    r"""A network with two outputs of one size: mean and log-variance of a Gaussian.

    $$(\mu, \log\sigma^2) = f(u), \qquad\text{or}\qquad \mu = f(u), \; \log\sigma^2 \text{ a parameter}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `sizes` | two numbers or more | input, hidden ..., Z |
    | `constant_variance` | bool | the log-variance is a parameter, the same for every input |
    | `activation`, `generator`, `batch_norm` | | as in `mlp` |
    | call | [..., sizes[0]] -> Gaussian | [..., Z] |

    Raises: ValueError for sizes below 1, an unknown activation, an input of another size.
    Source: N4 21.7.
    """

    def __init__(self, sizes, constant_variance=False, activation="relu", generator=None, batch_norm=False):
        super().__init__()
        expect(len(sizes) >= 2, "sizes", "input, hidden ..., output", sizes)
        *inputs, size = sizes
        check_count("sizes", size)
        self.inputs = inputs[0]
        self.constant_variance = constant_variance
        outputs = size if constant_variance else 2 * size
        self.net = mlp((*inputs, outputs), activation, generator, batch_norm)
        if constant_variance:
            self.log_var = nn.Parameter(torch.zeros(size))

    def forward(self, inputs):
        check_size("inputs", inputs, self.inputs)
        output = self.net(inputs)
        if self.constant_variance:
            return Gaussian(output, self.log_var.expand_as(output))
        return Gaussian(*output.chunk(2, -1))


class Hierarchy(nn.Module):
    """Base of the models with several levels: what ancestral sampling and its noise make possible.

    A subclass has a `config` with `latent_dims` and three functions of tuples with one entry per level,
    from the data upwards: `prior(z)` (p of every level given those above), `generate(noise)` (ancestral
    sampling, z_l = mean + sigma * noise) and `decode(z)` (p(x | z)).
    """

    def noise_of(self, z):
        """The noise from which `generate` makes these z, (z_l - mean) / sigma: its inverse."""
        return tuple((part - p.mean) * torch.exp(-0.5 * p.log_var) for part, p in zip(z, self.prior(z)))

    def resample(self, z, levels, generator=None):
        """Draw the noise of some levels (1 is next to x) anew, and keep that of the others.

        The values of every level that depends on a new one follow. With levels 1 ... l this is ancestral
        sampling of the levels up to l, given those above.
        """
        self._check_levels("z", z)
        for level in levels:
            check_choice("levels", level, tuple(range(1, len(z) + 1)))
        fresh = self._draw(z[0].shape[:-1], generator)
        kept = self.noise_of(z)
        return self.generate(tuple(fresh[l] if l + 1 in levels else kept[l] for l in range(len(kept))))

    def sample(self, count, generator=None):
        """Means of p(x | z) for `count` ancestral draws: [count, D]."""
        check_count("count", count)
        return self.decode(self.generate(self._draw((count,), generator))).mean

    def _noise_for(self, x, generator, samples):
        """The noise of one pass over x [B, D]: [B, Z_l] or, with K samples, [K, B, Z_l]."""
        check_data("x", x, self.config.data_dim)
        if samples is not None:
            check_count("samples", samples)
        return self._draw(x.shape[:-1] if samples is None else (samples, *x.shape[:-1]), generator)

    def _draw(self, batch, generator):
        like = next(self.parameters())
        return tuple(standard_noise((*batch, size), like, generator) for size in self.config.latent_dims)

    def _check_levels(self, name, values):
        sizes = self.config.latent_dims
        expect(isinstance(values, tuple | list), name, f"{len(sizes)} tensors", type(values).__name__)
        expect(len(values) == len(sizes), name, f"{len(sizes)} levels", len(values))
        for size, value in zip(sizes, values):
            check_size(name, value, size)
