"""Theorems about what every KL has in common: it adds over independent coordinates, and is never negative."""

import sympy
import torch

from hvae_lessons.formulas.discrete_divergences import kl_categorical
from hvae_lessons.formulas.divergences import kl_gaussian, kl_gaussian_full, kl_gaussian_per_dimension
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.textbook import gaussians, parameters
from hvae_lessons.symbolic import positive, real
from hvae_lessons.theorems.divergences import log_sigma_trap

CHAPTER = "divergences"


@theorem(
    "kl-additivity",
    chapter=CHAPTER,
    about=(kl_gaussian, kl_gaussian_full, kl_categorical),
    statement=r"q(z) = \prod_d q_d(z_d),\ p(z) = \prod_d p_d(z_d): \\"
    r" \mathrm{KL}(q \,\|\, p) = \sum_d \mathrm{KL}(q_d \,\|\, p_d)",
    source="N2, KL of independent coordinates; used in N4 21.58",
    scope="any two densities with finite KL, two coordinates; the code: Gaussians, a table of 2 x 3 classes",
)
def kl_additivity(kl, kl_full, kl_discrete):
    """For any densities by Fubini's theorem; then for the code, on joint distributions of all coordinates."""
    mu_q, sigma_q, mu_p, sigma_p = parameters()
    joint = kl_full(mu_q, torch.diag_embed(sigma_q), mu_p, torch.diag_embed(sigma_p))
    parts = [kl(*(tensor[d : d + 1] for tensor in gaussians())) for d in range(2)]
    a, b, c, d = real("a", 2), real("b", 2), real("c", 3), real("d", 3)
    table_q, table_p = ((x.unsqueeze(-1) + y).reshape(6) for x, y in ((a, c), (b, d)))
    return [
        any_densities_add(),
        equal("Gaussians: the joint KL is the sum of two one-dimensional ones", joint, parts[0] + parts[1]),
        equal("and so is the diagonal formula", kl(*gaussians()), parts[0] + parts[1]),
        equal(
            "discrete: the KL of the 2 x 3 joint table is the sum of its margins'",
            kl_discrete(table_q, table_p),
            kl_discrete(a, b) + kl_discrete(c, d),
        ),
    ]


def any_densities_add():
    """N2's proof: every term of the integrand is a product of functions of one coordinate each."""
    z = sympy.symbols("z_1 z_2", real=True)
    q = [sympy.Function("q_1")(z[0]), sympy.Function("q_2")(z[1])]
    log_ratio = [sympy.Function("l_1")(z[0]), sympy.Function("l_2")(z[1])]
    separated = 0
    for term in sympy.expand(q[0] * q[1] * sum(log_ratio)).args:
        factors = [[factor for factor in term.args if factor.has(coordinate)] for coordinate in z]
        separated += sympy.prod(map(over_the_line, map(sympy.prod, factors), z))
    normalized = separated.subs({over_the_line(q[d], z[d]): 1 for d in range(2)})
    kl_of_each = [over_the_line(q[d] * log_ratio[d], z[d]) for d in range(2)]
    return equal("for any densities with integral 1: Fubini's theorem", normalized, sum(kl_of_each))


def over_the_line(function, z):
    """The integral, left as it is."""
    return sympy.Integral(function, (z, -sympy.oo, sympy.oo))


@kl_additivity.wrong("mean over the coordinates")
def _(mean_q, log_var_q, mean_p, log_var_p):
    return kl_gaussian_per_dimension(mean_q, log_var_q, mean_p, log_var_p).mean(-1)


@kl_additivity.wrong("the joint's log-determinants left out", instead_of=kl_gaussian_full)
def _(mean_q, scale_tril_q, mean_p, scale_tril_p):
    ratio = torch.diagonal(scale_tril_q, dim1=-2, dim2=-1) / torch.diagonal(scale_tril_p, dim1=-2, dim2=-1)
    return kl_gaussian_full(mean_q, scale_tril_q, mean_p, scale_tril_p) + torch.log(ratio).sum(-1)


@kl_additivity.wrong("mean over the classes", instead_of=kl_categorical)
def _(logits_q, logits_p):
    return kl_categorical(logits_q, logits_p) / logits_q.shape[-1]


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
