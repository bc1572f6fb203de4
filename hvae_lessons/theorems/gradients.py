"""Theorems about gradient estimators: unbiased, and by how much each of them varies."""

import sympy
import torch

from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient
from hvae_lessons.formulas.reparameterizations import gaussian_sample
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, noise_mean
from hvae_lessons.symbolic import SymbolicTensor, real


class _Cubic:
    """Any polynomial up to degree 3 in two coordinates, and the gradient of its expectation under q."""

    def __init__(self):
        self.mean, self.log_var, self.noise = real("mu", 2), real("rho", 2), real("epsilon", 2)
        self.powers = [(i, j) for i in range(4) for j in range(4) if 0 < i + j <= 3]
        self.coefficients = [sympy.Symbol(f"c_{i}{j}", real=True) for i, j in self.powers]

    def value(self, z):
        """f: [..., 2] -> [...]."""
        terms = zip(self.coefficients, self.powers, strict=True)
        return sum(c * z[..., 0] ** i * z[..., 1] ** j for c, (i, j) in terms)

    def slope(self, z):
        """The gradient of f: [..., 2] -> [..., 2]."""
        u, v = sympy.symbols("u v", real=True)
        at = {u: z[..., 0].item(), v: z[..., 1].item()}
        value = self.value(SymbolicTensor([u, v])).item()
        return SymbolicTensor([value.diff(u).subs(at), value.diff(v).subs(at)])

    def gradient(self):
        """d/dmu and d/dlog sigma^2 of the integral of q(z) f(z)."""
        u, v = sympy.symbols("u v", real=True)
        laws = dict(zip((u, v), zip(self.mean.entries, self.log_var.entries, strict=True), strict=True))
        expectation = gaussian_mean(self.value(SymbolicTensor([u, v])).item(), laws)
        return [[expectation.diff(a) for a in part.entries] for part in (self.mean, self.log_var)]

    def average(self, estimate):
        """Expectation of an estimate over its noise."""
        return [noise_mean(entry, self.noise) for entry in estimate.entries]


def _unbiased(problem, estimate):
    """Both claims: the two estimates average to the two gradients."""
    by_mean, by_log_var = problem.gradient()
    return [
        equal("in expectation, the first estimate is d/dmu of E[f]", problem.average(estimate[0]), by_mean),
        equal(
            "the second is d/dlog sigma^2 of E[f]",
            problem.average(estimate[1]),
            by_log_var,
        ),
    ]


@theorem(
    "pathwise-gradient",
    chapter="reparameterization",
    about=(pathwise_gradient,),
    statement=r"E_\epsilon\left[f'(z)\right] = \nabla_\mu E_q[f], \qquad"
    r" E_\epsilon\left[\tfrac12 f'(z)\, \sigma \epsilon\right] = \nabla_{\log \sigma^2} E_q[f], \qquad"
    r" z = \mu + \sigma \epsilon",
    source="N4 draft 21.33",
    scope="every polynomial f up to degree 3 in two coordinates",
)
def pathwise(pathwise_gradient):
    """The right-hand side is a derivative of an integral over z, without any noise in it."""
    problem = _Cubic()
    return _unbiased(problem, pathwise_gradient(problem.slope, problem.mean, problem.log_var, problem.noise))


@pathwise.wrong("the 1/2 of log sigma^2 left out")
def _(df, mean, log_var, noise):
    slope = df(gaussian_sample(mean, log_var, noise))
    return slope, slope * torch.exp(0.5 * log_var) * noise


@pathwise.wrong("gradient taken at the mean")
def _(df, mean, log_var, noise):
    slope = df(mean)
    return slope, 0.5 * slope * torch.exp(0.5 * log_var) * noise


@theorem(
    "score-function-gradient",
    chapter="reparameterization",
    about=(score_function_gradient,),
    statement=r"E_\epsilon\left[(f(z) - b)\,\tfrac{\epsilon}{\sigma}\right] = \nabla_\mu E_q[f], \qquad"
    r" E_\epsilon\left[\tfrac12 (f(z) - b)(\epsilon^2 - 1)\right] = \nabla_{\log \sigma^2} E_q[f]"
    r" \quad\text{for every } b",
    source="N4 draft 21.27-21.28; Williams (1992)",
    scope="every polynomial f up to degree 3 in two coordinates, every baseline free of the noise",
)
def score_function(score_function_gradient):
    """The baseline is a symbol: the estimate is unbiased whatever it is."""
    problem, baseline = _Cubic(), sympy.Symbol("b", real=True)
    arguments = (problem.value, problem.mean, problem.log_var, problem.noise)
    return _unbiased(problem, score_function_gradient(*arguments, baseline=baseline))


@score_function.wrong("the 1/2 of log sigma^2 left out")
def _(f, mean, log_var, noise, baseline):
    by_mean, by_log_var = score_function_gradient(f, mean, log_var, noise, baseline)
    return by_mean, 2 * by_log_var


@score_function.wrong("a baseline that sees the noise")
def _(f, mean, log_var, noise, baseline):
    return score_function_gradient(f, mean, log_var, noise, baseline + noise.sum(-1))


@score_function.wrong("the score of log sigma^2 without its -1")
def _(f, mean, log_var, noise, baseline):
    by_mean, _ = score_function_gradient(f, mean, log_var, noise, baseline)
    value = f(gaussian_sample(mean, log_var, noise))
    return by_mean, 0.5 * (value - baseline).unsqueeze(-1) * noise**2


@theorem(
    "gradient-variances",
    chapter="reparameterization",
    about=(pathwise_gradient, score_function_gradient),
    statement=r"f(z) = (z - c)^2, \ \delta = \mu - c: \quad"
    r" \operatorname{Var}_{\text{path}} = 4\sigma^2, \quad"
    r" \operatorname{Var}_{\text{score}} = \frac{(\delta^2 - b)^2}{\sigma^2} + 6(\delta^2 - b)"
    r" + 8\delta^2 + 15\sigma^2 \ \ge\ 8\delta^2 + 6\sigma^2 \quad (\nabla_\mu)",
    source="N4 draft 21.2.5 compares the two in words; the numbers follow from the moments of the Gaussian",
    scope="one coordinate, f(z) = (z - c)^2, any baseline b",
)
def gradient_variances(pathwise_gradient, score_function_gradient):
    """The best baseline is delta^2 + 3 sigma^2, and even with it the score function varies more."""
    mean, log_var, noise = real("mu", 1), log_variance("sigma", 1), real("epsilon", 1)
    target, baseline = sympy.symbols("c b", real=True)
    path = pathwise_gradient(lambda z: 2 * (z - target), mean, log_var, noise)
    score = score_function_gradient(lambda z: ((z - target) ** 2).sum(-1), mean, log_var, noise, baseline)
    delta, variance = mean.item() - target, sympy.exp(log_var.item())
    excess = delta**2 - baseline

    def spread(estimate):
        value = estimate.item()
        return noise_mean(value**2, noise) - noise_mean(value, noise) ** 2

    score_spread = spread(score[0])
    best, slope = delta**2 + 3 * variance, score_spread.diff(baseline)
    return [
        equal("pathwise, for mu", spread(path[0]), 4 * variance),
        equal("pathwise, for log sigma^2", spread(path[1]), variance * delta**2 + 2 * variance**2),
        equal(
            "score function, for mu",
            score_spread,
            excess**2 / variance + 6 * excess + 8 * delta**2 + 15 * variance,
        ),
        equal(
            "score function, for log sigma^2",
            spread(score[1]),
            excess**2 / 2 + (5 * excess + 10 * delta**2) * variance + sympy.Rational(37, 2) * variance**2,
        ),
        equal("its slope in b is zero at delta^2 + 3 sigma^2", slope.subs(baseline, best), 0),
        true("where it is least, because it is convex in b", sympy.simplify(slope.diff(baseline)) > 0),
        equal(
            "with this baseline the score function still varies more than the pathwise estimate, by",
            score_spread.subs(baseline, best) - spread(path[0]),
            8 * delta**2 + 2 * variance,
        ),
        true("which is positive", 8 * delta**2 + 2 * variance > 0),
    ]


@gradient_variances.wrong("gradient halved, as for f = (z - c)^2 / 2")
def _(df, mean, log_var, noise):
    by_mean, by_log_var = pathwise_gradient(df, mean, log_var, noise)
    return 0.5 * by_mean, 0.5 * by_log_var


@gradient_variances.wrong("the 1/2 of log sigma^2 left out", instead_of=score_function_gradient)
def _(f, mean, log_var, noise, baseline):
    by_mean, by_log_var = score_function_gradient(f, mean, log_var, noise, baseline)
    return by_mean, 2 * by_log_var


@gradient_variances.wrong("baseline ignored", instead_of=score_function_gradient)
def _(f, mean, log_var, noise, baseline):
    return score_function_gradient(f, mean, log_var, noise)
