r"""The linear-Gaussian latent variable model: the oracle, because everything about it is known exactly.

    p(z) = N(0, I)      p(x | z) = N(W z + b, s^2 I)      (probabilistic PCA)

    p(x)     = N(b, W W^T + s^2 I)
    p(z | x) = N(M^-1 W^T (x - b), s^2 M^-1),             M = W^T W + s^2 I

Shapes: x [B, D], z [B, Z], W [D, Z], b [D]. Source: Tipping and Bishop (1999); N1's linear maps G_l.
"""

from typing import NamedTuple

import torch

from hvae_lessons.checks import check_data, check_event, check_size, expect
from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_gaussian_full, kl_standard_gaussian
from hvae_lessons.models.parts.levels import Hierarchy
from hvae_lessons.models.vae import VAE


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
        """Exact log p(x) in nats: [B, D] -> [B]."""
        check_data("x", x, self.weight.shape[0])
        covariance = self.weight @ self.weight.T + self.noise_log_var.exp() * self._identity(0)
        return gaussian_full_log_prob(x, self.bias, torch.linalg.cholesky(covariance))

    def posterior(self, x):
        """Exact p(z | x): mean [B, Z] and scale_tril [Z, Z], which is the same for every x."""
        check_data("x", x, self.weight.shape[0])
        noise_var = self.noise_log_var.exp()
        precision = self.weight.T @ self.weight / noise_var + self._identity(1)
        covariance = torch.linalg.inv(precision)
        mean = (x - self.bias) @ self.weight @ covariance / noise_var
        return mean, torch.linalg.cholesky(covariance)

    def best_diagonal(self, x):
        """The diagonal q of greatest ELBO, [B, Z] each: posterior mean, 1 / diagonal of its precision."""
        mean, scale_tril = self.posterior(x)
        precision = torch.cholesky_inverse(scale_tril)
        return mean, -torch.diagonal(precision).log().expand_as(mean)

    def elbo(self, x, mean, log_var):
        r"""Exact ELBO of q(z) = N(mean, diag sigma^2): [B, D], [B, Z], [B, Z] -> [B], in nats.

        $$E_q \log p(x | z) = \log N(x; W\mu + b, s^2 I)
          - \frac{1}{2 s^2}\sum_j \sigma_j^2 \lVert W_{:j} \rVert^2$$
        """
        self._check_code(x, mean, log_var)
        reconstruction = gaussian_log_prob(
            x, mean @ self.weight.T + self.bias, self.noise_log_var.expand_as(x)
        )
        spread = log_var.exp() @ (self.weight**2).sum(0) / self.noise_log_var.exp()
        return reconstruction - 0.5 * spread - kl_standard_gaussian(mean, log_var)

    def gap(self, x, mean, log_var):
        """Exact KL(q || p(z | x)), the distance between bound and log p(x): [B], in nats."""
        self._check_code(x, mean, log_var)
        posterior_mean, scale_tril = self.posterior(x)
        return kl_gaussian_full(mean, torch.diag_embed((0.5 * log_var).exp()), posterior_mean, scale_tril)

    def _identity(self, axis):
        return torch.eye(self.weight.shape[axis], dtype=self.weight.dtype, device=self.weight.device)

    def _check_code(self, x, mean, log_var):
        check_data("x", x, self.weight.shape[0])
        check_event(mean=mean, log_var=log_var)
        check_size("mean", mean, self.weight.shape[1])
