"""The theorem about a fixed encoder: the bound of a diffusion model has three terms."""

import itertools

import sympy
import torch

from hvae_lessons.formulas.diffusion import diffusion_marginal, diffusion_posterior
from hvae_lessons.objectives import elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, noise_mean, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, real
from hvae_lessons.trace import Gaussian, Layer, Trace


@theorem(
    "three-term-elbo",
    chapter="mhvae",
    about=(diffusion_marginal, diffusion_posterior, elbo),
    statement=r"E_{q(z_1 \mid x)\, q(z_2 \mid z_1)}\!\left["
    r"\log\frac{p(x \mid z_1)\, p(z_1 \mid z_2)\, p(z_2)}{q(z_1 \mid x)\, q(z_2 \mid z_1)}\right]"
    r" = E_{q(z_1 \mid x)}[\log p(x \mid z_1)] - \mathrm{KL}(q(z_2 \mid x) \,\|\, p(z_2))"
    r" - E_{q(z_2 \mid x)}[\mathrm{KL}(q(z_1 \mid z_2, x) \,\|\, p(z_1 \mid z_2))]",
    source="N3, its last sentence; Ho et al. (2020), (5)",
    scope="T = 2, one dimension, linear Gaussian p; the bounds for a_1 = 16/25, a_2 = 9/25",
)
def three_term_elbo(diffusion_marginal, diffusion_posterior, elbo):
    """The two factorizations of q are one density, for any noise levels; so the two bounds are one."""
    x, noise = real("x", 1, 1), real("epsilon", 1, 2)
    first, second = sympy.symbols("z_1 z_2", real=True)

    def climb(step):
        """Mean and log-variance of z_1 given x, and of z_2 given z_1: the definition of the fixed encoder."""
        means = (sympy.sqrt(step[0]) * x.item(), sympy.sqrt(step[1]) * first)
        return [(mean, sympy.log(1 - part)) for mean, part in zip(means, step)]

    # sqrt(a_t) = 1 / (1 + u_t) reaches every share between 0 and 1.
    step = [1 / (1 + part) ** 2 for part in sympy.symbols("u_1 u_2", positive=True)]
    kept = SymbolicTensor([step[0]]), SymbolicTensor([step[0] * step[1]])
    z_1, z_2 = SymbolicTensor([[first]]), SymbolicTensor([[second]])
    downwards = Gaussian(*diffusion_marginal(x, kept[1])).log_prob(z_2).item()
    downwards += Gaussian(*diffusion_posterior(x, z_2, *kept)).log_prob(z_1).item()
    upwards = sum(normal_log_density(z, *law) for z, law in zip((first, second), climb(step)))

    w, a, log_var_x, log_var_p = (
        real("w", 1, 1),
        real("a", 1, 1),
        log_variance("s_x", 1, 1),
        log_variance("s", 1, 1),
    )
    step = [sympy.Rational(16, 25), sympy.Rational(9, 25)]
    kept = SymbolicTensor([step[0]]), SymbolicTensor([step[0] * step[1]])
    q_2 = Gaussian(*diffusion_marginal(x, kept[1]))
    z_2 = q_2.sample(noise[:, 1:])
    q_1 = Gaussian(*diffusion_posterior(x, z_2, *kept))
    z_1 = q_1.sample(noise[:, :1])
    layers = (Layer(z_1, q_1, Gaussian(z_2 @ a, log_var_p)), Layer(z_2, q_2, Gaussian.standard_like(q_2)))
    trace = Trace(Gaussian(z_1 @ w, log_var_x).log_prob(x), layers)
    log_p = (
        normal_log_density(x.item(), w.item() * first, log_var_x.item())
        + normal_log_density(first, a.item() * second, log_var_p.item())
        + normal_log_density(second, 0, 0)
    )
    q = climb(step)
    log_q = normal_log_density(first, *q[0]) + normal_log_density(second, *q[1])
    bound = gaussian_mean(gaussian_mean(log_p - log_q, {second: q[1]}), {first: q[0]})
    return [
        equal(
            "q(z_2 | x) q(z_1 | z_2, x) = q(z_1 | x) q(z_2 | z_1), power by power of the variables",
            *(_quadratic(side, (x.item(), first, second)) for side in (downwards, upwards)),
        ),
        equal(
            "the package's three terms are the bound of the chain",
            noise_mean(elbo(trace).item(), noise),
            bound,
        ),
    ]


def _quadratic(expression, variables):
    """The coefficients of a quadratic, from its derivatives at zero: decided sooner than the whole."""
    origin = dict.fromkeys(variables, 0)
    pairs = itertools.combinations_with_replacement(variables, 2)
    terms = [expression, *(expression.diff(v) for v in variables), *(expression.diff(u, v) for u, v in pairs)]
    return [term.subs(origin) for term in terms]


@three_term_elbo.wrong("the step back forgets x", instead_of=diffusion_posterior)
def _(x, z, kept_below, kept):
    return diffusion_posterior(torch.zeros_like(x), z, kept_below, kept)


@three_term_elbo.wrong("the variance of one step up, not of one step back", instead_of=diffusion_posterior)
def _(x, z, kept_below, kept):
    mean, _ = diffusion_posterior(x, z, kept_below, kept)
    return mean, (1 - kept / kept_below).log().expand_as(mean)


@three_term_elbo.wrong("the mean scaled by c instead of its root")
def _(x, kept):
    return kept * x, (1 - kept).log().expand_as(x)
