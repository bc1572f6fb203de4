r"""The linear-Gaussian latent variable model: the oracle, because everything about it is known exactly.

    p(z) = N(0, I)      p(x | z) = N(W z + b, s^2 I)      (probabilistic PCA)

    p(x)     = N(b, W W^T + s^2 I)
    p(z | x) = N(M^-1 W^T (x - b), s^2 M^-1),             M = W^T W + s^2 I

Computed in double precision, whatever the type of the weights, and returned in the type of x. D x D matrices
are avoided: with little noise they are as good as singular.

Shapes: x [B, D], z [B, Z], W [D, Z], b [D]. Source: Tipping and Bishop (1999); N1's linear maps G_l.
"""

import math
import sys
from typing import NamedTuple

import torch

from hvae_lessons.checks import check_data, check_event, check_size, expect, has_values
from hvae_lessons.formulas.distributions import (
    gaussian_full_log_prob,
    gaussian_log_prob,
    standard_gaussian_log_prob,
)
from hvae_lessons.formulas.divergences import kl_gaussian_full, kl_standard_gaussian
from hvae_lessons.models.parts.levels import Hierarchy
from hvae_lessons.models.vae import VAE

# ||W||^2 / s^2 beyond which rounding in W^T W / s^2 reaches the I beside it.
LARGEST_SIGNAL = 1e12


class LinearGaussian(NamedTuple):
    """x = W z + b + s * noise, with exact marginal, posterior and bound."""

    weight: torch.Tensor  # [D, Z]
    bias: torch.Tensor  # [D]
    noise_log_var: torch.Tensor  # log s^2, a scalar

    @classmethod
    def from_vae(cls, model):
        """The same generator as a VAE without hidden layers and with a Gaussian likelihood."""
        expect(isinstance(model, VAE), "model", "a VAE", type(model).__name__)
        is_linear = not model.config.hidden and model.config.likelihood == "gaussian"
        expect(is_linear, "model", "a VAE with hidden=() and a Gaussian likelihood", model.config)
        affine = model.decoder[0]
        return cls(affine.weight.detach(), affine.bias.detach(), model.likelihood.noise_log_var.detach())

    @classmethod
    def from_hierarchy(cls, model):
        """The same p(x) as a linear hierarchy: the noise of all its levels, side by side, is one code.

        x is affine in that noise: the columns of the weight are what a unit of noise adds to the mean of x.
        """
        expect(isinstance(model, Hierarchy), "model", "an MHVAE or a TopDown", type(model).__name__)
        config = model.config
        is_linear = config.is_affine and config.likelihood == "gaussian"
        expect(is_linear, "model", "affine means, constant variances, a Gaussian likelihood", config)
        like, size = next(model.parameters()), sum(config.latent_dims)
        units = torch.cat([like.new_zeros(1, size), torch.eye(size, dtype=like.dtype, device=like.device)])
        with torch.no_grad():
            noise = tuple(units.split(config.latent_dims, -1))
            mean = model.decode(model.generate(noise)).mean  # [1 + all Z, D]
        noise_log_var = model.likelihood.noise_log_var.detach()
        return cls((mean[1:] - mean[0]).T, mean[0], noise_log_var)

    def log_px(self, x):
        """Exact log p(x) in nats, as log p(x, z) - log p(z | x) at the posterior mean: [B, D] -> [B]."""
        check_data("x", x, self.weight.shape[0])
        model, precise = self._in_double(), x.to(torch.float64)
        mean, scale_tril = model._posterior(precise)
        log_joint = model._log_likelihood(precise, mean) + standard_gaussian_log_prob(mean)
        log_posterior = gaussian_full_log_prob(mean, mean, scale_tril)
        return (log_joint - log_posterior).to(x.dtype)

    def posterior(self, x):
        """Exact p(z | x): mean [B, Z] and scale_tril [Z, Z], which is the same for every x."""
        check_data("x", x, self.weight.shape[0])
        mean, scale_tril = self._in_double()._posterior(x.to(torch.float64))
        return mean.to(x.dtype), scale_tril.to(x.dtype)

    def best_diagonal(self, x):
        """The diagonal q of greatest ELBO, [B, Z] each: posterior mean, 1 / diagonal of its precision."""
        mean, _ = self.posterior(x)
        return mean, -self._in_double()._signal().log1p().to(x.dtype).expand_as(mean)

    def elbo(self, x, mean, log_var):
        r"""Exact ELBO of q(z) = N(mean, diag sigma^2): [B, D], [B, Z], [B, Z] -> [B], in nats.

        $$E_q \log p(x | z) = \log N(x; W\mu + b, s^2 I)
          - \frac{1}{2 s^2}\sum_j \sigma_j^2 \lVert W_{:j} \rVert^2$$
        """
        self._check_code(x, mean, log_var)
        model, (precise, *q) = self._in_double(), (part.to(torch.float64) for part in (x, mean, log_var))
        spread = q[1].exp() @ model._signal()
        reconstruction = model._log_likelihood(precise, q[0]) - 0.5 * spread
        return (reconstruction - kl_standard_gaussian(*q)).to(x.dtype)

    def gap(self, x, mean, log_var):
        """Exact KL(q || p(z | x)), the distance between bound and log p(x): [B], in nats."""
        self._check_code(x, mean, log_var)
        precise, *q = (part.to(torch.float64) for part in (x, mean, log_var))
        scale_tril_q = torch.diag_embed((0.5 * q[1]).exp())
        return kl_gaussian_full(q[0], scale_tril_q, *self._in_double()._posterior(precise)).to(x.dtype)

    def _in_double(self):
        """The same model in double precision, if that is enough for it."""
        model = LinearGaussian(*(part.to(torch.float64) for part in self))
        if has_values(model.noise_log_var):
            total = (model.weight**2).sum().item()
            least = math.log(max(total / LARGEST_SIGNAL, sys.float_info.min))
            got = model.noise_log_var.item()
            expected = f"a finite number, {least:.1f} or more with this weight in double precision"
            expect(least <= got < -math.log(sys.float_info.min), "noise_log_var", expected, got)
        return model

    def _posterior(self, x):
        """Mean and Cholesky factor: the inverse of the factor of the precision, coordinates reversed."""
        noise_var = self.noise_log_var.exp()
        identity = torch.eye(self.weight.shape[1], dtype=self.weight.dtype, device=self.weight.device)
        precision = self.weight.T @ self.weight / noise_var + identity
        factor = torch.linalg.cholesky(precision.flip(0, 1))
        scale_tril = torch.linalg.solve_triangular(factor.mT, identity, upper=True).flip(0, 1)
        return (x - self.bias) @ self.weight @ scale_tril @ scale_tril.T / noise_var, scale_tril

    def _log_likelihood(self, x, z):
        """log p(x | z), [B]."""
        return gaussian_log_prob(x, z @ self.weight.T + self.bias, self.noise_log_var.expand_as(x))

    def _signal(self):
        """The diagonal of W^T W / s^2: what x adds to the precision of each latent coordinate, [Z]."""
        return (self.weight**2).sum(0) / self.noise_log_var.exp()

    def _check_code(self, x, mean, log_var):
        check_data("x", x, self.weight.shape[0])
        check_event(mean=mean, log_var=log_var)
        check_size("mean", mean, self.weight.shape[1])
