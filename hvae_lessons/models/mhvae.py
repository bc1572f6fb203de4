r"""The Markovian hierarchical VAE: any number of levels, any widths, two ways to wire them.

wiring="chain": every level is the noisy output of the one above; inference climbs the same chain.

    p(x, z_1:L) = p(x | z_1) p(z_1 | z_2) ... p(z_L-1 | z_L) p(z_L)         p(z_L) = N(0, I)
    q(z_1:L | x) = q(z_1 | x) q(z_2 | z_1) ... q(z_L | z_L-1)

wiring="noise": independent z_l enter a deterministic path h; inference reads features of x, level by level.

    z_l ~ N(0, I)     h_L = G_L z_L     h_l = decoder_l+1(h_l+1) + G_l z_l     p(x | h_1)
    q(z_1:L | x) = q(z_1 | F_1(x)) ... q(z_L | F_L(x))                         F_l = block_l(F_l-1)

As generators the two are one family: h is a chain with transitions N(decoder(h_l+1), G_l G_l^T). The bounds
differ, because the posteriors do.

    x [B, D]     z_l [B, Z_l] or [K, B, Z_l]     levels are listed from the data upwards: z[0] is z_1

With `hidden=((), ...)`, `constant_variance=True` and a Gaussian likelihood everything is linear-Gaussian, and
`LinearGaussian.from_hierarchy(model)` knows log p(x). Source: N0, N2, N3 and N4 21.60 (chain); N1 (noise).
"""

from dataclasses import dataclass

import torch
from torch import nn

from hvae_lessons.checks import check_choice, check_count, check_data, check_tensor, expect
from hvae_lessons.formulas.noise_chains import noise_states
from hvae_lessons.models.parts.levels import GaussianNet, Hierarchy
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.nets import ACTIVATIONS, hidden_layers, mlp
from hvae_lessons.trace import Gaussian, Layer, Trace


@dataclass(frozen=True)
class MHVAEConfig:
    """Everything that fixes the architecture of a hierarchy.

    | Field | Meaning |
    |---|---|
    | `data_dim` | D |
    | `latent_dims` | Z_1, ..., Z_L, from the data upwards; their number is the number of levels |
    | `hidden` | for each level the widths of its encoder's hidden layers; its decoder mirrors them |
    | `likelihood`, `noise_log_var` | as in VAEConfig |
    | `activation` | "relu", "tanh" or "softplus" |
    | `batch_norm` | normalize the hidden layers |
    | `wiring` | "chain" or "noise" |
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
    wiring: str = "chain"
    constant_variance: bool = False

    def __post_init__(self):
        check_count("data_dim", self.data_dim)
        expect(len(self.latent_dims) >= 1, "latent_dims", "one level or more", self.latent_dims)
        for size in self.latent_dims:
            check_count("latent_dims", size)
        levels = len(self.latent_dims)
        expect(len(self.hidden) == levels, "hidden", f"widths for each of {levels} levels", repr(self.hidden))
        for widths in self.hidden:
            expect(isinstance(widths, tuple), "hidden", "a tuple of widths for each level", repr(widths))
            for width in widths:
                check_count("hidden", width)
        check_likelihood(self.likelihood, self.noise_log_var)
        check_choice("activation", self.activation, tuple(ACTIVATIONS))
        check_choice("wiring", self.wiring, ("chain", "noise"))

    @property
    def is_affine(self):
        """Whether the means are affine and the variances constant."""
        return not any(self.hidden) and self.constant_variance


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
    check_tensor("log_px_given_z", log_px_given_z)
    shape = tuple(log_px_given_z.shape)
    expect(0 not in shape, "log_px_given_z", "at least one example", f"shape {shape}")
    expect(len(z) >= 1, "z", "one level or more", len(z))
    expect(len(q) == len(z), "q", f"{len(z)} levels", len(q))
    expect(len(p) == len(z), "p", f"{len(z)} levels", len(p))
    top = len(z) - 1
    return Trace(log_px_given_z, tuple(Layer(z[l], q[l], p[l], closed_form=l == top) for l in range(len(z))))


class MHVAE(Hierarchy):
    """Generator and inference network of a hierarchy. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__()
        expect(isinstance(config, MHVAEConfig), "config", "an MHVAEConfig", type(config).__name__)
        self.config = config
        settings = (config.activation, generator, config.batch_norm)
        sizes = (config.data_dim, *config.latent_dims)  # z_0 is x
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        if config.wiring == "noise":
            self.features = nn.ModuleList()
            self.gains = nn.ParameterList(torch.eye(size) for size in config.latent_dims)
        inputs = config.data_dim
        for l, widths in enumerate(config.hidden, start=1):
            if config.wiring == "noise":
                self.features.append(hidden_layers((inputs, *widths), *settings))
                inputs = widths[-1] if widths else inputs
                encoder = (inputs, sizes[l])
            else:
                encoder = (sizes[l - 1], *widths, sizes[l])
            self.encoders.append(GaussianNet(encoder, config.constant_variance, *settings))
            decoder = (sizes[l], *reversed(widths), sizes[l - 1])
            if l == 1 or config.wiring == "noise":
                self.decoders.append(mlp(decoder, *settings))
            else:
                self.decoders.append(GaussianNet(decoder, config.constant_variance, *settings))
        self.likelihood = Likelihood(config.likelihood, config.noise_log_var)

    def infer(self, x, noise):
        """q and one sample per level, from the data upwards: x [B, D], L of [.., Z_l] -> z, q."""
        check_data("x", x, self.config.data_dim)
        self._check_levels("noise", noise)
        inputs, z, q = x, [], []
        for l, encoder in enumerate(self.encoders):
            if self.config.wiring == "noise":
                inputs = self.features[l](inputs)
            q.append(encoder(inputs))
            z.append(q[-1].sample(noise[l]))
            if self.config.wiring == "chain":
                inputs = z[-1]
        return tuple(z), tuple(q)

    def prior(self, z):
        """p of every level given the levels above it: L of [.., Z_l] -> L Gaussians."""
        self._check_levels("z", z)
        if self.config.wiring == "noise":
            return tuple(Gaussian(torch.zeros_like(part), torch.zeros_like(part)) for part in z)
        top = Gaussian(torch.zeros_like(z[-1]), torch.zeros_like(z[-1]))
        return (*(decoder(above) for decoder, above in zip(self.decoders[1:], z[1:])), top)

    def decode(self, z):
        """p(x | z): L of [.., Z_l] -> Bernoulli or Gaussian with [.., D]. A chain looks at z_1 alone."""
        self._check_levels("z", z)
        if self.config.wiring == "noise":
            z = noise_states(self.decoders[1:], self.gains, z)
        return self.likelihood(self.decoders[0](z[0]))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z_l is [B, Z_l], or [K, B, Z_l] when K `samples` per example are asked for."""
        z, q = self.infer(x, self._noise_for(x, generator, samples))
        log_px_given_z = self.decode(z).log_prob(x)
        if self.config.wiring == "noise":
            return Trace(log_px_given_z, tuple(map(Layer, z, q, self.prior(z))))
        return markov_trace(log_px_given_z, z, q, self.prior(z))

    def generate(self, noise):
        """Ancestral sampling from given noise, top down: L of [.., Z_l] -> z, L of [.., Z_l]."""
        self._check_levels("noise", noise)
        if self.config.wiring == "noise":
            return tuple(noise)
        z = [noise[-1]]
        for decoder, below in zip(reversed(self.decoders[1:]), reversed(noise[:-1])):
            z.append(decoder(z[-1]).sample(below))
        return tuple(reversed(z))
