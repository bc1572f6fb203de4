"""Theorems about the bound with clusters: its gap, in both forms, and its share in the joint KL."""

import sympy

from hvae_lessons.formulas.labels import expected_cost, log_ratio_cost
from hvae_lessons.models.clustering import CodeTerm, LabelTerm
from hvae_lessons.objectives import elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.textbook import categorical_kl_sum
from hvae_lessons.symbolic import SymbolicTensor, positive
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
