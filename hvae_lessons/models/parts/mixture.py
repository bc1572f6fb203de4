r"""A Gaussian mixture over codes: the prior that knows clusters.

    p(y) = 1 / Y      p(z | y) = N(m_y, L_y L_y^T)      p(z) = sum_y p(y) p(z | y)

Shapes: z [..., Z], means [Y, Z], scale_tril [Y, Z, Z]; whatever is asked of all clusters ends in [..., Y].
Source: N0, p(z, y) = p(z | y) p(y), with a covariance that need not be diagonal.
"""

import math

import torch
from torch import nn

from hvae_lessons.checks import (
    check_choice,
    check_count,
    check_data,
    check_event,
    check_generator,
    check_labels,
    check_positive,
    expect,
)
from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_gaussian
from hvae_lessons.formulas.mixtures import mixture_kl
from hvae_lessons.formulas.reparameterizations import (
    gaussian_full_sample,
    gaussian_sample,
    masked_scale_tril,
    standard_noise,
)
from hvae_lessons.trace import check_gaussian


class GaussianMixture(nn.Module):
    """Y Gaussians over z with equal probabilities, diagonal or with full covariances.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `clusters`, `latent_dim` | whole numbers | Y, Z |
    | `covariance` | name | "diagonal" or "full" |
    | `spread` | number | standard deviation of the initial means; the covariances start at I |
    | `generator` | torch.Generator | source of the initial means |

    Raises: ValueError for settings that make no sense.
    Source: N0, p(y) and p(z | y).
    """

    def __init__(self, clusters, latent_dim, covariance="diagonal", spread=1.0, generator=None):
        super().__init__()
        check_count("clusters", clusters)
        check_count("latent_dim", latent_dim)
        check_choice("covariance", covariance, ("diagonal", "full"))
        check_positive("spread", spread)
        check_generator(generator)
        self.mean = nn.Parameter(spread * torch.randn(clusters, latent_dim, generator=generator))
        self.log_var = nn.Parameter(torch.zeros(clusters, latent_dim))
        if covariance == "full":
            self.lower = nn.Parameter(torch.zeros(clusters, latent_dim, latent_dim))
        self.full = covariance == "full"

    @property
    def scale_tril(self):
        """Cholesky factors of the covariances, [Y, Z, Z]."""
        if self.full:
            return masked_scale_tril(self.log_var, self.lower)
        return torch.diag_embed(torch.exp(0.5 * self.log_var))

    def log_prob(self, z):
        """log p(z | y) of every cluster in nats: [..., Z] -> [..., Y]."""
        self._check_code("z", z)
        z = z.unsqueeze(-2)  # beside every cluster
        if self.full:
            return gaussian_full_log_prob(z, self.mean, self.scale_tril)
        return gaussian_log_prob(z, self.mean, self.log_var)

    def log_prob_at(self, z, y):
        """log p(z | y) of one given cluster for each code: [..., Z], [...] -> [...]. Costs no factor Y."""
        self._check_code("z", z)
        self._check_labels(y, z)
        if self.full:
            return gaussian_full_log_prob(z, self.mean[y], self._scale_tril_at(y))
        return gaussian_log_prob(z, self.mean[y], self.log_var[y])

    def kl(self, q):
        """KL(q || p(z | y)) for every cluster in nats: Gaussian [..., Z] -> [..., Y]."""
        check_gaussian("q", q)
        self._check_code("q", q.mean)
        if self.full:
            return mixture_kl(*q, self.mean, self.scale_tril, self.log_var)
        return kl_gaussian(q.mean.unsqueeze(-2), q.log_var.unsqueeze(-2), self.mean, self.log_var)

    def kl_at(self, q, y):
        """KL(q || p(z | y)) for one given cluster each: Gaussian [..., Z], [...] -> [...]. No factor Y."""
        check_gaussian("q", q)
        self._check_code("q", q.mean)
        self._check_labels(y, q.mean)
        if self.full:
            own = self.mean[y], self._scale_tril_at(y), self.log_var[y]
            mean, scale_tril, log_var = (
                part.unsqueeze(y.ndim) for part in own
            )  # a mixture of one for each q
            return mixture_kl(*q, mean, scale_tril, log_var).squeeze(-1)
        return kl_gaussian(*q, self.mean[y], self.log_var[y])

    def marginal_log_prob(self, z):
        """log p(z) = log mean_y p(z | y) in nats: [..., Z] -> [...]."""
        return torch.logsumexp(self.log_prob(z), -1) - math.log(self.mean.shape[-2])

    def sample(self, y, generator=None):
        """One code from the cluster of each label: [...] -> [..., Z]."""
        check_labels("y", y, len(self.mean))
        check_generator(generator)
        noise = standard_noise((*y.shape, self.mean.shape[-1]), self.mean, generator)
        if self.full:
            return gaussian_full_sample(self.mean[y], self._scale_tril_at(y), noise)
        return gaussian_sample(self.mean[y], self.log_var[y], noise)

    @torch.no_grad()
    def start_from(self, mean, covariance):
        """Take over means [Y, Z] and covariances [Y, Z, Z], e.g. of a mixture fitted to codes.

        A diagonal mixture keeps the diagonal of each covariance.
        """
        check_data("mean", mean)
        check_data("covariance", covariance)
        clusters, size = self.mean.shape
        expect(tuple(mean.shape) == (clusters, size), "mean", f"({clusters}, {size})", tuple(mean.shape))
        shape = (clusters, size, size)
        expect(tuple(covariance.shape) == shape, "covariance", f"{shape}", tuple(covariance.shape))
        factor, failed = torch.linalg.cholesky_ex(covariance.double())
        least = torch.diagonal(covariance, dim1=-2, dim2=-1).min().item()
        expect(not failed.any(), "covariance", "positive definite matrices", f"least variance {least:g}")
        factor = factor.to(self.mean.dtype)
        self.mean.copy_(mean)
        if self.full:
            self.log_var.copy_(2 * torch.diagonal(factor, dim1=-2, dim2=-1).log())
            self.lower.copy_(factor.tril(-1))
        else:
            self.log_var.copy_(torch.diagonal(covariance, dim1=-2, dim2=-1).log())

    def _scale_tril_at(self, y):
        return masked_scale_tril(self.log_var[y], self.lower[y])

    def _check_code(self, name, z):
        check_event(**{name: z})
        size = self.mean.shape[-1]
        expect(z.shape[-1] == size, name, f"[..., {size}]", tuple(z.shape))

    def _check_labels(self, y, z):
        fits = isinstance(y, torch.Tensor) and tuple(y.shape) == tuple(z.shape[:-1])
        expect(fits, "y", f"one label for each of {tuple(z.shape[:-1])}", getattr(y, "shape", type(y)))
        check_labels("y", y, len(self.mean))
