"""Theorems about the densities of distributions.py, from the properties that define them.

A density is not compared with another formula alone. Gaussian: the log-density is quadratic, it integrates to
one, and it has the right mean and covariance; only one function does. Discrete: the probabilities sum to one
and have the right log-odds."""

import itertools
import math

import sympy
import torch

from hvae_lessons.formulas.distributions import (
    LOG_2PI,
    bernoulli_log_prob,
    categorical_log_prob,
    gaussian_full_log_prob,
    gaussian_log_prob,
    standard_gaussian_log_prob,
)
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import log_variance
from hvae_lessons.proofs.textbook import scale_tril, softmax
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "distributions"


def one_gaussian_only(log_density, z, mean, covariance):
    """The claims that single out the Gaussian N(mean, covariance) among all functions of z."""
    # The last coordinate first: given those before it, it is a simple conditional Gaussian.
    order = z[::-1]
    third = [sympy.diff(log_density, *slope) for slope in itertools.combinations_with_replacement(z, 3)]
    first = [integral(log_density, a, *order) for a in z]
    offset = [a - m for a, m in zip(z, mean)]
    second = [[integral(log_density, a * b, *order) for b in offset] for a in offset]
    return [
        equal("log p is quadratic in z: its third derivatives vanish", third, [0] * len(third)),
        equal("p integrates to 1", integral(log_density, 1, *order), 1),
        equal("its mean is mu", first, mean),
        equal("its covariance is the one given", second, covariance),
    ]


@theorem(
    "gaussian-density",
    chapter=CHAPTER,
    about=(gaussian_log_prob,),
    statement=r"\log N(z; \mu, \sigma^2)"
    r" = -\tfrac12\left[\log 2\pi + \log\sigma^2 + \frac{(z-\mu)^2}{\sigma^2}\right],"
    r" \\ \int N = 1, \quad \mathrm{E}z = \mu, \quad \operatorname{Var} z = \sigma^2",
    source="N4 draft 21.39",
    scope="one coordinate; two coordinates add",
)
def gaussian_density(log_prob):
    """One coordinate from first principles; then coordinates add and rows do not mix."""
    (z, mu), sigma = sympy.symbols("z mu", real=True), sympy.Symbol("sigma", positive=True)

    def one(z, mu, sigma):
        z, mu, log_var = (SymbolicTensor([value]) for value in (z, mu, 2 * sympy.log(sigma)))
        return log_prob(z, mu, log_var).item()

    written = -((z - mu) ** 2) / (2 * sigma**2) - sympy.log(sigma * sympy.sqrt(2 * sympy.pi))
    zs, mus, sigmas = real("z", 2), real("mu", 2), positive("sigma", 2)
    total = sum(one(*(t.item() for t in coordinate)) for coordinate in zip(zs, mus, sigmas))
    return [
        equal("the code is the formula", one(z, mu, sigma), written),
        *one_gaussian_only(one(z, mu, sigma), [z], [mu], [[sigma**2]]),
        equal("independent coordinates add", log_prob(zs, mus, 2 * sigmas.log()), total),
        row_by_row(log_prob, real("z", 2, 2), real("mu", 2, 2), real("v", 2, 2)),
    ]


@gaussian_density.wrong("log sigma^2 read as log sigma")
def _(z, mean, log_var):
    return -0.5 * (LOG_2PI + 2 * log_var + (z - mean) ** 2 * torch.exp(-2 * log_var)).sum(-1)


@gaussian_density.wrong("the normalizer added, not subtracted")
def _(z, mean, log_var):
    return (0.5 * (LOG_2PI + log_var) - 0.5 * (z - mean) ** 2 * torch.exp(-log_var)).sum(-1)


@gaussian_density.wrong("mean over the coordinates")
def _(z, mean, log_var):
    return -0.5 * (LOG_2PI + log_var + (z - mean) ** 2 * torch.exp(-log_var)).mean(-1)


@gaussian_density.wrong("sum over the batch")
def _(z, mean, log_var):
    return -0.5 * (LOG_2PI + log_var + (z - mean) ** 2 * torch.exp(-log_var)).sum(0)


@theorem(
    "standard-gaussian-density",
    chapter=CHAPTER,
    about=(standard_gaussian_log_prob,),
    statement=r"\log N(z; 0, I) = -\tfrac12\sum_d \left[\log 2\pi + z_d^2\right],"
    r" \\ \int N = 1, \quad \mathrm{E}z = 0, \quad \operatorname{Cov} z = I",
    source="N4 21.4, draft 21.36",
    scope="two coordinates",
)
def standard_gaussian_density(log_prob):
    """Two coordinates from first principles; rows do not mix."""
    z = real("z", 2)
    computed, (a, b) = log_prob(z).item(), z.entries
    return [
        equal("the code is the formula", computed, -(a**2 + b**2) / 2 - sympy.log(2 * sympy.pi)),
        *one_gaussian_only(computed, [a, b], [0, 0], [[1, 0], [0, 1]]),
        row_by_row(log_prob, real("z", 2, 2)),
    ]


@standard_gaussian_density.wrong("N(0, 1) passed as (0, 1.0) and read as log-variance 1")
def _(z):
    return gaussian_log_prob(z, torch.zeros_like(z), torch.ones_like(z))


@standard_gaussian_density.wrong("constant (D^2 / 2) log 2 pi")
def _(z):
    size = z.shape[-1]
    return -0.5 * (size * LOG_2PI + z**2).sum(-1)


@standard_gaussian_density.wrong("constant left out")
def _(z):
    return -0.5 * (z**2).sum(-1)


@theorem(
    "full-gaussian-density",
    chapter=CHAPTER,
    about=(gaussian_full_log_prob,),
    statement=r"\log N(z; \mu, LL^\top)"
    r" = -\tfrac12\left[D\log 2\pi + \lVert L^{-1}(z-\mu)\rVert^2\right] - \sum_d \log L_{dd},"
    r" \\ \int N = 1, \quad \mathrm{E}z = \mu, \quad \operatorname{Cov} z = LL^\top",
    source="N4 draft 21.40-21.42",
    scope="two coordinates, the fewest with a covariance",
)
def full_gaussian_density(log_prob):
    """Two coordinates from first principles; rows do not mix."""
    z, mu, tril = real("z", 2), real("mu", 2), scale_tril("L")
    computed, factor = log_prob(z, mu, tril).item(), sympy.Matrix(tril.entries)
    covariance = factor * factor.T
    offset = sympy.Matrix(z.entries - mu.entries)
    mahalanobis = (offset.T * covariance.inv() * offset)[0]
    written = -mahalanobis / 2 - sympy.log(4 * sympy.pi**2 * covariance.det()) / 2
    batch = torch.stack([scale_tril("L"), scale_tril("M")])
    return [
        equal("the code is the formula with Sigma^-1 and det Sigma", computed, written),
        *one_gaussian_only(computed, list(z.entries), list(mu.entries), covariance.tolist()),
        row_by_row(log_prob, real("z", 2, 2), real("mu", 2, 2), batch),
    ]


@full_gaussian_density.wrong("half the log-determinant")
def _(z, mean, scale_tril):
    log_diagonal = torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)).sum(-1)
    return gaussian_full_log_prob(z, mean, scale_tril) + 0.5 * log_diagonal


@full_gaussian_density.wrong("L transposed: the precision of L^T L")
def _(z, mean, scale_tril):
    noise = torch.linalg.solve_triangular(scale_tril.mT, (z - mean).unsqueeze(-1), upper=True).squeeze(-1)
    return standard_gaussian_log_prob(noise) - torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)).sum(-1)


@full_gaussian_density.wrong("L multiplied, not solved")
def _(z, mean, scale_tril):
    noise = (scale_tril @ (z - mean).unsqueeze(-1)).squeeze(-1)
    return standard_gaussian_log_prob(noise) - torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)).sum(-1)


@theorem(
    "bernoulli-mass",
    chapter=CHAPTER,
    about=(bernoulli_log_prob,),
    statement=r"\sum_{x \in \{0,1\}^D} p(x) = 1, \qquad \log\frac{p(x_d = 1)}{p(x_d = 0)} = a_d,"
    r" \\ p(x) = \prod_d p(x_d)",
    source="N4 21.5",
    scope="one variable; two variables multiply",
)
def bernoulli_mass(log_prob):
    """One variable from its log-odds; then two variables multiply and rows do not mix."""

    def one(x, a):
        return log_prob(SymbolicTensor([x]), SymbolicTensor([a])).item()

    a = sympy.Symbol("a", real=True)
    logits = real("a", 2)
    outcomes = list(itertools.product((0, 1), repeat=2))
    pairs = [log_prob(SymbolicTensor(x), logits).item() for x in outcomes]
    products = [one(x, logits.entries[0]) + one(y, logits.entries[1]) for x, y in outcomes]
    return [
        equal("p(1) is the sigmoid of the logit", sympy.exp(one(1, a)), 1 / (1 + sympy.exp(-a))),
        equal("the two probabilities sum to 1", sympy.exp(one(0, a)) + sympy.exp(one(1, a)), 1),
        equal("their log-odds is the logit", one(1, a) - one(0, a), a),
        equal("independent variables multiply", pairs, products),
        equal("the four outcomes of two variables sum to 1", sum(map(sympy.exp, pairs)), 1),
        row_by_row(log_prob, real("x", 2, 2), real("a", 2, 2)),
    ]


@bernoulli_mass.wrong("sign of the logit")
def _(x, logits):
    return bernoulli_log_prob(x, -logits)


@bernoulli_mass.wrong("not normalized: softplus left out")
def _(x, logits):
    return (x * logits).sum(-1)


@bernoulli_mass.wrong("mean over the pixels: an undeclared beta")
def _(x, logits):
    return bernoulli_log_prob(x, logits) / x.shape[-1]


@theorem(
    "categorical-mass",
    chapter=CHAPTER,
    about=(categorical_log_prob,),
    statement=r"\sum_y p(y) = 1, \qquad \log\frac{p(y = j)}{p(y = k)} = a_j - a_k",
    source="N4 21.54",
    scope="three classes",
)
def categorical_mass(log_prob):
    """Three classes from their log-odds; rows do not mix."""
    logits = real("a", 3)
    log_p = [log_prob(torch.tensor(k), logits).item() for k in range(3)]
    log_odds = [log_p[j] - log_p[k] for j, k in itertools.combinations(range(3), 2)]
    differences = [a - b for a, b in itertools.combinations(logits.entries, 2)]
    return [
        equal("p is the softmax of the logits", [sympy.exp(term) for term in log_p], softmax(logits)),
        equal("the probabilities sum to 1", sum(map(sympy.exp, log_p)), 1),
        equal("log-odds are differences of logits", log_odds, differences),
        row_by_row(log_prob, torch.tensor([2, 0]), real("a", 2, 3)),
    ]


@categorical_mass.wrong("not normalized: the logit itself")
def _(y, logits):
    return torch.take_along_dim(logits, y.unsqueeze(-1), -1).squeeze(-1)


@categorical_mass.wrong("normalized over the batch")
def _(y, logits):
    return torch.take_along_dim(torch.log_softmax(logits, 0), y.unsqueeze(-1), -1).squeeze(-1)


@categorical_mass.wrong("mean for sum in the normalizer")
def _(y, logits):
    return categorical_log_prob(y, logits) + math.log(logits.shape[-1])


@theorem(
    "optimal-decoder",
    chapter="vae",
    about=(gaussian_log_prob,),
    statement=r"\operatorname{argmax}_d \sum_i r_i \log N(x_i; d, s^2) = \frac{\sum_i r_i x_i}{\sum_i r_i}"
    r" = E[x \mid z]",
    source="N4 21.23 and the sentence after it",
    scope="three one-dimensional inputs x_i that share a code z, symbolic weights r_i = p_D(x_i) q(z | x_i)",
)
def optimal_decoder(gaussian_log_prob):
    """Away from the conditional mean the objective is lower, by a square: no other output is as good."""
    x, weights = real("x", 3, 1), positive("r", 3)
    decoded, log_var = real("d", 1), log_variance("s", 1)

    def objective(output):
        return (weights * gaussian_log_prob(x, output, log_var)).sum()

    total = weights.sum()
    conditional_mean = (weights.unsqueeze(-1) * x).sum(0) / total
    loss = (total * (decoded - conditional_mean) ** 2 / (2 * log_var.exp())).sum()
    return [
        equal(
            "any other output is worse by a multiple of its squared distance",
            objective(conditional_mean) - objective(decoded),
            loss,
        ),
        true("and that multiple is positive", (total / (2 * log_var.exp())).entries[0] > 0),
        equal(
            "the gradient in the output vanishes at the conditional mean",
            objective(decoded).item().diff(decoded.item()).subs(decoded.item(), conditional_mean.item()),
            0,
        ),
    ]


@optimal_decoder.wrong("fourth power of the error")
def _(z, mean, log_var):
    return -0.5 * ((z - mean) ** 4 * torch.exp(-log_var)).sum(-1)


@optimal_decoder.wrong("log-cosh of the error")
def _(z, mean, log_var):
    return -torch.log(torch.exp(z - mean) + torch.exp(mean - z)).sum(-1)
