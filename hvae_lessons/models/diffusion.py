r"""A diffusion model, seen as a Markovian hierarchy whose encoder is fixed.

    q(z_t | z_t-1) = N(sqrt(a_t) z_t-1, (1 - a_t) I)       z_0 = x, no parameters: it only adds noise
    p(x, z_1:T) = p(x | z_1) p(z_1 | z_2) ... p(z_T-1 | z_T) p(z_T)      p(z_T) = N(0, I)

Every z_t has the size of x. With c_t = a_1 ... a_t, the share of x's variance that is kept,

    q(z_t | x) = N(sqrt(c_t) x, (1 - c_t) I)

and q(z_t-1 | z_t, x) is Gaussian too. So z may be drawn from the top down, and every KL has a closed form.

Shapes: x [B, D], z_t [B, D] or [K, B, D], c [T]. Source: N3, its last sentence; Ho et al. (2020).
"""

import math
from dataclasses import dataclass

import torch
from torch import nn

from hvae_lessons.checks import (
    check_choice,
    check_count,
    check_counts,
    check_data,
    check_event,
    check_generator,
    check_type,
    expect,
)
from hvae_lessons.formulas.diffusion import diffusion_marginal, diffusion_posterior
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.nets import ACTIVATIONS, mlp
from hvae_lessons.trace import Gaussian, Layer, Trace, leading_axes


@dataclass(frozen=True)
class DiffusionConfig:
    """Everything that fixes a diffusion model.

    | Field | Meaning |
    |---|---|
    | `data_dim` | D; the data should have about unit variance |
    | `steps` | T, two or more |
    | `hidden` | widths of the denoiser's hidden layers |
    | `activation` | "relu", "tanh" or "softplus" |

    Raises: ValueError for an impossible value, with the reason.
    """

    data_dim: int = 2
    steps: int = 10
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"

    def __post_init__(self):
        check_count("data_dim", self.data_dim)
        check_count("steps", self.steps)
        expect(self.steps >= 2, "steps", "two or more", self.steps)
        check_counts("hidden", self.hidden)
        check_choice("activation", self.activation, tuple(ACTIVATIONS))


class Diffusion(nn.Module):
    """A hierarchy with T levels and no encoder to train. `model(x, generator=g)` returns a Trace.

    One network, the denoiser, serves all levels: from z_t and t it guesses x, with a log-variance. Put into
    `diffusion_posterior` in place of x, the guess gives the mean of p(z_t-1 | z_t); the variance is the
    posterior's times a factor of the network, since a guess is not the truth.
    """

    def __init__(self, config, generator=None):
        super().__init__()
        expect(isinstance(config, DiffusionConfig), "config", "a DiffusionConfig", type(config).__name__)
        self.config = config
        size, steps = config.data_dim, config.steps
        self.denoiser = mlp((size + steps, *config.hidden, 2 * size), config.activation, generator)

    @property
    def kept(self):
        """c_1, ..., c_T, [T], a quarter of a cosine: little is lost at first, nearly all in the end.

        In double precision, whatever the type of the weights: neighbors differ by 1e-6 if there are many.
        """
        steps, device = self.config.steps, next(self.parameters()).device
        angle = torch.arange(1, steps + 1, dtype=torch.float64, device=device) / (steps + 0.3) * math.pi / 2
        return torch.cos(angle) ** 2

    def encode(self, x, noise):
        """The chain upwards: x [B, D], noise [T, ..., B, D] -> z_1, ..., z_T, [T, ..., B, D]."""
        check_data("x", x, self.config.data_dim)
        check_event(noise=noise, x=x)
        expect(len(noise) == self.config.steps, "noise", f"[{self.config.steps}, ...]", tuple(noise.shape))
        z, below, before = [], x, torch.ones_like(self.kept[:1])
        for kept, fresh in zip(self.kept.split(1), noise):
            below = Gaussian(*diffusion_marginal(below, kept / before)).sample(fresh)
            z.append(below)
            before = kept
        return torch.stack(z)

    def denoise(self, z, first=1):
        """What the network makes of z_t: [S, ..., D] for t = first, first + 1, ... -> Gaussian [S, ..., D].

        Its mean is the guess of x. Its log-variance is that of p(x | z_1) at t = 1, and what is added to the
        posterior's log-variance above.
        """
        check_event(z=z)
        expect(z.shape[-1] == self.config.data_dim, "z", f"[..., {self.config.data_dim}]", tuple(z.shape))
        check_type("z", z, self.denoiser[0].weight)
        check_count("first", first)
        fits = first - 1 + len(z) <= self.config.steps
        expect(fits, "first", f"at most {self.config.steps} steps in all", f"{first} and {len(z)} of them")
        step = torch.eye(self.config.steps, dtype=z.dtype, device=z.device)[first - 1 : first - 1 + len(z)]
        step = step.reshape(len(z), *(1,) * (z.ndim - 2), self.config.steps).expand(*z.shape[:-1], -1)
        correction, log_var = self.denoiser(torch.cat([z, step], -1)).chunk(2, -1)
        kept = self.kept[first - 1 : first - 1 + len(z)].reshape(-1, *(1,) * (z.ndim - 1))
        # sqrt(c) z is the best linear guess for data of unit variance: the network corrects it.
        return Gaussian(kept.sqrt().to(z.dtype) * z + correction, log_var)

    @staticmethod
    def _step_down(guess, z, kept_below, kept):
        """p(z_t-1 | z_t), from the network's answer at z = z_t."""
        mean, log_var = diffusion_posterior(guess.mean, z, kept_below, kept)
        return Gaussian(mean, log_var + guess.log_var)

    def forward(self, x, generator=None, samples=None):
        """Trace of x [B, D] with T layers, z_1 first; K `samples` per example put a K in front."""
        check_data("x", x, self.config.data_dim)
        check_type("x", x, self.denoiser[0].weight)
        check_generator(generator)
        shape = (self.config.steps, *leading_axes(x, samples), self.config.data_dim)
        z = self.encode(x, standard_noise(shape, x, generator))
        guesses = [Gaussian(*pair) for pair in zip(*self.denoise(z))]
        kept, layers = self.kept.split(1), []
        for t in range(2, self.config.steps + 1):
            above = z[t - 1]  # z_t; the layer is that of z_t-1
            shares = kept[t - 2], kept[t - 1]
            q = Gaussian(*diffusion_posterior(x, above, *shares))
            layers.append(Layer(z[t - 2], q, self._step_down(guesses[t - 1], above, *shares)))
        q_top = Gaussian(*diffusion_marginal(x, kept[-1]))
        layers.append(Layer(z[-1], q_top, Gaussian.standard_like(q_top)))
        return Trace(guesses[0].log_prob(x), tuple(layers))

    def sample(self, count, generator=None):
        """Draws of x from the top down: [count, D]."""
        check_count("count", count)
        return self.trajectory(count, generator)[0]

    def trajectory(self, count, generator=None):
        """The whole way down: x, z_1, ..., z_T, [T + 1, count, D]."""
        check_count("count", count)
        check_generator(generator)
        steps, kept, weight = self.config.steps, self.kept.split(1), next(self.parameters())
        noise = standard_noise((steps + 1, count, self.config.data_dim), weight, generator)
        path = [noise[steps]]
        for t in range(steps, 0, -1):
            above = path[0]
            answer = self.denoise(above.unsqueeze(0), first=t)
            guess = Gaussian(answer.mean[0], answer.log_var[0])
            below = guess if t == 1 else self._step_down(guess, above, kept[t - 2], kept[t - 1])
            path.insert(0, below.sample(noise[t - 1]))
        return torch.stack(path)
