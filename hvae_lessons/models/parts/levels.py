"""What models with several levels share: a Gaussian net, bottom-up bounds, all that the generator implies."""

import torch
from torch import nn

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_count,
    check_counts,
    check_flag,
    check_floating,
    check_length,
    check_size,
    check_type,
    expect,
)
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.nets import mlp
from hvae_lessons.trace import Gaussian, Layer, Trace, check_gaussian, leading_axes


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
        check_counts("sizes", sizes)
        expect(len(sizes) >= 2, "sizes", "input, hidden ..., output", sizes)
        check_flag("constant_variance", constant_variance)
        *inputs, size = sizes
        self.inputs = inputs[0]
        self.constant_variance = constant_variance
        outputs = size if constant_variance else 2 * size
        self.net = mlp((*inputs, outputs), activation, generator, batch_norm)
        if constant_variance:
            self.log_var = nn.Parameter(torch.zeros(size))

    def forward(self, inputs):
        check_size("inputs", inputs, self.inputs)
        check_type("inputs", inputs, self.net[0].weight)
        output = self.net(inputs)
        if self.constant_variance:
            return Gaussian(output, self.log_var.expand_as(output))
        return Gaussian(*output.chunk(2, -1))


def check_levels(name, values, sizes):
    """Refuse anything but one tensor for every level.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | what the caller calls them |
    | `values` | L of [.., Z_l] | what is checked |
    | `sizes` | L numbers | Z_1, ..., Z_L |

    Raises: ValueError, with the reason.
    Source: the configs' `latent_dims`.
    """
    expect(isinstance(name, str), "name", "a string", Shown(name))
    check_counts("sizes", sizes)
    expect(isinstance(values, tuple | list), name, f"{len(sizes)} tensors", type(values).__name__)
    check_length(name, values, len(sizes), "levels")
    for size, value in zip(sizes, values):
        check_size(name, value, size)


def markov_trace(log_px_given_z, z, q, p):
    r"""The Trace of bottom-up inference: closed form at the top level, log-ratios at the samples below.

    $$\log p(x \mid z_1) - \sum_{l<L} \log\frac{q(z_l \mid z_{l-1})}{p(z_l \mid z_{l+1})}
      - \mathrm{KL}(q(z_L \mid z_{L-1}) \,\|\, p(z_L)), \qquad z_0 = x$$

    z_l+1 was drawn given z_l. So below the top no level can be averaged over z_l with z_l+1 held fixed, which
    is what the closed form KL(q(z_l | z_l-1) || p(z_l | z_l+1)) would do.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_px_given_z` | [B] or [K, B] | log p(x given z_1) in nats |
    | `z`, `q`, `p` | L each | samples [.., Z_l] and the Gaussians that judge them, from the data upwards |
    | returns | Trace | whose ELBO is unbiased |

    Raises: ValueError if the three are not equally many.
    Source: N0 and N3, the ELBO; N4 21.62 (bottom-up inference).
    """
    check_floating("log_px_given_z", log_px_given_z)
    shape = tuple(log_px_given_z.shape)
    expect(0 not in shape, "log_px_given_z", "at least one example", f"shape {shape}")
    expect(isinstance(z, tuple | list), "z", "a tuple of tensors", Shown(z))
    expect(len(z) >= 1, "z", "one level or more", len(z))
    check_length("q", q, len(z), "levels")
    check_length("p", p, len(z), "levels")
    for part, *laws in zip(z, q, p):
        check_floating("z", part)
        for name, law in zip("qp", laws):
            check_gaussian(name, law)
    top = len(z) - 1
    return Trace(log_px_given_z, tuple(Layer(z[l], q[l], p[l], closed_form=l == top) for l in range(len(z))))


class Hierarchy(nn.Module):
    """A model with levels z_1, ..., z_L, whatever its wiring: what ancestral sampling makes possible.

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
        check_levels("z", z, self.config.latent_dims)
        expect(isinstance(levels, tuple | list | set | range), "levels", "a tuple of levels", Shown(levels))
        for level in levels:
            check_choice("levels", level, tuple(range(1, len(z) + 1)))
        fresh = self._draw(z[0].shape[:-1], generator)
        kept = self.noise_of(z)
        return self.generate(tuple(fresh[l] if l + 1 in levels else kept[l] for l in range(len(kept))))

    def sample(self, count, generator=None):
        """Means of p(x | z) for `count` ancestral draws: [count, D]."""
        check_count("count", count)
        return self.decode(self.generate(self._draw((count,), generator))).mean

    def noise_for(self, x, generator=None, samples=None):
        """The noise of one pass over x [B, D]: [B, Z_l] or, with K samples, [K, B, Z_l] for every level."""
        self.likelihood.check(x, self.config.data_dim)
        return self._draw(leading_axes(x, samples), generator)

    def _draw(self, batch, generator):
        like = next(self.parameters())
        return tuple(standard_noise((*batch, size), like, generator) for size in self.config.latent_dims)
