"""The theorem about Markovian hierarchies: the bound of a chain."""

import sympy

from hvae_lessons.models.parts.levels import markov_trace
from hvae_lessons.objectives import elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, noise_mean, normal_log_density
from hvae_lessons.symbolic import real
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
