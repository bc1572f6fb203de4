"""Theorems about the label's bound: what it is, what maximizes it, and how a drawn label is trained."""

from typing import NamedTuple

import sympy
import torch

from hvae_lessons.formulas.divergences import kl_categorical_uniform
from hvae_lessons.formulas.labels import (
    average_labels,
    expected_cost,
    labels_given_code,
    labels_given_data,
    log_ratio_cost,
    mean_of_others,
    sampled_cost,
)
from hvae_lessons.models.clustering import CodeTerm, LabelTerm
from hvae_lessons.objectives import elbo, weighted_elbo
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.textbook import categorical_kl_sum, softmax
from hvae_lessons.symbolic import SymbolicTensor, positive, real
from hvae_lessons.trace import Trace


class _FiniteModel:
    """z and y take two values each; every probability is a symbol. The integral over z is a sum."""

    def __init__(self):
        odds = positive("u", 6).entries

        def share(u):
            return (1 / (1 + u), u / (1 + u))

        self.q_z = share(odds[0])
        self.q_y = [share(odds[1]), share(odds[2])]  # q(y | z), by z
        self.p_z = [share(odds[3]), share(odds[4])]  # p(z | y), by y
        self.px_given_z = positive("c", 2).entries

    def costs(self, log_ratio_cost, z):
        """log q(z) - log p(z | y) for both y, at one z."""
        log_p = SymbolicTensor([sympy.log(self.p_z[y][z]) for y in range(2)])
        return log_ratio_cost(SymbolicTensor(sympy.log(self.q_z[z])), log_p)

    def divergences(self):
        """KL(q(z) || p(z | y)) for both y, by its definition."""
        return SymbolicTensor([categorical_kl_sum(self.q_z, self.p_z[y]) for y in range(2)])

    def bound(self, costs_at, expected_cost, elbo):
        """The package's objective, averaged over z."""
        total = 0
        for z in range(2):
            logits = SymbolicTensor(list(self.q_y[z])).log()
            code = CodeTerm(None, None, None, expected_cost(costs_at(z), logits))
            log_px = SymbolicTensor(sympy.log(self.px_given_z[z]))
            total = total + self.q_z[z] * elbo(Trace(log_px, (code, LabelTerm(logits)))).item()
        return total

    def evidence(self):
        """log p(x)."""
        return sympy.log(sum(self._joint(z, y) for z in range(2) for y in range(2)))

    def distance(self, q):
        """KL(q(z, y) || p(z, y | x)) for q[z][y], as a sum over the four states."""
        px = sympy.exp(self.evidence())
        states = [(z, y) for z in range(2) for y in range(2)]
        return categorical_kl_sum([q[z][y] for z, y in states], [self._joint(z, y) / px for z, y in states])

    def _joint(self, z, y):
        return self.px_given_z[z] * self.p_z[y][z] / 2


@theorem(
    "two-cluster-bounds",
    chapter="clustering",
    about=(log_ratio_cost, expected_cost, elbo),
    statement=r"\log p(x) - \mathcal{R} = "
    r"\mathrm{KL}\big(q(z \mid x)\, q(y \mid z) \,\|\, p(z, y \mid x)\big)"
    r","
    r"\qquad \log p(x) - \mathcal{A} = E_{z' \sim q(z \mid x)}\Big["
    r"\mathrm{KL}\big(q(z \mid x)\, q(y \mid z') \,\|\, p(z, y \mid x)\big)\Big]",
    source="N0's bound (R, with the log-ratio) and its step 4 (A, with the analytic KL)",
    scope="two values of z and of y, every probability a symbol",
)
def two_cluster_bounds(log_ratio_cost, expected_cost, elbo):
    """Both gaps are divergences, so both are lower bounds: of two different inference models."""
    model = _FiniteModel()
    by_ratio = model.bound(lambda z: model.costs(log_ratio_cost, z), expected_cost, elbo)
    by_kl = model.bound(lambda z: model.divergences(), expected_cost, elbo)
    own = [[model.q_z[z] * model.q_y[z][y] for y in range(2)] for z in range(2)]
    strange = [[[model.q_z[z] * model.q_y[w][y] for y in range(2)] for z in range(2)] for w in range(2)]
    return [
        equal("log-ratio form: y read off z itself", model.evidence() - by_ratio, model.distance(own)),
        equal(
            "analytic form: y read off another draw z' of q(z | x)",
            model.evidence() - by_kl,
            sum(model.q_z[w] * model.distance(strange[w]) for w in range(2)),
        ),
    ]


@two_cluster_bounds.wrong("the ratio upside down")
def _(log_q_z, log_pz_given_y):
    return log_pz_given_y - log_q_z.unsqueeze(-1)


@two_cluster_bounds.wrong("the label's KL left out", instead_of=elbo)
def _(trace):
    return trace.log_px_given_z - trace.layers[0].kl


@theorem(
    "cluster-joint-kl",
    chapter="clustering",
    about=(log_ratio_cost, expected_cost, elbo),
    statement=r"\mathrm{KL}\big(q(x, z, y) \,\|\, p(x, z, y)\big)"
    r" = -\mathrm{H}(p_D) - E_{p_D}[\mathcal{R}(x)], \qquad q(x, z, y) = p_D(x)\, q(z \mid x)\, q(y \mid z)",
    source="N0, the joint KL, its constant and its three terms",
    scope="one term of the average over x: two values of z and of y, every probability a symbol",
)
def cluster_joint_kl(log_ratio_cost, expected_cost, elbo):
    """For one x of data probability d: sum over z, y of q log q/p is d log d minus d times the objective."""
    model, d = _FiniteModel(), sympy.Symbol("d", positive=True)
    by_ratio = model.bound(lambda z: model.costs(log_ratio_cost, z), expected_cost, elbo)
    states = [(z, y) for z in range(2) for y in range(2)]
    q = [d * model.q_z[z] * model.q_y[z][y] for z, y in states]
    p = [model.px_given_z[z] * model.p_z[y][z] / 2 for z, y in states]
    return [
        equal("the share of x in the joint KL", categorical_kl_sum(q, p), d * sympy.log(d) - d * by_ratio)
    ]


@cluster_joint_kl.wrong("reconstruction with the wrong sign", instead_of=elbo)
def _(trace):
    return -trace.log_px_given_z - trace.kl


@cluster_joint_kl.wrong("labels drawn evenly", instead_of=expected_cost)
def _(cost, logits):
    return cost.mean(-1)


@theorem(
    "best-labels-given-code",
    chapter="clustering",
    about=(labels_given_code,),
    statement=r"\sum_y q_y \Big[\log\frac{q(z \mid x)}{p(z \mid y)} + \log\frac{q_y}{p(y)}\Big]"
    r" = \log\frac{q(z \mid x)}{p(z)} + \mathrm{KL}\big(q \,\|\, p(y \mid z)\big)",
    source="N0's bound, minimized over q(y | z)",
    scope="three clusters",
)
def best_labels_given_code(labels_given_code):
    """Any other q(y | z) costs its KL to p(y | z) more."""
    a, log_p, log_q = real("a", 3), real("l", 3), real("t")

    def price(logits):
        return (expected_cost(log_ratio_cost(log_q, log_p), logits) + kl_categorical_uniform(logits)).item()

    best = labels_given_code(log_p)
    mixture = sum(sympy.exp(entry) for entry in log_p.entries) / 3
    return [
        equal(
            "at its best the label is free: the price is log q(z | x) / p(z)",
            price(best),
            log_q.item() - sympy.log(mixture),
        ),
        equal(
            "any other label distribution pays its distance to p(y | z)",
            price(a) - price(best),
            categorical_kl_sum(softmax(a), softmax(log_p)),
        ),
    ]


@best_labels_given_code.wrong("the farthest cluster preferred")
def _(log_pz_given_y):
    return torch.log_softmax(-log_pz_given_y, -1)


@best_labels_given_code.wrong("a temperature of two")
def _(log_pz_given_y):
    return torch.log_softmax(0.5 * log_pz_given_y, -1)


@theorem(
    "best-labels-given-data",
    chapter="clustering",
    about=(labels_given_data, average_labels),
    statement=r"\sum_y q_y \Big[\mathrm{KL}_y + \log\frac{q_y}{p(y)}\Big] ="
    r" -\log\sum_y p(y)\, e^{-\mathrm{KL}_y} + \mathrm{KL}(q \,\|\, q^*),"
    r"\qquad q^*_y \propto e^{-\mathrm{KL}_y} \propto \exp E_{q(z \mid x)}[\log p(y \mid z)]",
    source="Jiang et al. (2017): its bound in q(y | x), and the q(y | x) that it uses",
    scope="two clusters, q(z | x) on two points",
)
def best_labels_given_data(labels_given_data, average_labels):
    """The optimum is the normalized geometric mean of p(y | z); the arithmetic mean pays for it."""
    u = positive("u").item()
    weight = (1 / (1 + u), u / (1 + u))
    log_p = real("l", 2, 2)  # log p(z | y), by z and y
    kl = SymbolicTensor(
        [sum(weight[z] * (sympy.log(weight[z]) - log_p.entries[z, y]) for z in range(2)) for y in range(2)]
    )
    a = real("a", 2)

    def price(logits):
        return (expected_cost(kl, logits) + kl_categorical_uniform(logits)).item()

    best = labels_given_data(kl)
    labels = [softmax(log_p[z]) for z in range(2)]
    geometric = [sum(weight[z] * sympy.log(labels[z][y]) for z in range(2)) for y in range(2)]
    even = average_labels(log_p)
    halves = {u: 1, **dict(zip(log_p.entries.flat, map(sympy.log, (9, 1, 1, 4))))}
    lost = (price(even) - price(best)).subs(halves)
    return [
        equal(
            "any other q(y | x) pays its distance to q*",
            price(a) - price(best),
            categorical_kl_sum(softmax(a), softmax(best)),
        ),
        equal("q* is the geometric mean, normalized", best[0] - best[1], geometric[0] - geometric[1]),
        equal("VaDE's is the arithmetic mean", even.exp(), [(p + q) / 2 for p, q in zip(*labels)]),
        true("which is not as good: an example", sympy.Gt(sympy.nsimplify(lost), 0)),
    ]


@best_labels_given_data.wrong("the farthest cluster preferred")
def _(kl_per_label):
    return torch.log_softmax(kl_per_label, -1)


@best_labels_given_data.wrong("the geometric mean in place of the arithmetic one", instead_of=average_labels)
def _(log_pz_given_y):
    return labels_given_data(-torch.log_softmax(log_pz_given_y, -1).mean(0))


@theorem(
    "sampled-label-gradient",
    chapter="clustering",
    about=(sampled_cost,),
    statement=r"E_{\hat y \sim q}\big[\nabla\, \texttt{sampled\_cost}(\hat y)\big] = \nabla \sum_y q_y c_y",
    source="N0, step 4, which is silent on it; Williams (1992)",
    scope="three clusters; gradients in the logits and in a parameter of the costs; any baseline",
)
def sampled_label_gradient(sampled_cost):
    """The mean over the draw of value and gradient; the baseline drops out."""
    a, slope, theta, b = real("a", 3), real("c", 3), real("theta").item(), real("b").item()
    cost = slope * theta
    draws = [sampled_cost(cost[k], a, torch.tensor(k), b).item() for k in range(3)]
    q = softmax(a)
    exact = sum(q[k] * cost.entries[k] for k in range(3))
    parameters = [*a.entries, theta]
    return [
        equal("the value is the cost", [draw.doit() for draw in draws], list(cost.entries)),
        equal(
            "the gradient is right on average",
            [sum(q[k] * draws[k].diff(v).doit() for k in range(3)) for v in parameters],
            [exact.diff(v) for v in parameters],
        ),
    ]


@sampled_label_gradient.wrong("the draw without its score: N0's step 4 as it stands")
def _(cost_at_y, logits, y, baseline=0.0):
    return cost_at_y


@sampled_label_gradient.wrong("the score with the wrong sign")
def _(cost_at_y, logits, y, baseline=0.0):
    return 2 * cost_at_y - sampled_cost(cost_at_y, logits, y, baseline)


@theorem(
    "leave-one-out-baseline",
    chapter="clustering",
    about=(mean_of_others,),
    statement=r"b_i = \frac{1}{n - 1} \sum_{j \ne i} c_j: \qquad \frac{\partial b_i}{\partial c_i} = 0, \quad"
    r" \frac1n \sum_i (c_i - b_i)\, s_i = \frac{1}{n - 1} \sum_i (c_i - \bar c)\, s_i",
    source="the leave-one-out baseline of REINFORCE",
    scope="one to four draws, in one batch axis or two; any scores s_i",
)
def leave_one_out(mean_of_others):
    """Each baseline is free of its own draw; together they are what subtracts the mean without a bias."""
    claims = []
    for shape in ((2,), (3,), (4,), (2, 2)):
        draws, scores = real("c", *shape), real("s", *shape).entries.flatten()
        values, baselines = draws.entries.flatten(), mean_of_others(draws)
        count, at = len(values), [b.doit() for b in baselines.entries.flatten()]
        pairs = list(zip(values, at, strict=True))
        centered = values - sum(values) / count
        claims += [
            equal(f"{shape}: the mean of the others", at, (sum(values) - values) / (count - 1)),
            equal("free of its own draw", [b.diff(c) for c, b in pairs], [0] * count),
            equal(
                "and no gradient passes",
                [b.diff(c) for b in baselines.entries.flat for c in values],
                [0] * count**2,
            ),
            equal(
                "with any scores: the mean subtracted, over n - 1",
                sum((c - b) * s for (c, b), s in zip(pairs, scores, strict=True)) / count,
                sum(centered * scores) / (count - 1),
            ),
        ]
    return [*claims, equal("a single draw has no baseline", mean_of_others(real("c", 1)), [0])]


@leave_one_out.wrong("the mean of all, its own draw among them")
def _(values):
    return values.detach().mean() + 0 * values.detach()


@leave_one_out.wrong("divided by n")
def _(values):
    return mean_of_others(values) * (values.numel() - 1) / values.numel()


@leave_one_out.wrong("not held fixed")
def _(values):
    return (values.sum() - values) / max(values.numel() - 1, 1)


class _Layer(NamedTuple):
    kl: SymbolicTensor


@theorem(
    "weighted-elbo-objective",
    chapter="clustering",
    about=(weighted_elbo, elbo),
    statement=r"\log p(x \mid z) - \sum_l \beta_l \mathrm{KL}_l",
    source="N4 21.71, the weights; N0's two KL terms",
    scope="two layers, two examples",
)
def weighted_elbo_objective(weighted_elbo, elbo):
    """The definition, and the ELBO for equal weights of one."""
    log_px, first, second = real("r", 2), real("k", 2), real("j", 2)
    trace = Trace(log_px, (_Layer(first), _Layer(second)))
    weights = (sympy.Symbol("beta_1", positive=True), sympy.Symbol("beta_2", positive=True))
    expected = log_px.entries - weights[0] * first.entries - weights[1] * second.entries
    return [
        equal("each layer bears its own weight", weighted_elbo(trace, weights), list(expected)),
        equal("weights of one give the ELBO", weighted_elbo(trace, (1, 1)), elbo(trace)),
    ]


@weighted_elbo_objective.wrong("weights in the wrong order")
def _(trace, betas):
    return weighted_elbo(trace, betas[::-1])


@weighted_elbo_objective.wrong("weights averaged")
def _(trace, betas):
    return trace.log_px_given_z - sum(betas) / len(betas) * trace.kl
