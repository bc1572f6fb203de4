"""Theorems about the Gaussian divergences: each closed form is the integral that defines it."""

import sympy
import torch

from hvae_lessons.formulas.distributions import gaussian_full_log_prob
from hvae_lessons.formulas.divergences import (
    kl_gaussian,
    kl_gaussian_full,
    kl_gaussian_per_dimension,
    kl_gaussian_residual,
    kl_gaussian_residual_per_dimension,
    kl_standard_gaussian,
)
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.textbook import gaussian_kl_integral, gaussians, log_gaussian, parameters, scale_tril
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "divergences"


BATCH = [real("mu_q", 2, 2), real("v_q", 2, 2), real("mu_p", 2, 2), real("v_p", 2, 2)]


@theorem(
    "gaussian-kl",
    chapter=CHAPTER,
    about=(kl_gaussian_per_dimension, kl_gaussian),
    statement=r"\mathrm{KL}(q \,\|\, p) = \int q(z) \log\frac{q(z)}{p(z)}\,dz"
    r" \\ = \tfrac12 \sum_d \left[\log\frac{\sigma_{p,d}^2}{\sigma_{q,d}^2}"
    r" + \frac{\sigma_{q,d}^2 + (\mu_{q,d} - \mu_{p,d})^2}{\sigma_{p,d}^2} - 1\right]",
    source="N0, conditional-prior term; N4 21.58",
    scope="one coordinate (sympy.integrate); two coordinates (completing the square)",
)
def gaussian_kl(per_dimension, kl):
    """One coordinate integrated directly, two as a double integral; rows do not mix."""
    names = real("mu_q", 1), positive("sigma_q", 1), real("mu_p", 1), positive("sigma_p", 1)
    mu_q, sigma_q, mu_p, sigma_p = (tensor.item() for tensor in names)
    z = sympy.Symbol("z", real=True)
    log_q, log_p = log_gaussian(z, mu_q, sigma_q), log_gaussian(z, mu_p, sigma_p)
    integrand = sympy.exp(log_q) * sympy.expand(log_q - log_p)
    return [
        equal(
            "one coordinate: the code is the integral, as sympy integrates it",
            per_dimension(names[0], 2 * names[1].log(), names[2], 2 * names[3].log()),
            [sympy.integrate(integrand, (z, -sympy.oo, sympy.oo))],
        ),
        equal("two coordinates: the double integral", kl(*gaussians()), gaussian_kl_integral(*parameters())),
        equal("the sum of the coordinates", kl(*gaussians()), per_dimension(*gaussians()).sum(-1)),
        row_by_row(per_dimension, *BATCH),
        row_by_row(kl, *BATCH),
    ]


def log_sigma_trap(mean_q, log_var_q, mean_p, log_var_p):
    """The formula log(sigma_p / sigma_q) + ... with log sigma^2 where log sigma belongs."""
    log_ratio = log_var_p - log_var_q
    relative = torch.exp(-log_ratio) + (mean_q - mean_p) ** 2 * torch.exp(-log_var_p)
    return (log_ratio + 0.5 * relative - 0.5).sum(-1)


gaussian_kl.wrong("log sigma^2 in the formula for log sigma", instead_of=kl_gaussian)(log_sigma_trap)


@gaussian_kl.wrong("KL(p || q): the arguments swapped", instead_of=kl_gaussian)
def _(mean_q, log_var_q, mean_p, log_var_p):
    return kl_gaussian(mean_p, log_var_p, mean_q, log_var_q)


@gaussian_kl.wrong("mean over the coordinates", instead_of=kl_gaussian)
def _(mean_q, log_var_q, mean_p, log_var_p):
    return kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p).mean(-1)


@gaussian_kl.wrong("sum over the batch", instead_of=kl_gaussian)
def _(mean_q, log_var_q, mean_p, log_var_p):
    return kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p).sum(0)


@gaussian_kl.wrong("1/2 left out")
def _(mean_q, log_var_q, mean_p, log_var_p):
    return 2 * kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p)


@theorem(
    "standard-gaussian-kl",
    chapter=CHAPTER,
    about=(kl_standard_gaussian,),
    statement=r"\mathrm{KL}(q \,\|\, N(0, I)) = \int q(z) \log\frac{q(z)}{N(z; 0, I)}\,dz"
    r" \\ = \tfrac12 \sum_d \left[\sigma_d^2 + \mu_d^2 - 1 - \log\sigma_d^2\right]",
    source="N4 draft 21.21; N1 (3)",
    scope="two coordinates",
)
def standard_gaussian_kl(kl):
    """The double integral; the general formula at p = N(0, I); rows do not mix."""
    mu, sigma, zero, one = real("mu", 2), positive("sigma", 2), SymbolicTensor([0, 0]), SymbolicTensor([1, 1])
    general = kl_gaussian(mu, 2 * sigma.log(), zero, zero)
    return [
        equal(
            "the code is the integral", kl(mu, 2 * sigma.log()), gaussian_kl_integral(mu, sigma, zero, one)
        ),
        equal("it is kl_gaussian at mean 0, log-variance 0", kl(mu, 2 * sigma.log()), general),
        row_by_row(kl, real("mu", 2, 2), real("v", 2, 2)),
    ]


@standard_gaussian_kl.wrong("the 1/2 left out, as in N1 (3)")
def _(mean, log_var):
    return 2 * kl_standard_gaussian(mean, log_var)


@standard_gaussian_kl.wrong("the sign turned, as in N1 (3)")
def _(mean, log_var):
    return -kl_standard_gaussian(mean, log_var)


@standard_gaussian_kl.wrong("sigma for sigma^2")
def _(mean, log_var):
    return 0.5 * (torch.exp(0.5 * log_var) + mean**2 - 1 - log_var).sum(-1)


@standard_gaussian_kl.wrong("mean over the coordinates")
def _(mean, log_var):
    return kl_standard_gaussian(mean, log_var) / mean.shape[-1]


@theorem(
    "full-gaussian-kl",
    chapter=CHAPTER,
    about=(kl_gaussian_full,),
    statement=r"\mathrm{KL}(q \,\|\, p) = \int q(z) \log\frac{q(z)}{p(z)}\,dz"
    r" \\ = \tfrac12\left[\lVert L_p^{-1} L_q\rVert_F^2 + \lVert L_p^{-1}(\mu_p - \mu_q)\rVert^2 - Z\right]"
    r" + \log\frac{\det L_p}{\det L_q}",
    source="N4 draft 21.2.3 and 21.40-21.42",
    scope="two coordinates, the fewest with a covariance",
)
def full_gaussian_kl(kl):
    """The double integral over correlated coordinates; the diagonal case; rows do not mix."""
    mu_q, tril_q, mu_p, tril_p = real("mu_q", 2), scale_tril("L_q"), real("mu_p", 2), scale_tril("L_p")
    z = real("z", 2)
    log_q = gaussian_full_log_prob(z, mu_q, tril_q).item()
    log_p = gaussian_full_log_prob(z, mu_p, tril_p).item()
    _, sigma_q, _, sigma_p = parameters()
    diagonal = kl(mu_q, torch.diag_embed(sigma_q), mu_p, torch.diag_embed(sigma_p))
    pairs = torch.stack([tril_q, scale_tril("M_q")]), torch.stack([tril_p, scale_tril("M_p")])
    means = real("mu_q", 2, 2), real("mu_p", 2, 2)
    return [
        equal(
            "the code is the integral",
            kl(mu_q, tril_q, mu_p, tril_p),
            integral(log_q, log_q - log_p, *z.entries[::-1]),
        ),
        equal("with diagonal factors it is kl_gaussian", diagonal, kl_gaussian(*gaussians())),
        row_by_row(kl, means[0], pairs[0], means[1], pairs[1]),
    ]


@full_gaussian_kl.wrong("KL(p || q): the arguments swapped")
def _(mean_q, scale_tril_q, mean_p, scale_tril_p):
    return kl_gaussian_full(mean_p, scale_tril_p, mean_q, scale_tril_q)


@full_gaussian_kl.wrong("the log-determinants left out")
def _(mean_q, scale_tril_q, mean_p, scale_tril_p):
    ratio = torch.diagonal(scale_tril_q, dim1=-2, dim2=-1) / torch.diagonal(scale_tril_p, dim1=-2, dim2=-1)
    return kl_gaussian_full(mean_q, scale_tril_q, mean_p, scale_tril_p) + torch.log(ratio).sum(-1)


@full_gaussian_kl.wrong("the means' difference not whitened by L_p")
def _(mean_q, scale_tril_q, mean_p, scale_tril_p):
    same_mean = kl_gaussian_full(mean_p, scale_tril_q, mean_p, scale_tril_p)
    return same_mean + 0.5 * ((mean_p - mean_q) ** 2).sum(-1)


@theorem(
    "residual-kl",
    chapter=CHAPTER,
    about=(kl_gaussian_residual, kl_gaussian_residual_per_dimension),
    statement=r"q = N(\mu + \Delta\mu,\ \sigma^2\Delta\sigma^2),\ p = N(\mu, \sigma^2): \\"
    r" \mathrm{KL}(q \,\|\, p) = \tfrac12 \sum_d"
    r" \left[\frac{\Delta\mu_d^2}{\sigma_d^2} + \Delta\sigma_d^2 - \log\Delta\sigma_d^2 - 1\right]",
    source="N4 21.72-21.74",
    scope="two coordinates",
)
def residual_kl(kl, per_dimension):
    """The double integral, for any mean of the prior; the general formula composed; rows do not mix."""
    delta_mean, mu = real("delta", 2), real("mu", 2)
    delta_sigma, sigma = positive("r", 2), positive("sigma", 2)
    computed = kl(delta_mean, 2 * delta_sigma.log(), 2 * sigma.log())
    batch = real("delta", 2, 2), real("d", 2, 2), real("v", 2, 2)
    mean = real("mu", 2, 2)
    composed = kl_gaussian(mean + batch[0], batch[2] + batch[1], mean, batch[2])
    return [
        equal(
            "the code is the integral, whatever mu is",
            computed,
            gaussian_kl_integral(mu + delta_mean, sigma * delta_sigma, mu, sigma),
        ),
        equal("it is kl_gaussian of the absolute parameters", kl(*batch), composed),
        equal("the sum of the coordinates", kl(*batch), per_dimension(*batch).sum(-1)),
        equal(
            "each coordinate is that of the general formula",
            per_dimension(*batch),
            kl_gaussian_per_dimension(mean + batch[0], batch[2] + batch[1], mean, batch[2]),
        ),
        row_by_row(kl, *batch),
    ]


@residual_kl.wrong("the shift not divided by the prior's variance")
def _(delta_mean, delta_log_var, log_var_p):
    return 0.5 * (delta_mean**2 + torch.exp(delta_log_var) - delta_log_var - 1).sum(-1)


@residual_kl.wrong("the shift divided by the posterior's variance")
def _(delta_mean, delta_log_var, log_var_p):
    return kl_gaussian_residual(delta_mean, delta_log_var, log_var_p + delta_log_var)


@residual_kl.wrong("log Delta sigma for log Delta sigma^2")
def _(delta_mean, delta_log_var, log_var_p):
    return kl_gaussian_residual(delta_mean, delta_log_var, log_var_p) + 0.25 * delta_log_var.sum(-1)


@residual_kl.wrong("the change of the log-variance halved", instead_of=kl_gaussian_residual_per_dimension)
def _(delta_mean, delta_log_var, log_var_p):
    return kl_gaussian_residual_per_dimension(delta_mean, 0.5 * delta_log_var, log_var_p)


@theorem(
    "gaussian-kl-nonnegative",
    chapter=CHAPTER,
    about=(kl_gaussian,),
    statement=r"\mathrm{KL}(q \,\|\, p) \ge 0, \quad \text{with equality only at } q = p: \\"
    r" \mathrm{KL} = \tfrac12 \sum_d \left[u_d - 1 - \log u_d + t_d^2\right],"
    r" \\ u = \frac{\sigma_q^2}{\sigma_p^2},\ t = \frac{\mu_q - \mu_p}{\sigma_p}",
    source="N4 draft 21.13-21.14, where it is used; here for Gaussians, by calculus",
    scope="each coordinate; coordinates add by gaussian-kl",
)
def gaussian_kl_nonnegative(kl):
    """A square plus a function of the variances' ratio u with one minimum, where it is zero."""
    u, shift = sympy.Symbol("u", positive=True), sympy.Symbol("t", real=True)
    sigma, mu = positive("sigma_p", 1), real("mu_p", 1)

    def at(ratio, shift, code=kl):
        """KL at variance ratio u, the means t standard deviations of p apart."""
        log_var = 2 * sigma.log()
        return code(mu + shift * sigma, log_var + sympy.log(ratio), mu, log_var).item()

    ratio_part = sympy.expand(at(u, 0))
    square = sympy.expand(at(u, shift) - ratio_part)
    slope = sympy.diff(ratio_part, u)
    stationary = sympy.solveset(slope, u, sympy.Interval.open(0, sympy.oo))
    trap = sympy.expand(at(u, 0, log_sigma_trap))
    trap_at_2 = [trap.subs(u, 2), sympy.diff(trap, u).subs(u, 2)]
    return [
        equal("KL is a function of u and t alone", at(u, shift), (u - 1 - sympy.log(u) + shift**2) / 2),
        true("t adds a square, which is zero only at t = 0", sympy.Ge(square, 0)),
        equal("the rest is stationary at u = 1 only", stationary, sympy.FiniteSet(1)),
        true("it is convex for every u > 0", sympy.Gt(sympy.diff(slope, u), 0)),
        equal("so u = 1 is its minimum, and there it is zero", ratio_part.subs(u, 1), 0),
        equal("the trap: with log sigma^2 for log sigma, q = p also gives zero", trap.subs(u, 1), 0),
        equal(
            "but at u = 2 that one has its minimum, 1/2 - log 2, about -0.193",
            trap_at_2,
            [sympy.Rational(1, 2) - sympy.log(2), 0],
        ),
    ]


gaussian_kl_nonnegative.wrong("log sigma^2 in the formula for log sigma: zero at q = p, yet negative")(
    log_sigma_trap
)


@gaussian_kl_nonnegative.wrong("sign")
def _(mean_q, log_var_q, mean_p, log_var_p):
    return -kl_gaussian(mean_q, log_var_q, mean_p, log_var_p)


@gaussian_kl_nonnegative.wrong("the -1 left out: never zero")
def _(mean_q, log_var_q, mean_p, log_var_p):
    return kl_gaussian(mean_q, log_var_q, mean_p, log_var_p) + 0.5 * mean_q.shape[-1]
