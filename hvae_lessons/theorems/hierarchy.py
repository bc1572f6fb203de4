"""Theorems about hierarchies: the bound of a chain, the noise inside it, free bits, a fixed encoder."""

import itertools

import sympy
import torch

from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.models.diffusion import diffusion_marginal, diffusion_posterior
from hvae_lessons.models.mhvae import noise_states
from hvae_lessons.models.parts.levels import markov_trace
from hvae_lessons.objectives import beta_elbo, elbo, free_bits
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, noise_mean, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, real
from hvae_lessons.trace import Gaussian, Layer, Trace


class _Chain:
    """x <- z_1 <- z_2 with linear maps, one coordinate each; inference climbs x -> z_1 -> z_2."""

    def __init__(self):
        self.x, self.log_var_x = real("x", 1, 1), log_variance("s_x")
        self.w, self.a, self.log_var_p = real("w", 1, 1), real("a", 1, 1), log_variance("s", 1, 1)
        self.mean_1, self.log_var_1 = real("m", 1, 1), log_variance("sigma", 1, 1)
        self.b, self.log_var_2 = real("b", 1, 1), log_variance("tau", 1, 1)
        self.noise = real("epsilon", 1, 2)

    def parts(self):
        """log p(x | z_1), samples, q and p of one pass."""
        q_1 = Gaussian(self.mean_1, self.log_var_1)
        z_1 = q_1.sample(self.noise[:, :1])
        q_2 = Gaussian(z_1 @ self.b, self.log_var_2)
        z_2 = q_2.sample(self.noise[:, 1:])
        log_px = Gaussian(z_1 @ self.w, self.log_var_x.expand_as(self.x)).log_prob(self.x)
        return (
            log_px,
            (z_1, z_2),
            (q_1, q_2),
            (Gaussian(z_2 @ self.a, self.log_var_p), q_2.standard_like(q_2)),
        )

    def averaged(self, values):
        """Expectation of one value per example over the noise of the pass."""
        return [noise_mean(value, self.noise) for value in values.entries]

    def definition(self):
        """E_q[log p(x, z_1, z_2) - log q(z_1, z_2 | x)], an integral of textbook densities: z_2 first."""
        u, v = sympy.symbols("z_1 z_2", real=True)
        w, a, b, m = (tensor.item() for tensor in (self.w, self.a, self.b, self.mean_1))
        log_px = normal_log_density(self.x.item(), w * u, self.log_var_x.item())
        log_p = normal_log_density(u, a * v, self.log_var_p.item()) + normal_log_density(v, 0, 0)
        q_1, q_2 = (m, self.log_var_1.item()), (b * u, self.log_var_2.item())
        log_q = normal_log_density(u, *q_1) + normal_log_density(v, *q_2)
        inner = gaussian_mean(log_px + log_p - log_q, {v: q_2})
        return [gaussian_mean(inner, {u: q_1})]


@theorem(
    "markov-elbo",
    chapter="mhvae",
    about=(markov_trace, elbo),
    statement=r"E_{\epsilon}[\texttt{elbo}] = E_{q(z_1 \mid x)\, q(z_2 \mid z_1)}\!\left["
    r"\log\frac{p(x \mid z_1)\, p(z_1 \mid z_2)\, p(z_2)}{q(z_1 \mid x)\, q(z_2 \mid z_1)}\right]",
    source="N0 and N3, the ELBO of the chain; N4 21.60 and 21.62",
    scope="two levels of one coordinate each, linear Gaussian",
)
def markov_elbo(markov_trace, elbo):
    """Top level in closed form, the level below by the log-ratio; and what two closed forms would give."""
    chain = _Chain()
    log_px, z, q, p = chain.parts()
    values = chain.averaged(elbo(markov_trace(log_px, z, q, p)))
    closed = elbo(Trace(log_px, tuple(map(Layer, z, q, p))))
    slope = (chain.a * chain.b * (chain.log_var_1 - chain.log_var_p).exp()).item()
    return [
        equal("the objective, averaged over the noise, is the defining integral", values, chain.definition()),
        equal(
            "two closed forms in its place are off by the covariance of z_1 and z_2 under q",
            [value - other for value, other in zip(values, chain.averaged(closed))],
            [slope],
        ),
    ]


@markov_elbo.wrong("every level in closed form")
def _(log_px_given_z, z, q, p):
    return Trace(log_px_given_z, tuple(map(Layer, z, q, p)))


@markov_elbo.wrong("the prior of the top level at every level")
def _(log_px_given_z, z, q, p):
    return markov_trace(log_px_given_z, z, q, (p[-1],) * len(z))


@markov_elbo.wrong("KL added instead of subtracted", instead_of=elbo)
def _(trace):
    return trace.log_px_given_z + trace.kl


@theorem(
    "noise-is-a-chain",
    chapter="mhvae",
    about=(noise_states,),
    statement=r"h_L = G_L z_L,\; h_l = d_{l+1}(h_{l+1}) + G_l z_l,\; z_l \sim N(0, I) \;\Longrightarrow\;"
    r" p(h) = N(h_L; 0, G_L G_L^T) \prod_{l<L} N(h_l; d_{l+1}(h_{l+1}), G_l G_l^T)"
    r" = \frac{p(z)}{\prod_l |\det G_l|}",
    source="N1, p(X, h) and p(X, z), with the prior of z_l in the transition and the determinant",
    scope="three levels of one coordinate with any differentiable decoders; two levels of two coordinates",
)
def noise_is_a_chain(noise_states):
    """The density of h is the density of z over the determinant of dh/dz, and that is the chain's."""
    return [*_three_scalar_levels(noise_states), *_two_linear_levels(noise_states)]


def _three_scalar_levels(noise_states):
    z, gain = [real(f"z{l}", 1) for l in (1, 2, 3)], [log_variance(f"g{l}") / 2 for l in (1, 2, 3)]
    gains = [part.exp().reshape(1, 1) for part in gain]
    functions = [sympy.Function("d2"), sympy.Function("d3")]
    decoders = [lambda h, f=f: SymbolicTensor([f(h.item())]) for f in functions]
    h = noise_states(decoders, gains, z)
    jacobian = sympy.Matrix(3, 3, lambda i, j: h[i].item().diff(z[j].item()))
    means = [decoders[0](h[1]), decoders[1](h[2]), torch.zeros_like(z[2])]
    chain = sum(gaussian_log_prob(h[l], means[l], 2 * gain[l].reshape(1)).item() for l in range(3))
    prior = sum(gaussian_log_prob(part, torch.zeros_like(part), torch.zeros_like(part)).item() for part in z)
    return [
        equal("det dh/dz is the product of the gains", jacobian.det(), sympy.prod(g.item() for g in gains)),
        equal("the chain's density of h is p(z) / det", chain, prior - sum(part.item() for part in gain)),
    ]


def _two_linear_levels(noise_states):
    z = [real("z1", 2), real("z2", 2)]
    weight = real("w", 2, 2)
    log_scale, lower = [log_variance(f"g{l}", 2) for l in (1, 2)], real("c", 2)
    gains = []
    for l in range(2):
        diagonal = (log_scale[l] / 2).exp().entries
        gains.append(SymbolicTensor([[diagonal[0], 0], [lower.entries[l], diagonal[1]]]))
    h = noise_states([lambda above: above @ weight.T], gains, z)
    means = (h[1] @ weight.T, torch.zeros_like(z[1]))
    chain = sum(gaussian_full_log_prob(h[l], means[l], gains[l]).item() for l in range(2))
    prior = sum(gaussian_log_prob(part, torch.zeros_like(part), torch.zeros_like(part)).item() for part in z)
    log_det = sum((part / 2).sum().item() for part in log_scale)
    moment = _second_moment(h[0].entries, [*z[0].entries, *z[1].entries])
    by_chain = gains[0] @ gains[0].T + weight @ gains[1] @ gains[1].T @ weight.T
    return [
        equal("with full gains: the chain's density of h is p(z) / det", chain, prior - log_det),
        equal("the covariance of h_1 is that of two steps down the chain", moment, by_chain),
    ]


def _second_moment(vector, noise):
    """E[h h^T] of a vector linear in independent standard Gaussian noise, from its derivatives."""
    size = len(vector)
    table = [[vector[i].diff(part) for part in noise] for i in range(size)]
    return [[sum(a * b for a, b in zip(table[i], table[j])) for j in range(size)] for i in range(size)]


@noise_is_a_chain.wrong("noise added after the decoder of its own level")
def _(decoders, gains, z):
    h = [z[-1] @ gains[-1].transpose(-1, -2)]
    for l in reversed(range(len(z) - 1)):
        h.append(decoders[l](h[-1] + z[l] @ gains[l].transpose(-1, -2)))
    return tuple(reversed(h))


@noise_is_a_chain.wrong("gain of the level above")
def _(decoders, gains, z):
    return noise_states(decoders, (*gains[1:], gains[0]), z)


@theorem(
    "free-bits-objective",
    chapter="mhvae",
    about=(free_bits,),
    statement=r"\frac{1}{B}\sum_b \texttt{free\_bits}_b = \frac{1}{B}\sum_b \log p(x_b \mid z_b)"
    r" - \beta \sum_g \max\!\Big(\lambda, \frac{1}{B}\sum_b \mathrm{KL}_{g,b}\Big)",
    source="N4 21.59; Kingma et al. (2016)",
    scope="two examples, levels of two and of one coordinate; every group above or below lambda, all cases",
)
def free_bits_objective(free_bits):
    """Both groupings and both clamps, with a symbolic beta; below lambda a group costs lambda."""
    level = [[(0, b, d) for b in range(2) for d in range(2)], [(1, b, 0) for b in range(2)]]
    coordinate = [[(0, b, d) for b in range(2)] for d in range(2)] + [[(1, b, 0) for b in range(2)]]
    single = [[(0, 0, 0)], [(0, 1, 1)], [(1, 0, 0)]]
    beta = sympy.Symbol("beta", positive=True)
    claims = []
    for step, groups, settings in (
        ("per level, after the batch mean", level, {"per": "level"}),
        ("per coordinate, after the batch mean", coordinate, {"per": "dimension"}),
        ("per coordinate, example by example", single, {"per": "dimension", "clamp": "example"}),
    ):
        computed, expected = [], []
        for signs in itertools.product((1, -1), repeat=len(groups)):
            trace, missing = _trace_by_case(groups, signs, examples=1 if groups is single else 2)
            computed.append(free_bits(trace, 1.5, beta=beta, **settings).mean().item())
            whole = (trace.log_px_given_z - beta * trace.kl).mean().item()
            # One example of two: its share of the mean is a half.
            expected.append(whole - beta * missing / (2 if groups is single else 1))
        claims.append(equal(step, computed, expected))
    return claims


class _Layer:
    """A layer reduced to its KL."""

    def __init__(self, kl_per_dimension):
        self.kl_per_dimension = kl_per_dimension
        self.kl = kl_per_dimension.sum(-1)


def _trace_by_case(groups, signs, examples):
    """A trace whose group g has the mean 1.5 + sign * d_g, d_g > 0, and what its groups lack to 1.5.

    Entries that belong to no group are above 1.5.
    """
    tables = [real("k", 2, 2).entries, real("j", 2, 1).entries]
    free = {(l, b, d) for l in range(2) for b in range(2) for d in range(2 - l)}
    distance = sympy.symbols(f"d1:{len(groups) + 1}", positive=True)
    for group, sign, gap in zip(groups, signs, distance):
        first, *others = group
        total = examples * (sympy.Rational(3, 2) + sign * gap)
        tables[first[0]][first[1:]] = total - sum(tables[l][b, d] for l, b, d in others)
        free -= set(group)
    for l, b, d in free:
        tables[l][b, d] = sympy.Rational(3, 2) + sympy.Symbol(f"e{l}{b}{d}", positive=True)
    missing = sum(gap for sign, gap in zip(signs, distance) if sign < 0)
    return Trace(real("r", 2), tuple(_Layer(SymbolicTensor(table)) for table in tables)), missing


@free_bits_objective.wrong("the clamp before the mean, where it belongs after")
def _(trace, nats, per="level", clamp="batch", beta=1.0):
    return free_bits(trace, nats, per=per, clamp="example", beta=beta)


@free_bits_objective.wrong("the minimum instead of the maximum")
def _(trace, nats, per="level", clamp="batch", beta=1.0):
    return 2 * beta_elbo(trace, beta) - beta * (2 * nats) - free_bits(trace, nats, per, clamp, beta)


@free_bits_objective.wrong("lambda shared by all groups")
def _(trace, nats, per="level", clamp="batch", beta=1.0):
    return free_bits(trace, nats / 2, per=per, clamp=clamp, beta=beta)


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
    downwards = diffusion_marginal(x, kept[1]).log_prob(z_2).item()
    downwards += diffusion_posterior(x, z_2, *kept).log_prob(z_1).item()
    upwards = sum(normal_log_density(z, *law) for z, law in zip((first, second), climb(step)))

    w, a, log_var_x, log_var_p = (
        real("w", 1, 1),
        real("a", 1, 1),
        log_variance("s_x", 1, 1),
        log_variance("s", 1, 1),
    )
    step = [sympy.Rational(16, 25), sympy.Rational(9, 25)]
    kept = SymbolicTensor([step[0]]), SymbolicTensor([step[0] * step[1]])
    q_2 = diffusion_marginal(x, kept[1])
    z_2 = q_2.sample(noise[:, 1:])
    q_1 = diffusion_posterior(x, z_2, *kept)
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
    right = diffusion_posterior(x, z, kept_below, kept)
    return right._replace(log_var=(1 - kept / kept_below).log().expand_as(right.mean))


@three_term_elbo.wrong("the mean scaled by c instead of its root")
def _(x, kept):
    return Gaussian(kept * x, (1 - kept).log().expand_as(x))
