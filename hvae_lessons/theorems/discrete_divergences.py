"""Theorems about divergences of discrete distributions; and every KL adds over independent coordinates."""

import math

import sympy
import torch

from hvae_lessons.formulas.discrete_divergences import (
    kl_categorical,
    kl_categorical_uniform,
    kl_probabilities,
)
from hvae_lessons.formulas.divergences import kl_gaussian, kl_gaussian_full, kl_gaussian_per_dimension
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.textbook import (
    categorical_kl_sum,
    gaussians,
    parameters,
    probability_rows,
    softmax,
)
from hvae_lessons.symbolic import SymbolicTensor, real

CHAPTER = "divergences"


@theorem(
    "categorical-kl",
    chapter=CHAPTER,
    about=(kl_categorical,),
    statement=r"\mathrm{KL}(q \,\|\, p) = \sum_k q_k \log\frac{q_k}{p_k},"
    r" \qquad q = \operatorname{softmax}(a),\ p = \operatorname{softmax}(b)",
    source="N0, KL[q(y | z) || p(y)]",
    scope="three classes",
)
def categorical_kl(kl):
    """The sum over three classes; rows do not mix."""
    a, b = real("a", 3), real("b", 3)
    return [
        equal("the code is the sum", kl(a, b), categorical_kl_sum(softmax(a), softmax(b))),
        equal("a constant added to all logits changes nothing", kl(a + real("c"), b), kl(a, b)),
        row_by_row(kl, real("a", 2, 3), real("b", 2, 3)),
    ]


@categorical_kl.wrong("KL(p || q): the arguments swapped")
def _(logits_q, logits_p):
    return kl_categorical(logits_p, logits_q)


@categorical_kl.wrong("logits read as log-probabilities")
def _(logits_q, logits_p):
    return (torch.exp(logits_q) * (logits_q - logits_p)).sum(-1)


@categorical_kl.wrong("mean over the classes")
def _(logits_q, logits_p):
    return kl_categorical(logits_q, logits_p) / logits_q.shape[-1]


@theorem(
    "uniform-kl",
    chapter=CHAPTER,
    about=(kl_categorical_uniform,),
    statement=r"\mathrm{KL}(q \,\|\, U) = \sum_k q_k \log\frac{q_k}{1 / Y} = \log Y - H(q)",
    source="N0, KL[q(y | z) || p(y)]",
    scope="three classes",
)
def uniform_kl(kl):
    """The sum over three classes; the general formula at equal logits; rows do not mix."""
    a = real("a", 3)
    third = [sympy.Rational(1, 3)] * 3
    return [
        equal("the code is the sum", kl(a), categorical_kl_sum(softmax(a), third)),
        equal("it is kl_categorical with equal logits", kl(a), kl_categorical(a, torch.zeros_like(a))),
        row_by_row(kl, real("a", 2, 3)),
    ]


@uniform_kl.wrong("log Y left out: minus the entropy")
def _(logits):
    return kl_categorical_uniform(logits) - math.log(logits.shape[-1])


@uniform_kl.wrong("log Y subtracted")
def _(logits):
    return kl_categorical_uniform(logits) - 2 * math.log(logits.shape[-1])


@uniform_kl.wrong("KL(U || q): the arguments swapped")
def _(logits):
    return kl_categorical(torch.zeros_like(logits), logits)


@theorem(
    "categorical-kl-nonnegative",
    chapter=CHAPTER,
    about=(kl_probabilities,),
    statement=r"q_k \log\frac{q_k}{p_k} \ge q_k - p_k, \text{ equal only at } q_k = p_k:"
    r" \qquad \mathrm{KL}(q \,\|\, p) \ge \sum_k (q_k - p_k) = 0",
    source="Gibbs; used in every bound of N4 21.3.1",
    scope="two classes, every probability a symbol; the inequality for any q_k and p_k",
)
def categorical_kl_nonnegative(kl):
    """Every term is p times a convex function of q / p that is zero, with slope zero, at q = p alone."""
    ratio = sympy.Symbol("r", positive=True)
    excess = ratio * sympy.log(ratio) - ratio + 1
    slope = sympy.diff(excess, ratio)
    (q,), (p,) = probability_rows("q", 1), probability_rows("p", 1)
    computed = kl(SymbolicTensor(q), SymbolicTensor(p))
    terms = sum(p_k * excess.subs(ratio, q_k / p_k) for q_k, p_k in zip(q, p, strict=True))
    rows = [SymbolicTensor(probability_rows(name, 2)) for name in "ab"]
    return [
        equal("the code is the sum", computed, categorical_kl_sum(q, p)),
        equal("which is a sum of such terms", computed, terms),
        equal("the function has no slope at r = 1", slope.subs(ratio, 1), 0),
        true("it is convex, so that is its minimum, and the only one", sympy.Gt(slope.diff(ratio), 0)),
        equal("where it is zero", excess.subs(ratio, 1), 0),
        row_by_row(kl, *rows),
    ]


@categorical_kl_nonnegative.wrong("the roles of q and p exchanged")
def _(q, p):
    return kl_probabilities(p, q)


@categorical_kl_nonnegative.wrong("the entropy of q left out")
def _(q, p):
    return -(q * p.log()).sum(-1)


@categorical_kl_nonnegative.wrong("bits instead of nats")
def _(q, p):
    return kl_probabilities(q, p) / math.log(2)


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
