"""Theorems about discrete reparameterizations: Gumbel noise, the argmax, its relaxation, straight-through."""

import sympy
import torch
from torch.overrides import TorchFunctionMode

from hvae_lessons.formulas.discrete_samples import gumbel_max, gumbel_noise, gumbel_softmax, straight_through
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.symbolic import SymbolicTensor, positive, real


class _SymbolicDraws(TorchFunctionMode):
    """In this context torch draws distinct positive symbols u where it would draw exponential noise."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.exponential_:
            return positive("u", *args[0].shape)
        return func(*args, **(kwargs or {}))


def _symbolic_gumbel(gumbel_noise, size):
    """What `gumbel_noise` makes of exponential draws u, and the draws."""
    with _SymbolicDraws():
        return gumbel_noise((size,)), positive("u", size)


@theorem(
    "gumbel-noise",
    chapter="reparameterization",
    about=(gumbel_noise,),
    statement=r"g = -\log u, \ u \sim \operatorname{Exp}(1): \quad P(g \le t) = e^{-e^{-t}}, \qquad"
    r" E[g] = \gamma, \quad \operatorname{Var}[g] = \frac{\pi^2}{6}",
    source="N4 21.6.5, before 21.85",
    scope="each entry; that torch draws Exp(1) is checked by numbers",
)
def gumbel_noise_law(gumbel_noise):
    """g decreases in u, so P(g <= g(u)) is the probability e^-u of a draw above u."""
    noise, draws = _symbolic_gumbel(gumbel_noise, 2)
    g, u = noise.entries[0], draws.entries[0]
    power = sympy.Symbol("k", positive=True)
    moments = sympy.integrate(sympy.exp(-g) ** power * sympy.exp(-u), (u, 0, sympy.oo), conds="none")
    cumulants = sympy.log(moments)  # of -g, as derivatives at 0
    return [
        true("g decreases in u", g.diff(u) < 0),
        equal("the distribution function at g(u) is e^-u", sympy.exp(-sympy.exp(-g)), sympy.exp(-u)),
        equal("E[e^(-k g)] is Gamma(1 + k)", moments, sympy.gamma(1 + power)),
        equal("so the mean is Euler's constant", -cumulants.diff(power).subs(power, 0), sympy.EulerGamma),
        equal("and the variance pi^2 / 6", cumulants.diff(power, 2).subs(power, 0), sympy.pi**2 / 6),
        equal("each entry has its own draw", noise.entries[1], g.subs(u, draws.entries[1])),
    ]


@gumbel_noise_law.wrong("one minus sign lost")
def _(shape, generator=None):
    return torch.log(torch.empty(shape).exponential_(generator=generator))


@gumbel_noise_law.wrong("one logarithm lost")
def _(shape, generator=None):
    return torch.empty(shape).exponential_(generator=generator)


def _probability(event, draws, index):
    """P(event) for independent Exp(1) draws; the event bounds every draw by a multiple of draw `index`."""
    inner = sympy.exp(-draws[index])
    for comparison in event.atoms(sympy.core.relational.Relational):
        (other,) = comparison.free_symbols & set(draws) - {draws[index]}
        margin = comparison.gts - comparison.lts
        (bound,) = sympy.solve(margin, other)
        above = sympy.simplify(margin.diff(other)).is_positive
        limits = (bound, sympy.oo) if above else (0, bound)
        inner *= sympy.integrate(sympy.exp(-other), (other, *limits))
    return sympy.integrate(sympy.expand(sympy.powsimp(inner)), (draws[index], 0, sympy.oo))


@theorem(
    "gumbel-max",
    chapter="reparameterization",
    about=(gumbel_max, gumbel_noise),
    statement=r"P\left(\operatorname{argmax}_k\,(a_k + g_k) = k\right) = \operatorname{softmax}(a)_k",
    source="N4 21.6.5, before 21.85",
    scope="two and three classes, any logits",
)
def gumbel_max_law(gumbel_max, gumbel_noise):
    """The event y = k is read off what the code returns and integrated over the exponential draws.

    The logits are log c_k: any real number is one. Ties have probability zero, the last class has the rest.
    """
    claims = []
    for classes in (2, 3):
        weights = positive("c", classes)
        noise, draws = _symbolic_gumbel(gumbel_noise, classes)
        branches = gumbel_max(weights.log(), noise).item().args
        for k in range(classes - 1):
            outcome, event = branches[k]
            claims += [
                equal(f"{classes} classes: case {k} of the code's case distinction is class {k}", outcome, k),
                equal(
                    f"P(y = {k}) is softmax(a)_{k}",
                    _probability(event, list(draws.entries), k),
                    weights.entries[k] / weights.entries.sum(),
                ),
            ]
    return claims


@gumbel_max_law.wrong("noise subtracted")
def _(logits, noise):
    return torch.argmax(logits - noise, -1)


@gumbel_max_law.wrong("logits doubled: a temperature inside the argmax")
def _(logits, noise):
    return torch.argmax(2 * logits + noise, -1)


@gumbel_max_law.wrong("noise with one minus sign lost", instead_of=gumbel_noise)
def _(shape, generator=None):
    return torch.log(torch.empty(shape).exponential_(generator=generator))


@theorem(
    "gumbel-softmax-limit",
    chapter="reparameterization",
    about=(gumbel_softmax,),
    statement=r"w(\tau) = \operatorname{softmax}\left(\frac{a + g}{\tau}\right): \quad"
    r" \lim_{\tau \to 0} w = e_{\operatorname{argmax}(a + g)}, \qquad"
    r" \lim_{\tau \to \infty} w_k = \frac{1}{Y}, \qquad \sum_k w_k = 1",
    source="N4 21.85",
    scope="three classes, any logits and noise without a tie for the largest",
)
def gumbel_softmax_limit(gumbel_softmax):
    """The largest of a + g is m, the others lie d_k below: ratios fix weights that sum to one."""
    temperature, largest = sympy.Symbol("tau", positive=True), sympy.Symbol("m", real=True)
    below, noise = positive("d", 2).entries, real("g", 3)
    claims = []
    for winner in range(3):
        perturbed = [largest - below[0], largest - below[1]]
        perturbed.insert(winner, largest)
        weights = gumbel_softmax(SymbolicTensor(perturbed) - noise, noise, temperature)
        gaps = [largest - value for value in perturbed]
        ratios = [sympy.exp(-gap / temperature) for gap in gaps]
        cold = [sympy.limit(ratio, temperature, 0, "+") for ratio in ratios]
        hot = [sympy.limit(ratio, temperature, sympy.oo) for ratio in ratios]
        claims += [
            equal(
                f"class {winner} is largest: the ratio of w_k to its weight is e^(-d_k / tau)",
                [sympy.powsimp(weight / weights.entries[winner]) for weight in weights.entries],
                ratios,
            ),
            equal(
                "which is 0 in the cold limit, 1 for the class itself", cold, [int(not gap) for gap in gaps]
            ),
            equal("and 1 in the hot limit", hot, [1, 1, 1]),
            equal("the weights sum to one", weights.sum(), 1),
            true("and are positive", sympy.And(*(weight > 0 for weight in weights.entries))),
        ]
    two_rows = real("a", 2, 3), real("g", 2, 3)
    return [*claims, row_by_row(lambda *rows: gumbel_softmax(*rows, temperature), *two_rows)]


@gumbel_softmax_limit.wrong("multiplied by the temperature")
def _(logits, noise, temperature):
    return torch.softmax((logits + noise) * temperature, -1)


@gumbel_softmax_limit.wrong("temperature on the logits only")
def _(logits, noise, temperature):
    return torch.softmax(logits / temperature + noise, -1)


@gumbel_softmax_limit.wrong("not normalized")
def _(logits, noise, temperature):
    return torch.exp((logits + noise) / temperature)


@theorem(
    "straight-through",
    chapter="reparameterization",
    about=(straight_through,),
    statement=r"\text{value: } e_{\operatorname{argmax} w}, \qquad \text{Jacobian: } I",
    source="N4 21.6.1, after 21.75",
    scope="three classes, without a tie for the largest",
)
def straight_through_estimator(straight_through):
    """Detached terms keep their value and lose their derivative, as in torch."""
    soft = real("w", 3)
    hard = straight_through(soft)
    jacobian = sympy.Matrix(3, 3, lambda i, j: hard.entries[i].diff(soft.entries[j]))
    largest, below = sympy.Symbol("m", real=True), positive("d", 2).entries
    claims = [equal("the Jacobian is the identity", jacobian, sympy.eye(3))]
    for winner in range(3):
        ordered = [largest - below[0], largest - below[1]]
        ordered.insert(winner, largest)
        point = dict(zip(soft.entries, ordered, strict=True))
        value = [entry.doit().subs(point) for entry in hard.entries]
        one_hot = [int(k == winner) for k in range(3)]
        claims.append(equal(f"class {winner} is largest: the value is one-hot", value, one_hot))
    return claims


@straight_through_estimator.wrong("nothing detached")
def _(soft):
    return (soft - soft) + torch.nn.functional.one_hot(torch.argmax(soft, -1), soft.shape[-1])


@straight_through_estimator.wrong("relaxed vector forward")
def _(soft):
    return soft


@straight_through_estimator.wrong("value of the relaxed vector added")
def _(soft):
    return soft + torch.nn.functional.one_hot(torch.argmax(soft, -1), soft.shape[-1])
