"""The theorem about the linear-Gaussian model: evidence, posterior, bound and gap are integrals."""

import sympy
import torch

from hvae_lessons.formulas.divergences import kl_gaussian_full
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, normal_log_density
from hvae_lessons.symbolic import real


def _linear_gaussian(data_dim, latent_dim):
    """A symbolic model, one x, and the mean and log-variance of q."""
    model = LinearGaussian(real("w", data_dim, latent_dim), real("b", data_dim), log_variance("s"))
    return model, real("x", 1, data_dim), real("mu", 1, latent_dim), log_variance("sigma", 1, latent_dim)


@theorem(
    "elbo-gap",
    chapter="elbo",
    about=(LinearGaussian.log_px, LinearGaussian.posterior, LinearGaussian.elbo, LinearGaussian.gap),
    statement=r"\log p(x) = \mathrm{ELBO}(q) + \mathrm{KL}(q(z) \,\|\, p(z \mid x))",
    source="N4 draft 21.10-21.13, for p(x | z) = N(W z + b, s^2 I)",
    scope="two coordinates of x and one of z against the integrals; the sum also for one and two",
)
def elbo_gap(log_px, posterior, bound, gap):
    """Evidence, posterior and bound are their defining integrals; bound and gap add up to the evidence."""
    model, x, mean, log_var = _linear_gaussian(data_dim=2, latent_dim=1)
    z = sympy.Symbol("z", real=True)
    log_joint = normal_log_density(z, 0, 0) + sum(
        normal_log_density(x_d, w_d * z + b_d, model.noise_log_var.item())
        for x_d, w_d, b_d in zip(x.entries[0], model.weight.entries[:, 0], model.bias.entries, strict=True)
    )
    log_q = normal_log_density(z, mean.item(), log_var.item())
    evidence = sympy.expand_log(sympy.log(integral(log_joint, 1, z)))
    posterior_mean, scale_tril = posterior(model, x)
    log_posterior = normal_log_density(z, posterior_mean.item(), 2 * sympy.log(scale_tril.item()))
    wide, *wide_arguments = _linear_gaussian(data_dim=1, latent_dim=2)
    expected_bound = gaussian_mean(log_joint - log_q, {z: (mean.item(), log_var.item())})
    return [
        equal("log_px is the log of the integral of p(x, z) over z", log_px(model, x), [evidence]),
        equal("posterior is p(x, z) / p(x)", log_posterior, log_joint - evidence),
        equal("elbo is E_q[log p(x, z) - log q(z)]", bound(model, x, mean, log_var), [expected_bound]),
        equal(
            "elbo and gap add up to log_px",
            bound(model, x, mean, log_var) + gap(model, x, mean, log_var),
            log_px(model, x),
        ),
        equal(
            "and do so with two latent coordinates",
            bound(wide, *wide_arguments) + gap(wide, *wide_arguments),
            log_px(wide, wide_arguments[0]),
        ),
    ]


@elbo_gap.wrong("noise variance left out of p(x)")
def _(model, x):
    no_noise = model._replace(noise_log_var=torch.zeros_like(model.noise_log_var))
    return LinearGaussian.log_px(no_noise, x)


@elbo_gap.wrong("posterior without its prior", instead_of=LinearGaussian.posterior)
def _(model, x):
    covariance = torch.linalg.inv(model.weight.T @ model.weight / model.noise_log_var.exp())
    mean = (x - model.bias) @ model.weight @ covariance / model.noise_log_var.exp()
    return mean, torch.linalg.cholesky(covariance)


@elbo_gap.wrong("posterior's spread left out of the reconstruction", instead_of=LinearGaussian.elbo)
def _(model, x, mean, log_var):
    spread = log_var.exp() @ (model.weight**2).sum(0) / model.noise_log_var.exp()
    return LinearGaussian.elbo(model, x, mean, log_var) + 0.5 * spread


@elbo_gap.wrong("KL taken the other way around", instead_of=LinearGaussian.gap)
def _(model, x, mean, log_var):
    posterior_mean, scale_tril = model.posterior(x)
    return kl_gaussian_full(posterior_mean, scale_tril, mean, torch.diag_embed(torch.exp(0.5 * log_var)))
