"""Theorems about the linear VAE's curve: no other encoder and decoder are better, and its slope is -beta."""

import sympy
import torch

from hvae_lessons.formulas.divergences import kl_gaussian, kl_standard_gaussian
from hvae_lessons.formulas.water_filling import linear_vae_optimum, water_filling
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.moments import gaussian_mean, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor

CHAPTER = "beta_vae"

# Variance of a direction of x, noise s^2 of the decoder, weight beta; a rate r > 0 and a distance t > 0.
VARIANCE, NOISE, BETA, R, T = sympy.symbols("lambda s^2 beta r t", positive=True)
LEVEL = BETA * NOISE
# x is encoded as z = m + tau epsilon, with any m and tau for each x, and decoded as w z.
X, M, W, EPSILON = sympy.symbols("x m w epsilon", real=True)
TAU = sympy.Symbol("tau", positive=True)


def _code(mean, tau):
    """q(z | x) as the package takes it."""
    return SymbolicTensor([mean]), SymbolicTensor([2 * sympy.log(tau)])


def _over_code(expression):
    return gaussian_mean(sympy.expand(expression), {EPSILON: (0, 0)})


def _over_data(expression, variance):
    return gaussian_mean(sympy.expand(expression), {X: (0, sympy.log(variance))})


def _best_code(w):
    """Mean and tau of the posterior, with the noise beta s^2 in the place of s^2."""
    return w * X / (w**2 + LEVEL), sympy.sqrt(LEVEL / (w**2 + LEVEL))


def _optimum(variance):
    """Best w if the variance is above the level, z, and the mean KL."""
    w = sympy.sqrt(variance - LEVEL)
    mean, tau = _best_code(w)
    rate = kl_standard_gaussian(*_code(mean, tau)).item()
    return w, mean + tau * EPSILON, _over_data(rate, variance)


@theorem(
    "water-filling",
    chapter=CHAPTER,
    about=(water_filling,),
    statement=r"\min_{q,\, w}\Big[\tfrac{1}{2 s^2} E(x - w z)^2"
    r" + \beta\, \mathrm{KL}(q(z \mid x) \,\|\, N(0, 1))\Big]"
    r"\text{ is at } w^2 = \max(0, \lambda - \beta s^2): \\"
    r" R = \max\Big(0, \tfrac12 \log\frac{\lambda}{\beta s^2}\Big),"
    r" \quad E(x - w z)^2 = \min(\lambda, \beta s^2)",
    source="N4 21.24 for the linear VAE; Cover and Thomas (2006), theorem 10.3.3",
    scope="one direction of variance lambda; any linear decoder, any Gaussian q(z | x)",
)
def water_filling_is_optimal(water_filling):
    """First the best encoder of a decoder, then the best decoder, then what the code says about both."""
    prior_kl = kl_standard_gaussian(*_code(M, TAU)).item()
    objective = _over_code((X - W * (M + TAU * EPSILON)) ** 2) / (2 * NOISE) + BETA * prior_kl
    best_mean, best_tau = _best_code(W)
    at_best = objective.subs({M: best_mean, TAU: best_tau})
    excess = BETA * kl_gaussian(*_code(M, TAU), *_code(best_mean, best_tau)).item()
    u = sympy.Symbol("u", positive=True)  # w^2 + beta s^2, the variance of x in the model
    remains = BETA * (sympy.log(u / LEVEL) + VARIANCE / u) / 2
    slope = sympy.diff(remains, u)
    alive, dead = LEVEL * sympy.exp(2 * R), LEVEL * sympy.exp(-2 * R)
    best_w, best_z, best_rate = _optimum(alive)
    best_error = _over_data(_over_code((X - best_w * best_z) ** 2), alive)
    rates, errors = water_filling(SymbolicTensor([alive, dead, LEVEL]), LEVEL)
    told, left = water_filling(SymbolicTensor([VARIANCE]), VARIANCE * sympy.exp(-2 * R))
    return [
        equal("any other encoder costs beta times its KL from the best", objective - at_best, excess),
        equal(
            "with that one, u = w^2 + beta s^2 alone decides",
            _over_data(at_best, VARIANCE),
            remains.subs(u, W**2 + LEVEL),
        ),
        true("u above lambda is too large", slope.subs(u, VARIANCE + T) > 0),
        true("u below lambda is too small", slope.subs(VARIANCE, u + T) < 0),
        true("if lambda < beta s^2, every w but 0 is too large", slope.subs(u, VARIANCE + T + W**2) > 0),
        equal("above the level, the rate is that of the optimum", rates.entries[0], best_rate),
        equal("and so is the error", errors.entries[0], best_error),
        equal("below the level and at it, the rate is 0", list(rates.entries[1:]), [0, 0]),
        equal("and the error is all there is", list(errors.entries[1:]), [dead, LEVEL]),
        equal("each nat divides the error by e^2", left.item(), VARIANCE * sympy.exp(-2 * told.item())),
    ]


@water_filling_is_optimal.wrong("variance taken for standard deviation: twice the rate")
def _(variances, level):
    rate = torch.relu(torch.log(variances / level))
    return rate, variances * torch.exp(-rate)


@water_filling_is_optimal.wrong("the error subtracted instead of left: lambda - theta")
def _(variances, level):
    rate, error = water_filling(variances, level)
    return rate, variances - error


@water_filling_is_optimal.wrong("no direction dies")
def _(variances, level):
    rate = 0.5 * torch.log(variances / level)
    return rate, variances * torch.exp(-2 * rate)


@water_filling_is_optimal.wrong("pPCA's rate: the logarithm of 1 + lambda / theta")
def _(variances, level):
    rate = 0.5 * torch.log(1 + variances / level)
    return rate, variances * torch.exp(-2 * rate)


@theorem(
    "linear-vae-optimum",
    chapter=CHAPTER,
    about=(linear_vae_optimum,),
    statement=r"R = \sum_{j \le Z} R_j, \quad D = -E[\log p(x \mid z)]"
    r" = \frac{1}{2 s^2}\Big(\sum_{j \le Z} \epsilon_j + \sum_{j > Z} \lambda_j\Big)"
    r" + \frac{D_x}{2} \log 2\pi s^2, \quad \frac{dD}{dR} = -\beta",
    source="N4 21.24 for the linear VAE; Tipping and Bishop (1999)",
    scope="two directions; one latent coordinate against the integrals, two for the slope",
)
def linear_vae_point(linear_vae_optimum):
    """Distortion and rate as integrals; and the coordinate belongs in the direction of more variance."""
    seen, unseen = LEVEL * sympy.exp(2 * R), LEVEL * sympy.exp(2 * R) * sympy.exp(-2 * T)
    rate, distortion = linear_vae_optimum(SymbolicTensor([seen, unseen]), NOISE, BETA, 1)
    w, z, best_rate = _optimum(seen)
    log_px_given_z = [
        _over_data(_over_code(normal_log_density(X, decoded, sympy.log(NOISE))), variance)
        for decoded, variance in ((w * z, seen), (0, unseen))
    ]
    # Two directions alive, at a level that one symbol moves along the curve.
    level = sympy.exp(-T)
    both = linear_vae_optimum(SymbolicTensor([sympy.exp(2 * R), sympy.exp(R)]), NOISE, level / NOISE, 2)
    of_rate, of_distortion = (term.item().diff(T) for term in both)
    return [
        equal("the rate is the mean KL", rate, best_rate),
        equal("the distortion is the mean of -log p(x | z)", distortion, -sum(log_px_given_z)),
        equal("the slope dD/dR is -beta", of_distortion / of_rate, -level / NOISE),
        true("a decoder turned to the smaller variance is worse", _cost_of_turning() > 0),
    ]


def _cost_of_turning():
    """Slope of 2/beta times the best objective in sin^2 of the angle between w and the larger variance."""
    sine, length, smaller, difference = sympy.symbols("sigma rho lambda_2 delta", positive=True)
    w = length * sympy.Matrix([sympy.sqrt(1 - sine), sympy.sqrt(sine)])
    in_model = w * w.T + LEVEL * sympy.eye(2)  # as u in one direction
    in_data = sympy.diag(smaller + difference, smaller)
    value = sympy.log(in_model.det()) + (in_data * in_model.inv()).trace()
    return sympy.simplify(value.diff(sine))


@linear_vae_point.wrong("the level without beta")
def _(variances, noise_var, beta, latent_dim):
    return linear_vae_optimum(variances, noise_var, 1, latent_dim)


@linear_vae_point.wrong("what the code has no room for costs nothing")
def _(variances, noise_var, beta, latent_dim):
    rate, distortion = linear_vae_optimum(variances, noise_var, beta, latent_dim)
    return rate, distortion - 0.5 * variances[..., latent_dim:].sum(-1) / noise_var


@linear_vae_point.wrong("the constant of the latent dimensions only")
def _(variances, noise_var, beta, latent_dim):
    return linear_vae_optimum(variances[..., :latent_dim], noise_var, beta, latent_dim)


@linear_vae_point.wrong("squared error without 1 / 2 s^2")
def _(variances, noise_var, beta, latent_dim):
    rates, errors = water_filling(variances, beta * noise_var)
    return rates[..., :latent_dim].sum(-1), errors.sum(-1)
