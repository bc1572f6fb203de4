"""The theorem about KL balancing: what the weights are, what they do to the gradient, where they rest."""

import sympy
import torch

from hvae_lessons.objectives import balanced_elbo, balancing_weights, beta_elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.symbolic import SymbolicTensor, positive, real
from hvae_lessons.trace import Trace


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
