"""Theorems about the linear-Gaussian model: its terms are integrals; and it cannot know its axes."""

import sympy
import torch

from hvae_lessons.formulas.distributions import standard_gaussian_log_prob
from hvae_lessons.formulas.divergences import kl_gaussian_full
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, real


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


@theorem(
    "rotated-prior",
    chapter="beta_vae",
    about=(LinearGaussian.log_px, standard_gaussian_log_prob, LinearGaussian.elbo),
    statement=r"R^\top R = I: \quad N(R z; 0, I) = N(z; 0, I), \quad"
    r" p(x \mid z) \to p(x \mid R^\top z) \text{ leaves } p(x) = \int p(z)\, p(x \mid z)\, dz"
    r" \text{ as it is}",
    source="Locatello et al. (2019), cited in N4 21.3.1.1",
    scope="every rotation of two latent coordinates but by 180 degrees; log p(x) for linear decoders",
)
def rotated_prior(log_px, log_prior, bound):
    """The prior's density and the likelihood do not change; the best bound with a diagonal q does."""
    rotation = _rotation(sympy.Symbol("t", real=True))
    z, weight, x = real("z", 2), real("W", 2, 2), real("x", 1, 1)
    turned_back = weight @ rotation.T
    model = LinearGaussian(SymbolicTensor([[2, 1]]), SymbolicTensor([0]), SymbolicTensor(0))
    rotated = model._replace(weight=model.weight @ _rotation(sympy.Rational(1, 2)).T)

    # Two directions of the data with a coordinate each, noise 1; then the same model at 45 degrees.
    aligned = LinearGaussian(SymbolicTensor([[2, 0], [0, 1]]), SymbolicTensor([0, 0]), SymbolicTensor(0))
    half, point = sympy.sqrt(2) / 2, real("x", 1, 2)
    turned = aligned._replace(weight=aligned.weight @ SymbolicTensor([[half, half], [-half, half]]))

    def gap(model):
        return log_px(model, point) - bound(model, point, *model.best_diagonal(point))

    return [
        equal("the prior's density is the same everywhere", log_prior(rotation @ z), log_prior(z)),
        equal("and volumes stay: lengths and angles do", rotation @ rotation.T, [[1, 0], [0, 1]]),
        equal("the covariance that z gives to x stays", turned_back @ turned_back.T, weight @ weight.T),
        equal("so log p(x) is the same with the decoder turned back", log_px(rotated, x), log_px(model, x)),
        equal("a diagonal q is exact if every coordinate has its direction", gap(aligned), [0]),
        equal(
            "and loses nats at 45 degrees: the bound knows the axes, the likelihood does not",
            gap(turned),
            [sympy.log(sympy.Rational(7, 2) ** 2 / (5 * 2)) / 2],
        ),
    ]


def _rotation(t):
    """By twice the angle whose tangent is t."""
    cosine, sine = (1 - t**2) / (1 + t**2), 2 * t / (1 + t**2)
    return SymbolicTensor([[cosine, -sine], [sine, cosine]])


@rotated_prior.wrong("only the first coordinate of z reaches x")
def _(model, x):
    return LinearGaussian.log_px(model._replace(weight=model.weight[:, :1]), x)


@rotated_prior.wrong("independent coordinates that are not Gaussian", instead_of=standard_gaussian_log_prob)
def _(z):
    return -(z**4).sum(-1)


@rotated_prior.wrong("a Gaussian of unequal variances", instead_of=standard_gaussian_log_prob)
def _(z):
    return standard_gaussian_log_prob(z) - z[..., 0] ** 2


@rotated_prior.wrong("the spread of q left out of the reconstruction", instead_of=LinearGaussian.elbo)
def _(model, x, mean, log_var):
    spread = log_var.exp() @ (model.weight**2).sum(0) / model.noise_log_var.exp()
    return LinearGaussian.elbo(model, x, mean, log_var) + 0.5 * spread
