"""Theorems about top-down inference: its bound, and when it is exact."""

from functools import partial
from types import SimpleNamespace

import sympy
import torch

from hvae_lessons.formulas.gaussian_products import gaussian_product
from hvae_lessons.models.parts.readings import ladder, merge, residual
from hvae_lessons.models.topdown import TopDown
from hvae_lessons.objectives import elbo
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.moments import (
    gaussian_mean,
    log_variance,
    noise_mean,
    normal_log_density,
    quadratic_noise_mean,
)
from hvae_lessons.symbolic import SymbolicTensor, real
from hvae_lessons.trace import Gaussian, Layer, Trace

CHAPTER = "topdown"


class _SkipGenerator:
    """z_2 -> z_1 -> x and z_2 -> x directly, all maps linear, one coordinate of each z and two of x."""

    def __init__(self, data_dim=1):
        self.x, self.log_var_x = real("x", 1, data_dim), log_variance("r")
        self.w, self.v = real("w", 1, data_dim), real("v", 1, data_dim)
        self.a, self.log_var_1 = real("a", 1, 1), log_variance("s", 1, 1)
        self.noise = real("epsilon", 1, 2)

    def likelihood(self, z_1, z_2):
        """p(x | z_1, z_2): the skip connection is v."""
        mean = z_1 @ self.w + z_2 @ self.v
        return Gaussian(mean, self.log_var_x.expand_as(mean))

    def prior(self, z_2):
        """p(z_1 | z_2)."""
        return Gaussian(z_2 @ self.a, self.log_var_1)

    def trace(self, read, first, second, descend=TopDown.descend, forward=TopDown.forward):
        """One pass of the package's model, with these nets: the path d is (z_2, z_1).

        `first` is what the top level's net puts out, `second` what the lower one's does, given z_2.
        """
        unit = torch.eye(2)
        backbone = SimpleNamespace(
            start=torch.zeros(2),
            features=lambda x: (0, 1),  # the feature of a level is its number: a mix-up would show
            prior=lambda l, d: self.prior(d[:, :1]),
            posterior=lambda l, e, d: (second(d[:, :1]), first)[e],
            absorb=lambda l, d, z: d + z @ unit[1 - l : 2 - l],
        )
        model = SimpleNamespace(
            config=SimpleNamespace(data_dim=self.x.shape[-1], latent_dims=(1, 1)),
            backbone=backbone,
            read=read,
            noise_for=lambda x, generator, samples: (self.noise[:, :1], self.noise[:, 1:]),
            decode_path=lambda d: self.likelihood(d[:, 1:], d[:, :1]),
        )
        model.descend, model.decide = partial(descend, model), partial(TopDown.decide, model)
        return forward(model, self.x)

    def textbook(self, z_1, z_2):
        """log p(x | z) and log p(z) at symbols z_1, z_2."""
        log_var_x, w, v = self.log_var_x.item(), self.w.entries[0], self.v.entries[0]
        log_px = sum(
            normal_log_density(x_d, w_d * z_1 + v_d * z_2, log_var_x)
            for x_d, w_d, v_d in zip(self.x.entries[0], w, v, strict=True)
        )
        log_pz_1 = normal_log_density(z_1, self.a.item() * z_2, self.log_var_1.item())
        return log_px, log_pz_1 + normal_log_density(z_2, 0, 0)


@theorem(
    "topdown-elbo",
    chapter=CHAPTER,
    about=(elbo, TopDown.descend, TopDown.forward),
    statement=r"E_{\epsilon}[\texttt{elbo}] = E_{q(z_2 \mid x)\, q(z_1 \mid x, z_2)}\!\left["
    r"\log\frac{p(x \mid z_1, z_2)\, p(z_1 \mid z_2)\, p(z_2)}{q(z_1 \mid x, z_2)\, q(z_2 \mid x)}\right]"
    r" \\ = E_q[\log p(x \mid z)] - \mathrm{KL}(q(z_2 \mid x) \,\|\, p(z_2))"
    r" - E_{q(z_2 \mid x)}[\mathrm{KL}(q(z_1 \mid x, z_2) \,\|\, p(z_1 \mid z_2))]",
    source="N4 21.63-21.66; the chain rule of the KL",
    scope="two levels of one coordinate each, linear Gaussian, with a skip connection",
)
def topdown_elbo(elbo, descend, forward):
    """In this order every KL has its closed form: what z_1 is judged by was drawn before z_1."""
    model = _SkipGenerator()
    q_2 = Gaussian(real("m", 1, 1), log_variance("tau", 1, 1))
    shift, slope, log_var = real("n", 1, 1), real("b", 1, 1), log_variance("sigma", 1, 1)

    def output(z_2):
        """What the lower net puts out for q(z_1 | x, z_2)."""
        return shift + z_2 @ slope, log_var

    def relative(z_2):
        """The same q(z_1 | x, z_2), given relative to its prior."""
        mean, log_var = output(z_2)
        p_1 = model.prior(z_2)
        return mean - p_1.mean, log_var - p_1.log_var

    trace = model.trace(merge, q_2, output, descend, forward)
    u, v = sympy.symbols("z_1 z_2", real=True)
    law_1, law_2 = (shift.item() + slope.item() * v, log_var.item()), (q_2.mean.item(), q_2.log_var.item())

    def average(expression):
        return gaussian_mean(gaussian_mean(expression, {u: law_1}), {v: law_2})

    log_px, log_pz = model.textbook(u, v)
    log_q = normal_log_density(u, *law_1) + normal_log_density(v, *law_2)
    mean_elbo = [noise_mean(value, model.noise) for value in elbo(trace).entries]
    kl_2 = gaussian_mean(normal_log_density(v, *law_2) - normal_log_density(v, 0, 0), {v: law_2})
    log_pz_1 = log_pz - normal_log_density(v, 0, 0)
    kl_1 = gaussian_mean(normal_log_density(u, *law_1) - log_pz_1, {u: law_1})
    return [
        equal(
            "averaged over the noise, it is the defining integral",
            mean_elbo,
            [average(log_px + log_pz - log_q)],
        ),
        equal(
            "and the three terms, each an integral of its own",
            mean_elbo,
            [average(log_px) - kl_2 - gaussian_mean(kl_1, {v: law_2})],
        ),
        equal(
            "before the average, the lower KL is that integral at the drawn z_2",
            trace.layers[0].kl,
            [kl_1.subs(v, trace.layers[1].z.item())],
        ),
        equal(
            "the residual form of q(z_1 | x, z_2) changes nothing",
            elbo(model.trace(residual, q_2, relative, descend, forward)),
            elbo(trace),
        ),
    ]


@topdown_elbo.wrong("the sign of the lower KL")
def _(trace):
    return elbo(trace) + 2 * trace.layers[0].kl


@topdown_elbo.wrong("no expectation over z_2: the lower KL at the mean of q(z_2 | x)")
def _(trace):
    lower, top = trace.layers
    at_mean = [value.subs(_noise_of(top.z), 0) for value in lower.kl.entries]
    return elbo(trace) + lower.kl - SymbolicTensor(at_mean)


@topdown_elbo.wrong("the same q in bottom-up order, still with two closed forms")
def _(trace):
    lower, top = trace.layers
    slope, log_var = _slope(lower.q.mean, top.z), lower.q.log_var
    shift = lower.q.mean - slope * top.z
    first = Gaussian(shift + slope * top.q.mean, (log_var.exp() + slope**2 * top.q.log_var.exp()).log())
    message = (lower.z - shift) / slope, log_var - (slope**2).log()
    second = Gaussian(*gaussian_product(top.q.mean, top.q.log_var, *message))
    return trace.log_px_given_z - Layer(lower.z, first, lower.p).kl - Layer(top.z, second, top.p).kl


@topdown_elbo.wrong("the prior of z_1 asked before z_2 has been absorbed", instead_of=TopDown.descend)
def _(model, batch, choose):
    def prior(l, d):
        return model.backbone.prior(l, 0 * d)

    backbone = SimpleNamespace(start=model.backbone.start, absorb=model.backbone.absorb, prior=prior)
    return TopDown.descend(SimpleNamespace(config=model.config, backbone=backbone), batch, choose)


@topdown_elbo.wrong("the likelihood of a path without the decisions", instead_of=TopDown.forward)
def _(model, x):
    _, layers = model.decide(x, model.noise_for(x, None, None))
    return Trace(model.decode_path(SymbolicTensor([[0, 0]])).log_prob(x), layers)


@topdown_elbo.wrong("one noise for both levels", instead_of=TopDown.forward)
def _(model, x):
    first, _ = model.noise_for(x, None, None)
    d, layers = model.decide(x, (first, first))
    return Trace(model.decode_path(d).log_prob(x), layers)


@topdown_elbo.wrong("levels listed from the top", instead_of=TopDown.descend)
def _(model, batch, choose):
    d, z, p = TopDown.descend(model, batch, choose)
    return d, z[::-1], p[::-1]


def _noise_of(z):
    """The symbol of the noise that z was drawn with."""
    (noise,) = (part for part in z.item().free_symbols if part.name.startswith("epsilon"))
    return noise


def _slope(value, z):
    """d value / d z for two linear functions of one noise."""
    noise = _noise_of(z)
    return SymbolicTensor([[value.item().diff(noise) / z.item().diff(noise)]])


@topdown_elbo.wrong("KL(p || q) at the lower level")
def _(trace):
    lower, _ = trace.layers
    return elbo(trace) + lower.kl - Layer(lower.z, lower.p, Gaussian(lower.q.mean, lower.q.log_var)).kl


@theorem(
    "topdown-exact",
    chapter=CHAPTER,
    about=(ladder, elbo),
    statement=r"q(z_2 \mid x) = p(z_2 \mid x), \quad q(z_1 \mid x, z_2) \propto p(z_1 \mid z_2)\,"
    r" N\!\left(z_1; \frac{w^T(x - v z_2)}{w^T w}, \frac{r^2}{w^T w}\right)"
    r" \\ \;\Longrightarrow\; E_{\epsilon}[\texttt{elbo}] = \log p(x)."
    r" \\ \text{A message without } z_2 \text{ can do this only if } w^T v = 0.",
    source="N4 21.67-21.68",
    scope="x = w z_1 + v z_2 + noise, one coordinate of each z; two of x for the message, one for the bound",
)
def topdown_exact(ladder, elbo):
    """The likelihood is a Gaussian in z_1, the message; its mean moves with z_2 where w and v overlap."""
    return [*_message_claims(_SkipGenerator(data_dim=2), ladder), *_evidence_claims(ladder, elbo)]


def _message(model, z_2):
    """The likelihood of x as a Gaussian in z_1."""
    ww = (model.w**2).sum(-1, keepdim=True)
    mean = ((model.x - z_2 @ model.v) * model.w).sum(-1, keepdim=True) / ww
    return Gaussian(mean, model.log_var_x - ww.log())


def _message_claims(model, ladder):
    u, v = sympy.symbols("z_1 z_2", real=True)
    z_1, z_2 = SymbolicTensor([[u]]), SymbolicTensor([[v]])
    log_px, log_pz = model.textbook(u, v)
    message = _message(model, z_2)
    exact = ladder(model.prior(z_2), *message)
    other = Gaussian(real("m", 1, 1), log_variance("l", 1, 1))  # knows nothing of z_2
    blind = ladder(model.prior(z_2), *other)
    ww, wv = (model.w**2).sum().item(), (model.w * model.v).sum().item()
    ratio = (model.log_var_x - model.log_var_1).exp().item()
    same_width = (
        blind.mean.item().diff(v).subs(sympy.exp(other.log_var.item()), sympy.exp(message.log_var.item()))
    )
    return [
        equal(
            "log p(x | z) is the message, as far as z_1 goes",
            (log_px - message.log_prob(z_1).item()).diff(u),
            0,
        ),
        equal(
            "prior times message is p(z_1 | x, z_2)",
            (exact.log_prob(z_1).item() - log_px - log_pz).diff(u),
            0,
        ),
        true("the message's mean moves with z_2", sympy.Eq(message.mean.item().diff(v), -wv / ww)),
        equal(
            "a message without z_2 must have its variance, or the product has another one",
            (-exact.log_var).exp() - (-blind.log_var).exp(),
            (-message.log_var).exp() - (-other.log_var).exp(),
        ),
        equal(
            "but then the posterior's mean moves differently: the slopes in z_2 differ by",
            exact.mean.item().diff(v) - same_width,
            -wv / (ww + ratio),
        ),
    ]


def _evidence_claims(ladder, elbo):
    """With one coordinate of x: exactness, and what a message without z_2 loses."""
    model = _SkipGenerator()
    slope = model.w * model.a + model.v  # x = slope z_2 + noise, once z_1 is summed out
    noise_var = model.w**2 * model.log_var_1.exp() + model.log_var_x.exp()
    message_2 = model.x / slope, (noise_var / slope**2).log()
    trace = model.trace(ladder, message_2, lambda z_2: _message(model, z_2))
    evidence = normal_log_density(model.x.item(), 0, sympy.log((slope**2 + noise_var).item()))
    q_2 = trace.layers[1].q
    fixed = _message(model, q_2.mean)  # the best message that does not see z_2, of the right variance
    blind = model.trace(ladder, message_2, lambda z_2: fixed)
    top = trace.layers[1]._replace(p=Gaussian(*map(SymbolicTensor, trace.layers[1].p)))  # from torch's zeros
    lost = _slope(trace.layers[0].q.mean - blind.layers[0].q.mean, trace.layers[1].z)
    gap = q_2.log_var.exp() * lost**2 / (2 * trace.layers[0].q.log_var.exp())
    return [
        equal(
            "with both products the importance weight is p(x), whatever the noise",
            trace._replace(layers=(trace.layers[0], top)).log_weight,
            [evidence],
        ),
        equal(
            "and the objective, averaged over the noise, is log p(x)",
            quadratic_noise_mean(elbo(trace).item(), model.noise),
            evidence,
        ),
        equal(
            "a message at the mean of z_2 costs that difference squared, times var z_2 over twice var z_1",
            quadratic_noise_mean((elbo(trace) - elbo(blind)).item(), model.noise),
            gap.item(),
        ),
    ]


@topdown_exact.wrong("means averaged by variances")
def _(p_z, first, second):
    mean, _ = gaussian_product(p_z.mean, second, first, p_z.log_var)
    return Gaussian(mean, ladder(p_z, first, second).log_var)


@topdown_exact.wrong("the message alone, the prior forgotten")
def _(p_z, first, second):
    return merge(p_z, first, second)


@topdown_exact.wrong("the KL of the lower level left out", instead_of=elbo)
def _(trace):
    return trace.log_px_given_z - trace.layers[1].kl
