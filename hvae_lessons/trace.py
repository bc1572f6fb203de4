"""What every model returns: the log-likelihood, and one term per stochastic layer.

A `Trace` holds all that any objective of the book needs, so that ELBO, beta-VAE, free bits and the
importance-weighted bound are functions of a Trace and know no model.

Shapes: [.., B] is one number per example. Up to two axes may stand before the batch: [M, K, B] is M models
side by side, K samples per example, B examples. M and K are there only if somebody asked for them, and
never mixed: what averages over the batch averages over B alone, the last axis.
"""

from typing import NamedTuple, Protocol

import torch

from hvae_lessons.checks import Shown, check_count, check_event, check_tensor, check_values, expect
from hvae_lessons.formulas.distributions import bernoulli_log_prob, gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_gaussian_per_dimension, kl_gaussian_residual_per_dimension
from hvae_lessons.formulas.reparameterizations import gaussian_sample


def check_gaussian(name, value):
    """Refuse anything but a diagonal Gaussian.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | what the caller calls it |
    | `value` | Gaussian | what is checked |

    Raises: ValueError, with the reason.
    Source: `Gaussian`.
    """
    expect(isinstance(value, Gaussian), name, "a Gaussian", type(value).__name__)
    of_tensors = isinstance(value.mean, torch.Tensor) and isinstance(value.log_var, torch.Tensor)
    expect(of_tensors, name, "a Gaussian of tensors", Shown(value))


def leading_axes(x, samples=None):
    """The axes before the coordinates in one pass over x: [B], or [K, B] with K samples per example.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [.., B, D] | data |
    | `samples` | whole number | K; None: one sample, and no axis for it |
    | returns | tuple | the shape of `log_px_given_z` |

    Raises: ValueError for an x without coordinates, a K below 1.
    Source: the convention of this module.
    """
    check_event(x=x)
    if samples is None:
        return tuple(x.shape[:-1])
    check_count("samples", samples)
    return (samples, *x.shape[:-1])


class Gaussian(NamedTuple):
    """Diagonal Gaussian: mean and log-variance, [..., Z] each."""

    mean: torch.Tensor
    log_var: torch.Tensor

    @classmethod
    def standard_like(cls, other):
        """N(0, I) in the shape of another Gaussian."""
        known = isinstance(other, Gaussian | Residual | Point)
        expect(known, "other", "a Gaussian, a Residual or a Point", type(other).__name__)
        check_tensor("mean of the other", other.mean)
        return cls(torch.zeros_like(other.mean), torch.zeros_like(other.mean))

    def sample(self, noise):
        """z = mean + sigma * noise, differentiable in both parameters."""
        return gaussian_sample(self.mean, self.log_var, noise)

    def log_prob(self, z):
        """log N(z; mean, sigma^2) in nats, summed over Z: [..., Z] -> [...]."""
        return gaussian_log_prob(z, self.mean, self.log_var)

    def log_prob_per_dimension(self, z):
        """log N(z_d; mean_d, sigma_d^2) of each coordinate in nats: [..., Z] -> [..., Z]."""
        check_event(z=z, mean=self.mean)
        return gaussian_log_prob(*(part.unsqueeze(-1) for part in (z, self.mean, self.log_var)))

    def kl_per_dimension(self, p):
        """KL(self || p) of each coordinate in nats, [..., Z]."""
        check_gaussian("p", p)
        return kl_gaussian_per_dimension(self.mean, self.log_var, p.mean, p.log_var)


class Residual(NamedTuple):
    r"""Diagonal Gaussian given relative to a prior: N(mu + Delta mu, sigma^2 Delta sigma^2), [..., Z] each.

    With both deltas zero it is the prior, whatever the prior is. Its KL to that prior needs neither mean:
    none is added and subtracted again, and rounding in a large mean does not reach the objective.
    """

    p: Gaussian  # mu, log sigma^2
    delta_mean: torch.Tensor  # Delta mu
    delta_log_var: torch.Tensor  # log Delta sigma^2

    @property
    def mean(self):
        """mu + Delta mu, [..., Z]."""
        return self.p.mean + self.delta_mean

    @property
    def log_var(self):
        """log sigma^2 + log Delta sigma^2, [..., Z]."""
        return self.p.log_var + self.delta_log_var

    @property
    def gaussian(self):
        """The same distribution by its own mean and log-variance."""
        return Gaussian(self.mean, self.log_var)

    def sample(self, noise):
        """z = mean + sigma * noise, differentiable in the prior and in both deltas."""
        return self.gaussian.sample(noise)

    def log_prob(self, z):
        """log N(z; mean, sigma^2) in nats, summed over Z: [..., Z] -> [...]."""
        return self.gaussian.log_prob(z)

    def log_prob_per_dimension(self, z):
        """log N(z_d; mean_d, sigma_d^2) of each coordinate in nats: [..., Z] -> [..., Z]."""
        return self.gaussian.log_prob_per_dimension(z)

    def kl_per_dimension(self, p):
        """KL(self || p) of each coordinate in nats, [..., Z]; to its own prior by the residual form."""
        if p is self.p:
            return kl_gaussian_residual_per_dimension(self.delta_mean, self.delta_log_var, p.log_var)
        return self.gaussian.kl_per_dimension(p)


class Point(NamedTuple):
    """All mass on one point: the posterior of a deterministic autoencoder.

    Its KL to any density is infinite, so a Trace that holds one has an ELBO of minus infinity:
    a deterministic autoencoder maximizes no bound, only the `reconstruction` term.
    """

    mean: torch.Tensor

    def sample(self, noise):
        """The point itself, repeated for every sample that `noise` asks for."""
        check_event(mean=self.mean, noise=noise)
        return self.mean.expand(torch.broadcast_shapes(self.mean.shape, noise.shape))

    def log_prob(self, z):
        """Density of a point mass at its point: plus infinity."""
        check_event(mean=self.mean, z=z)
        return torch.full_like(z[..., 0], torch.inf)

    def kl_per_dimension(self, p):
        """Plus infinity in every coordinate."""
        check_gaussian("p", p)
        check_event(mean=self.mean, p=p.mean)
        return torch.full_like(self.mean, torch.inf)


class Bernoulli(NamedTuple):
    """Independent binary variables given by their log-odds, [..., D]."""

    logits: torch.Tensor

    @property
    def mean(self):
        """P(x = 1), [..., D]: what a decoded image shows."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x):
        """log p(x) in nats, summed over D: [..., D] -> [...]."""
        return bernoulli_log_prob(x, self.logits)


class Term(Protocol):
    """What a stochastic layer offers to the objectives, whatever its distributions are.

    [.., B] is the shape of the Trace's `log_px_given_z`, to the letter: a value that all samples share is
    repeated for each.

    A cost that is no KL has no part in the bound: how far a VQ-VAE's encoder is from the code that it chose,
    the MMD of an InfoVAE. If it belongs to a layer, the term carries it under a name of its own, [.., B], and
    the objective that charges it asks for that name; `elbo` and `log_weight` do not see it.
    """

    @property
    def kl(self):
        """KL(q || p) in nats, or an estimate of it: what the ELBO is charged. [.., B]"""

    @property
    def kl_per_dimension(self):
        """The same for each coordinate, [.., B, Z]; None if it does not split into coordinates."""

    @property
    def log_ratio(self):
        """log p(z) - log q(z) at the sample in nats, [.., B]; None without densities, and so no weight."""

    @property
    def closed_form(self):
        """True if `kl` is a KL in closed form; False for a log-ratio at the sample, which may be negative."""


class Layer(NamedTuple):
    """The usual Term: a sample z of q, and the distributions q and p that it is judged by.

    Whether the KL between q and p may stand for the layer's term depends on the order of sampling. If p's
    parents were drawn before z, or p has none, averaging over z first gives the closed form. If they were
    drawn from z itself, as in bottom-up inference, no average over z alone is left to take: the term is then
    the log-ratio at the samples, one number per coordinate, which may be negative and is right on average.
    """

    z: torch.Tensor  # [.., B, Z]
    q: Gaussian | Residual | Point  # given x and the layers before it
    p: Gaussian  # given the layers above it
    closed_form: bool = True  # False: p depends on z through levels that were sampled from z

    @property
    def kl_per_dimension(self):
        """KL(q || p) of each coordinate in nats, or its one-sample estimate: [.., B, Z]."""
        if self.closed_form:
            # Where neither q nor p depends on the sample, all K samples share one KL.
            return self.q.kl_per_dimension(self.p).expand_as(self.z)
        return self.q.log_prob_per_dimension(self.z) - self.p.log_prob_per_dimension(self.z)

    @property
    def kl(self):
        """KL(q || p) in nats, or its one-sample estimate, summed over Z: [.., B]."""
        return self.kl_per_dimension.sum(-1)

    @property
    def log_ratio(self):
        """log p(z) - log q(z) at the sample in nats: its mean over q is -KL. [.., B]"""
        return self.p.log_prob(self.z) - self.q.log_prob(self.z)


class Trace(NamedTuple):
    """The result of model(x): one pass of inference and generation."""

    log_px_given_z: torch.Tensor  # [.., B], nats
    layers: tuple[Term, ...]  # in order from the data upwards: layers[0] is z_1

    @property
    def kls(self):
        """Every layer's KL in nats, from the data upwards: L of [.., B]."""
        return self._of_layers("kl")

    @property
    def kl(self):
        """Sum of the layers' KL in nats: [.., B]."""
        return sum(self.kls)

    @property
    def log_weight(self):
        """log p(x, z) - log q(z | x) in nats, the logarithm of an importance weight: [.., B]."""
        return self.log_px_given_z + sum(self._of_layers("log_ratio"))

    def _of_layers(self, name):
        """A value of every layer, in the shape of log p(x | z): another might broadcast and mix examples."""
        values = tuple(getattr(layer, name, None) for layer in self.layers)
        for number, value in enumerate(values, start=1):
            expect(value is not None, f"layer {number}", f"a term with a {name}", "a term without one")
            check_values(f"{name} of layer {number}", value, self.log_px_given_z.shape)
        return values
