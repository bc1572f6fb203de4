"""Theorems about labels: the two forms of their cost, the best of them, and how a drawn one is trained."""

import sympy
import torch

from hvae_lessons.formulas.discrete_divergences import kl_categorical_uniform
from hvae_lessons.formulas.labels import (
    average_labels,
    expected_cost,
    labels_given_code,
    labels_given_data,
    log_ratio_cost,
    mean_of_others,
    sampled_cost,
)
from hvae_lessons.formulas.mixtures import mixture_kl
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.moments import log_variance, noise_mean, normal_log_density
from hvae_lessons.proofs.textbook import categorical_kl_sum, softmax
from hvae_lessons.symbolic import SymbolicTensor, positive, real


@theorem(
    "conditional-prior-forms",
    chapter="clustering",
    about=(log_ratio_cost, mixture_kl, expected_cost),
    statement=r"E_{q(z \mid x)}\Big[\sum_y q(y \mid z) \log\frac{q(z \mid x)}{p(z \mid y)}\Big]"
    r" - E_{q(z \mid x)}\Big[\sum_y q(y \mid z)\, \mathrm{KL}(q(z \mid x) \,\|\, p(z \mid y))\Big]"
    r" = -\sum_y \mathrm{Cov}_{q(z \mid x)}\big(q(y \mid z), \log p(z \mid y)\big)",
    source="N0, where it fixes the form of the distributions and calls the two equal",
    scope="one coordinate, two clusters, q(1 | z) any quadratic in z (both sides are linear in it)",
)
def conditional_prior_forms(log_ratio_cost, mixture_kl, expected_cost):
    """The covariance comes from its own integrals; it vanishes when q(y | z) is constant."""
    mean, log_var = real("mu", 1), log_variance("sigma", 1)
    centers, scales = real("m", 2, 1), positive("s", 2, 1, 1)
    noise, (a, b, c) = real("epsilon", 1), sympy.symbols("a b c", real=True)
    first = a + b * noise.item() + c * noise.item() ** 2
    labels = SymbolicTensor([first, 1 - first])
    z = mean + (0.5 * log_var).exp() * noise
    log_q = normal_log_density(z.item(), mean.item(), log_var.item())
    log_p = [
        normal_log_density(z.item(), m, 2 * sympy.log(s))
        for m, s in zip(centers.entries[:, 0], scales.entries.flat)
    ]
    by_ratio = expected_cost(
        log_ratio_cost(SymbolicTensor(log_q), SymbolicTensor(log_p)), labels.log()
    ).item()
    by_kl = expected_cost(mixture_kl(mean, log_var, centers, scales), labels.log()).item()

    def average(expression):
        return noise_mean(sympy.expand(expression), noise)

    covariance = sum(
        average(q * p) - average(q) * average(p) for q, p in zip((first, 1 - first), log_p, strict=True)
    )
    difference = average(by_ratio) - average(by_kl)
    return [
        equal("the forms differ by the covariances of q(y | z) and log p(z | y)", difference, -covariance),
        equal("they agree if q(y | z) does not depend on z", difference.subs({b: 0, c: 0}), 0),
    ]


@conditional_prior_forms.wrong("the ratio upside down")
def _(log_q_z, log_pz_given_y):
    return log_pz_given_y - log_q_z.unsqueeze(-1)


@conditional_prior_forms.wrong("the spread of q left out of the KL", instead_of=mixture_kl)
def _(mean_q, log_var_q, mean, scale_tril):
    spread = torch.exp(log_var_q) @ (torch.linalg.inv(scale_tril) ** 2).sum(-2).T
    return mixture_kl(mean_q, log_var_q, mean, scale_tril) - 0.5 * spread


@conditional_prior_forms.wrong("clusters averaged, not weighted", instead_of=expected_cost)
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
    statement=r"b_i = \frac{1}{B - 1} \sum_{j \ne i} c_j: \qquad \frac{\partial b_i}{\partial c_i} = 0, \quad"
    r" \frac1B \sum_i (c_i - b_i)\, s_i = \frac{1}{B - 1} \sum_i (c_i - \bar c)\, s_i",
    source="the leave-one-out baseline of REINFORCE",
    scope="batches of one to four, any scores s_i",
)
def leave_one_out(mean_of_others):
    """Each baseline is free of its own draw; together they subtract the mean, without the mean's bias."""
    claims = [equal("in a batch of one it is 0", mean_of_others(real("c", 1)), [0])]
    for size in (2, 3, 4):
        draws, scores = real("c", size), real("s", size).entries
        values, baselines = draws.entries, mean_of_others(draws).entries
        at = [baseline.doit() for baseline in baselines]
        claims += [
            equal(f"the mean of the other {size - 1}", at, (sum(values) - values) / (size - 1)),
            equal("free of its own draw", [b.diff(c) for b, c in zip(at, values)], [0] * size),
            equal(
                "no gradient passes", [[b.diff(c) for c in values] for b in baselines], [[0] * size] * size
            ),
            equal(
                "with any scores: the mean subtracted, over B - 1",
                ((values - at) * scores).sum() / size,
                ((values - sum(values) / size) * scores).sum() / (size - 1),
            ),
        ]
    return [*claims, row_by_row(mean_of_others, real("c", 2, 3))]


@leave_one_out.wrong("the mean of all, its own draw among them")
def _(values):
    return values.detach().mean(-1, keepdim=True) + 0 * values.detach()


@leave_one_out.wrong("divided by B")
def _(values):
    return mean_of_others(values) * (values.shape[-1] - 1) / values.shape[-1]


@leave_one_out.wrong("not held fixed")
def _(values):
    return (values.sum(-1, keepdim=True) - values) / max(values.shape[-1] - 1, 1)


@leave_one_out.wrong("the others of every batch")
def _(values):
    return (values.detach().sum() - values.detach()) / max(values.numel() - 1, 1)
