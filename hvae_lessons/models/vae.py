r"""The variational autoencoder with one stochastic layer.

    p(x, z) = p(z) p(x | z)      p(z) = N(0, I)           p(x | z) = Bernoulli or Gaussian, by the decoder
    q(z | x) = N(mu(x), diag sigma^2(x)), by the encoder

    x [B, D] -> encoder -> mean, log_var [B, Z] -> z [B, Z] or [K, B, Z] -> decoder -> p(x | z) [.., D]

With `posterior="point"` the same code is the deterministic autoencoder: z is the encoder's mean.
With `hidden=()` and a Gaussian likelihood it is the linear-Gaussian model, whose log p(x) is known exactly.

Source: N4 21.4-21.8; N2, "Vanilla VAE".
"""

from dataclasses import dataclass

from torch import nn

from hvae_lessons.checks import check_choice, check_count, check_counts, check_size, check_type, expect
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.models.parts.likelihood import Likelihood, check_likelihood
from hvae_lessons.nets import ACTIVATIONS, mlp
from hvae_lessons.trace import Gaussian, Layer, Point, Trace, leading_axes


@dataclass(frozen=True)
class VAEConfig:
    """Everything that fixes a VAE's architecture.

    | Field | Meaning |
    |---|---|
    | `data_dim`, `latent_dim` | D, Z |
    | `hidden` | widths of the encoder's hidden layers; the decoder mirrors them |
    | `likelihood` | "bernoulli" for binary x, "gaussian" for real x |
    | `posterior` | "gaussian", or "point" for the deterministic autoencoder |
    | `noise_log_var` | log-variance of the Gaussian likelihood; None learns one number for all pixels |
    | `activation` | "relu", "tanh" or "softplus" |

    Raises: ValueError for an impossible value, with the reason.
    """

    data_dim: int = 784
    latent_dim: int = 2
    hidden: tuple[int, ...] = (200, 200)
    likelihood: str = "bernoulli"
    posterior: str = "gaussian"
    noise_log_var: float | None = None
    activation: str = "relu"

    def __post_init__(self):
        check_count("data_dim", self.data_dim)
        check_count("latent_dim", self.latent_dim)
        check_counts("hidden", self.hidden)
        check_likelihood(self.likelihood, self.noise_log_var)
        check_choice("posterior", self.posterior, ("gaussian", "point"))
        check_choice("activation", self.activation, tuple(ACTIVATIONS))


class VAE(nn.Module):
    """Encoder, decoder and prior of one VAE. `model(x, generator=g)` returns a Trace."""

    def __init__(self, config, generator=None):
        super().__init__()
        expect(isinstance(config, VAEConfig), "config", "a VAEConfig", type(config).__name__)
        self.config = config
        widths = (config.data_dim, *config.hidden)
        self.encoder = mlp((*widths, 2 * config.latent_dim), config.activation, generator)
        self.decoder = mlp((config.latent_dim, *reversed(widths)), config.activation, generator)
        self.likelihood = Likelihood(config.likelihood, config.noise_log_var)

    def encode(self, x):
        """q(z | x): [..., D] -> Gaussian or Point with [..., Z]."""
        self.likelihood.check(x, self.config.data_dim)
        check_type("x", x, self.encoder[0].weight)
        mean, log_var = self.encoder(x).chunk(2, -1)
        return Point(mean) if self.config.posterior == "point" else Gaussian(mean, log_var)

    def decode(self, z):
        """p(x | z): [..., Z] -> Bernoulli or Gaussian with [..., D]."""
        check_size("z", z, self.config.latent_dim)
        check_type("z", z, self.decoder[0].weight)
        return self.likelihood(self.decoder(z))

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D]: z is [B, Z], or [K, B, Z] when K `samples` per example are asked for."""
        q_z = self.encode(x)
        shape = (*leading_axes(x, samples), self.config.latent_dim)
        z = q_z.sample(standard_noise(shape, q_z.mean, generator))  # [.., B, Z]
        p_z = Gaussian.standard_like(q_z)
        return Trace(self.decode(z).log_prob(x), (Layer(z, q_z, p_z),))

    def sample(self, count, generator=None):
        """Means of p(x | z) for `count` draws z of the prior: [count, D]."""
        check_count("count", count)
        weight = self.decoder[0].weight
        return self.decode(standard_noise((count, self.config.latent_dim), weight, generator)).mean
