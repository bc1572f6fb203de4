r"""A model with one latent coordinate, small enough that its integrals are sums over a grid.

    p(z) = N(0, 1)      p(x | z) = N(f(z), s^2 I)      f: any function of a number

However nonlinear f is, log p(x), the posterior and every divergence are known to the precision of the
arithmetic: the trapezoid rule errs by about exp(-2 (pi sigma / h)^2) for a bump of width sigma and a grid of
spacing h, which at sigma = 2 h is 1e-34. So this is the oracle for posteriors that are no Gaussians.

Shapes: x [B, D], z [G], densities on the grid [B, G]. Source: N4 21.3, the integral, in one dimension.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from hvae_lessons.checks import check_count, check_data, check_event, expect
from hvae_lessons.formulas.distributions import gaussian_log_prob, standard_gaussian_log_prob

GRID = torch.linspace(-8, 8, 401, dtype=torch.float64)


class GridModel(NamedTuple):
    """x = f(z) + s * noise with a latent number z, integrated on an even grid.

    | Field | Shape | Meaning |
    |---|---|---|
    | `decode` | callable | f: [G, 1] -> [G, D], the mean of p(x given z) |
    | `noise_log_var` | scalar | log s^2 |
    | `z` | [G] | evenly spaced, wide enough to hold the prior, finer than half the narrowest density |

    An approximation q is given by its log-density on the grid, `log_q` [B, G]: a Gaussian from `gaussian`, or
    any other density.
    """

    decode: Callable
    noise_log_var: float
    z: torch.Tensor = GRID

    def log_likelihood(self, x):
        """log p(x | z) in nats at every z of the grid: [B, D] -> [B, G]."""
        check_data("x", x)
        mean = self.decode(self.z.unsqueeze(-1))  # [G, D]
        expect(x.shape[-1] == mean.shape[-1], "x", f"[B, {mean.shape[-1]}]", tuple(x.shape))
        return gaussian_log_prob(x.unsqueeze(-2), mean, torch.full_like(mean, self.noise_log_var))

    def log_joint(self, x):
        """log p(x, z) in nats: [B, D] -> [B, G]."""
        return self.log_likelihood(x) + standard_gaussian_log_prob(self.z.unsqueeze(-1))

    def log_px(self, x):
        r"""$\log \int p(x, z)\,dz$ in nats: [B, D] -> [B]."""
        return torch.logsumexp(self.log_joint(x), -1) + self._log_step

    def log_posterior(self, x):
        """log p(z | x) = log p(x, z) - log p(x) in nats: [B, D] -> [B, G]."""
        return self.log_joint(x) - self.log_px(x).unsqueeze(-1)

    def posterior_moments(self, x):
        """Mean and log-variance of p(z | x), [B, 1] each: the Gaussian of least forward KL has the same."""
        posterior = self.log_posterior(x).exp()
        mean = self._integrate(posterior * self.z).unsqueeze(-1)
        variance = self._integrate(posterior * (self.z - mean) ** 2).unsqueeze(-1)
        return mean, variance.log()

    def gaussian(self, mean, log_var):
        """log N(z; mean, sigma^2) on the grid: [B, 1], [B, 1] -> [B, G]."""
        check_event(mean=mean, log_var=log_var)
        expect(mean.shape[-1] == 1, "mean", "[B, 1], one latent coordinate", tuple(mean.shape))
        return gaussian_log_prob(self.z.unsqueeze(-1), mean.unsqueeze(-2), log_var.unsqueeze(-2))

    def elbo(self, x, log_q):
        r"""$\int q \log \frac{p(x, z)}{q}\,dz \le \log p(x)$ in nats: [B, D], [B, G] -> [B]."""
        check_event(z=self.z, log_q=log_q)
        log_joint = self.log_joint(x)
        check_event(log_joint=log_joint, log_q=log_q)
        return self._expectation(log_q, log_joint - log_q)

    def reverse_kl(self, x, log_q):
        r"""$\mathrm{KL}(q \,\|\, p(z \mid x))$ in nats, the gap of the ELBO: [B, D], [B, G] -> [B]."""
        check_event(z=self.z, log_q=log_q)
        log_posterior = self.log_posterior(x)
        check_event(log_posterior=log_posterior, log_q=log_q)
        return self._expectation(log_q, log_q - log_posterior)

    def forward_kl(self, x, log_q):
        r"""$\mathrm{KL}(p(z \mid x) \,\|\, q)$ in nats: [B, D], [B, G] -> [B]."""
        check_event(z=self.z, log_q=log_q)
        log_posterior = self.log_posterior(x)
        check_event(log_posterior=log_posterior, log_q=log_q)
        return self._expectation(log_posterior, log_posterior - log_q)

    def best_gaussian(self, x, steps=200):
        r"""The Gaussian of greatest ELBO, example by example: mean and log_var, [B, 1] each.

        | Symbol | Shape | Meaning |
        |---|---|---|
        | `x` | [B, D] | data |
        | `steps` | whole number | iterations of L-BFGS, at most, from each start |
        | returns | two [B, 1] | q's mean and log-variance |

        Under a posterior with several peaks the ELBO has several maxima. So the search starts twice, narrow
        at the highest peak and with the posterior's own moments, and keeps the better end for each example.

        Raises: ValueError for x or steps that make no sense.
        Source: N4 draft 21.15, maximized over q for each x (no encoder).
        """
        check_count("steps", steps)
        mean, log_var = self.posterior_moments(x)
        peak = self.z[self.log_joint(x).argmax(-1)].unsqueeze(-1)
        ends = [
            self._climb(x, mean, log_var, steps),
            self._climb(x, peak, torch.full_like(peak, -4.0), steps),
        ]
        values = torch.stack([self.elbo(x, self.gaussian(*end)) for end in ends])  # [2, B]
        first = (values[0] >= values[1]).unsqueeze(-1)
        return tuple(torch.where(first, a, b) for a, b in zip(*ends, strict=True))

    def _climb(self, x, mean, log_var, steps):
        """Maximize the ELBO over Gaussians from one start."""
        mean, log_var = (start.detach().clone().requires_grad_() for start in (mean, log_var))
        search = torch.optim.LBFGS(
            [mean, log_var], max_iter=steps, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
        )

        def loss():
            search.zero_grad()
            value = -self.elbo(x, self.gaussian(mean, log_var)).sum()
            value.backward(inputs=[mean, log_var])  # none for the parameters of `decode`
            return value

        search.step(loss)
        return mean.detach(), log_var.detach()

    @property
    def _log_step(self):
        return (self.z[1] - self.z[0]).log()

    def _integrate(self, values):
        return values.sum(-1) * self._log_step.exp()

    def _expectation(self, log_density, values):
        return self._integrate(log_density.exp() * values)
