r"""The Markovian hierarchical VAE: any number of levels, any widths, two ways to wire them.

`MHVAE`, the chain: every level is the noisy output of the one above; inference climbs the same chain.

    p(x, z_1:L) = p(x | z_1) p(z_1 | z_2) ... p(z_L-1 | z_L) p(z_L)         p(z_L) = N(0, I)
    q(z_1:L | x) = q(z_1 | x) q(z_2 | z_1) ... q(z_L | z_L-1)

`NoiseMHVAE`: independent z_l enter a deterministic path h; inference reads features of x, level by level.

    z_l ~ N(0, I)     h_L = G_L z_L     h_l = decoder_l+1(h_l+1) + G_l z_l     p(x | h_1)
    q(z_1:L | x) = q(z_1 | F_1(x)) ... q(z_L | F_L(x))                         F_l = block_l(F_l-1)

As generators the two are one family: h is a chain with transitions N(decoder(h_l+1), G_l G_l^T). The bounds
differ, because the posteriors do.

    x [B, D]     z_l [.., B, Z_l]     levels are listed from the data upwards: z[0] is z_1

With `hidden=((), ...)`, `constant_variance=True` and a Gaussian likelihood everything is linear-Gaussian, and
`LinearGaussian.from_hierarchy(model)` knows log p(x). Source: N0, N2, N3 and N4 21.60 (chain); N1 (noise).
"""

from dataclasses import dataclass

import torch
from torch import nn

from hvae_lessons.checks import Shown, check_choice, check_count, check_counts, check_flag, check_type, expect
from hvae_lessons.formulas.noise_chains import noise_states
from hvae_lessons.models.parts.levels import GaussianNet, Hierarchy, check_levels, markov_trace
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.nets import ACTIVATIONS, hidden_layers, mlp
from hvae_lessons.trace import Gaussian, Layer, Trace


@dataclass(frozen=True)
class MHVAEConfig:
    """Everything that fixes the architecture of an MHVAE, in either wiring.

    | Field | Meaning |
    |---|---|
    | `data_dim` | D |
    | `latent_dims` | Z_1, ..., Z_L, from the data upwards; their number is the number of levels |
    | `hidden` | for each level the widths of its encoder's hidden layers; its decoder mirrors them |
    | `likelihood`, `noise_log_var` | as in VAEConfig |
    | `activation` | "relu", "tanh" or "softplus" |
    | `batch_norm` | normalize the hidden layers |
    | `constant_variance` | variances are parameters, not functions of what lies below or above |

    Raises: ValueError for an impossible value, with the reason.
    """

    data_dim: int = 784
    latent_dims: tuple[int, ...] = (32, 16)
    hidden: tuple[tuple[int, ...], ...] = ((200, 200), (100, 100))
    likelihood: str = "bernoulli"
    noise_log_var: float | None = None
    activation: str = "relu"
    batch_norm: bool = False
    constant_variance: bool = False

    def __post_init__(self):
        check_count("data_dim", self.data_dim)
        check_counts("latent_dims", self.latent_dims)
        levels, hidden = len(self.latent_dims), self.hidden
        expect(levels >= 1, "latent_dims", "one level or more", self.latent_dims)
        fits = isinstance(hidden, tuple | list) and len(hidden) == levels
        expect(fits, "hidden", f"widths for each of {levels} levels", Shown(hidden))
        for widths in hidden:
            expect(isinstance(widths, tuple), "hidden", "a tuple of widths for each level", Shown(widths))
            check_counts("hidden", widths)
        check_likelihood(self.likelihood, self.noise_log_var)
        check_choice("activation", self.activation, tuple(ACTIVATIONS))
        check_flag("batch_norm", self.batch_norm)
        check_flag("constant_variance", self.constant_variance)

    @property
    def is_affine(self):
        """Whether the means are affine and the variances constant."""
        return not any(self.hidden) and self.constant_variance


class MHVAE(Hierarchy):
    """The chain: a level is the noisy output of the one above. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__()
        expect(isinstance(config, MHVAEConfig), "config", "an MHVAEConfig", type(config).__name__)
        self.config = config
        sizes = (config.data_dim, *config.latent_dims)  # z_0 is x
        settings = (config.activation, generator, config.batch_norm)
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        for l, widths in enumerate(config.hidden, start=1):
            encoder = (sizes[l - 1], *widths, sizes[l])
            self.encoders.append(GaussianNet(encoder, config.constant_variance, *settings))
            if l == 1:  # the variance of x, if it has one, is the likelihood's
                self.decoders.append(mlp(encoder[::-1], *settings))
            else:
                self.decoders.append(GaussianNet(encoder[::-1], config.constant_variance, *settings))
        self.likelihood = Likelihood(config.likelihood, config.noise_log_var)

    def infer(self, x, noise):
        """One sample and q per level, from the data upwards: x [B, D], L of [.., Z_l] -> z, q."""
        self.likelihood.check(x, self.config.data_dim)
        check_type("x", x, self.encoders[0].net[0].weight)
        check_levels("noise", noise, self.config.latent_dims)
        below, z, q = x, [], []
        for encoder, part in zip(self.encoders, noise):
            q.append(encoder(below))
            below = q[-1].sample(part)
            z.append(below)
        return tuple(z), tuple(q)

    def prior(self, z):
        """p of every level given the one above it: L of [.., Z_l] -> L Gaussians."""
        check_levels("z", z, self.config.latent_dims)
        top = Gaussian(torch.zeros_like(z[-1]), torch.zeros_like(z[-1]))
        return (*(decoder(above) for decoder, above in zip(self.decoders[1:], z[1:])), top)

    def decode(self, z):
        """p(x | z_1): L of [.., Z_l] -> Bernoulli or Gaussian with [.., D]. The other levels have no say."""
        check_levels("z", z, self.config.latent_dims)
        return self.likelihood(self.decoders[0](z[0]))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z_l is [B, Z_l], or [K, B, Z_l] when K `samples` per example are asked for."""
        z, q = self.infer(x, self.noise_for(x, generator, samples))
        return markov_trace(self.decode(z).log_prob(x), z, q, self.prior(z))

    def generate(self, noise):
        """Ancestral sampling from given noise, top down: L of [.., Z_l] -> z, L of [.., Z_l]."""
        check_levels("noise", noise, self.config.latent_dims)
        z = [noise[-1]]
        for decoder, below in zip(reversed(self.decoders[1:]), reversed(noise[:-1])):
            z.append(decoder(z[-1]).sample(below))
        return tuple(reversed(z))


class NoiseMHVAE(Hierarchy):
    """The noise wiring: independent z_l, one deterministic path. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__()
        expect(isinstance(config, MHVAEConfig), "config", "an MHVAEConfig", type(config).__name__)
        self.config = config
        sizes = (config.data_dim, *config.latent_dims)  # z_0 is x
        settings = (config.activation, generator, config.batch_norm)
        self.encoders, self.decoders, self.features = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.gains = nn.ParameterList(torch.eye(size) for size in config.latent_dims)
        inputs = config.data_dim
        for l, widths in enumerate(config.hidden, start=1):
            self.features.append(hidden_layers((inputs, *widths), *settings))
            inputs = widths[-1] if widths else inputs
            self.encoders.append(GaussianNet((inputs, sizes[l]), config.constant_variance, *settings))
            self.decoders.append(mlp((sizes[l], *reversed(widths), sizes[l - 1]), *settings))
        self.likelihood = Likelihood(config.likelihood, config.noise_log_var)

    def infer(self, x, noise):
        """One sample and q per level, independent given x: x [B, D], L of [.., Z_l] -> z, q."""
        self.likelihood.check(x, self.config.data_dim)
        check_levels("noise", noise, self.config.latent_dims)
        check_type("x", x, self.gains[0])
        features, z, q = x, [], []
        for block, encoder, part in zip(self.features, self.encoders, noise):
            features = block(features)
            q.append(encoder(features))
            z.append(q[-1].sample(part))
        return tuple(z), tuple(q)

    def prior(self, z):
        """p of every level, N(0, I): L of [.., Z_l] -> L Gaussians."""
        check_levels("z", z, self.config.latent_dims)
        return tuple(Gaussian(torch.zeros_like(part), torch.zeros_like(part)) for part in z)

    def decode(self, z):
        """p(x | h_1), at the end of the path: L of [.., Z_l] -> Bernoulli or Gaussian with [.., D]."""
        check_levels("z", z, self.config.latent_dims)
        return self.likelihood(self.decoders[0](noise_states(self.decoders[1:], self.gains, z)[0]))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z_l is [B, Z_l], or [K, B, Z_l] when K `samples` per example are asked for."""
        z, q = self.infer(x, self.noise_for(x, generator, samples))
        return Trace(self.decode(z).log_prob(x), tuple(map(Layer, z, q, self.prior(z))))

    def generate(self, noise):
        """z is the noise: L of [.., Z_l] -> z, L of [.., Z_l]."""
        check_levels("noise", noise, self.config.latent_dims)
        return tuple(noise)
