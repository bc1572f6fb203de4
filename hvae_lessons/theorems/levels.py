"""Theorems about objectives that treat levels apart: free bits, and the balancing of KLs."""

import itertools

import sympy
import torch

from hvae_lessons.objectives import balanced_elbo, balancing_weights, beta_elbo, free_bits
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.symbolic import SymbolicTensor, positive, real
from hvae_lessons.trace import Trace


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


class _Level:
    """A layer reduced to its KL."""

    def __init__(self, kl):
        self.kl = kl


@theorem(
    "kl-balancing",
    chapter="topdown",
    about=(balancing_weights, balanced_elbo, beta_elbo),
    statement=r"\gamma_l = \frac{L s_l \overline{\mathrm{KL}}_l}{\sum_k s_k \overline{\mathrm{KL}}_k}, \quad"
    r" \frac{1}{L}\sum_l \gamma_l = 1; \\"
    r" \frac{\partial}{\partial \mathrm{KL}_{l,b}} \frac{1}{B} \sum_b \texttt{balanced\_elbo}_b"
    r" = -\frac{\beta \gamma_l}{B}; \\"
    r" \gamma_1 = \dots = \gamma_L = 1 \iff"
    r" s_1 \overline{\mathrm{KL}}_1 = \dots = s_L \overline{\mathrm{KL}}_L",
    source="N4 21.70-21.71",
    scope="three levels, two examples, every KL positive; and all of them zero",
)
def kl_balancing(weights, balanced, beta_elbo):
    """gamma is a constant for the gradient, and 1 only at a point that depends on the sizes."""
    kls = [positive(f"k{l}", 2) for l in (1, 2, 3)]
    trace = Trace(real("r", 2), tuple(map(_Level, kls)))
    sizes, beta = sympy.symbols("s1:4", positive=True), sympy.Symbol("beta", positive=True)
    shares = [size * sum(kl.entries) / 2 for size, kl in zip(sizes, kls, strict=True)]
    gamma = [3 * share / sum(shares) for share in shares]
    computed = [value.doit() for value in weights(trace, sizes).entries]
    loss = balanced(trace, sizes, beta).mean().item()
    penalty = sum(g * kl.mean().item() for g, kl in zip(gamma, kls, strict=True))
    equal_share = [sympy.Symbol("c", positive=True) / size for size in sizes]
    even = Trace(real("r", 2), tuple(_Level(SymbolicTensor([part, part])) for part in equal_share))
    nothing = Trace(real("r", 2), tuple(_Level(SymbolicTensor([0, 0])) for _ in kls))
    return [
        equal("the weights", computed, gamma),
        equal("their mean is 1", sum(computed) / 3, 1),
        equal(
            "the objective, example by example",
            [value.doit() for value in balanced(trace, sizes, beta).entries],
            [
                reconstruction - beta * sum(g * kl.entries[b] for g, kl in zip(gamma, kls, strict=True))
                for b, reconstruction in enumerate(trace.log_px_given_z.entries)
            ],
        ),
        equal("the mean of the objective", loss.doit(), trace.log_px_given_z.mean().item() - beta * penalty),
        equal(
            "its gradient: the weights are held fixed",
            [[loss.diff(entry).doit() for entry in kl.entries] for kl in kls],
            [[-beta * g / 2] * 2 for g in gamma],
        ),
        equal(
            "two weights differ as s KL does",
            computed[0] - computed[1],
            3 * (shares[0] - shares[1]) / sum(shares),
        ),
        equal("where s KL is the same at all levels, the weights are 1", weights(even, sizes), [1, 1, 1]),
        equal("and the objective is beta_elbo", balanced(even, sizes, beta), beta_elbo(even, beta)),
        equal("without sizes s is 1", weights(trace), weights(trace, (1, 1, 1))),
        equal("if every KL is zero the weights are 1", weights(nothing), [1, 1, 1]),
    ]


@kl_balancing.wrong("weights that sum to 1")
def _(trace, sizes=None):
    return balancing_weights(trace, sizes) / len(trace.layers)


@kl_balancing.wrong("the level that carries least is charged most")
def _(trace, sizes=None):
    inverse = 1 / balancing_weights(trace, sizes)
    return inverse / inverse.mean()


@kl_balancing.wrong("divided by the sizes")
def _(trace, sizes=None):
    return balancing_weights(trace, None if sizes is None else [1 / size for size in sizes])


@kl_balancing.wrong("the charge of each example averaged over the batch", instead_of=balanced_elbo)
def _(trace, sizes=None, beta=1.0):
    even = Trace(
        trace.log_px_given_z, tuple(_Level(layer.kl.mean().expand_as(layer.kl)) for layer in trace.layers)
    )
    return balanced_elbo(even, sizes, beta)


@kl_balancing.wrong("nothing to balance, and so no weight at all")
def _(trace, sizes=None):
    weights = balancing_weights(trace, sizes)
    total = sum(layer.kl.mean().item() for layer in trace.layers)
    return 0 * weights if total == 0 else weights


@kl_balancing.wrong("a gradient through the weights", instead_of=balanced_elbo)
def _(trace, sizes=None, beta=1.0):
    sizes = (1,) * len(trace.layers) if sizes is None else sizes
    shares = torch.stack([size * layer.kl.mean() for size, layer in zip(sizes, trace.layers, strict=True)])
    kl = sum(share * layer.kl for share, layer in zip(shares.unbind(), trace.layers, strict=True))
    return trace.log_px_given_z - beta * kl / shares.mean()
