"""Theorems about the bound: what each objective is in expectation, and the four forms of the ELBO."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import sympy

from hvae_lessons.formulas.discrete_divergences import kl_categorical
from hvae_lessons.objectives import beta_elbo, elbo, reconstruction, weighted_elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, noise_mean, normal_log_density
from hvae_lessons.proofs.textbook import log_entries, probability_rows
from hvae_lessons.symbolic import SymbolicTensor, real
from hvae_lessons.trace import Gaussian, Layer, Trace


class _TwoLevelModel:
    """x <- z_1 <- z_2 with linear maps, two coordinates of z_1, and q(z_1 | x) q(z_2 | x)."""

    def __init__(self):
        self.x, self.log_var_x = real("x", 1, 1), log_variance("s")
        self.weight, self.bias, self.slope = real("w", 2, 1), real("b", 1), real("a", 1, 2)
        self.q_1 = Gaussian(real("mu", 1, 2), log_variance("sigma", 1, 2))
        self.q_2 = Gaussian(real("nu", 1, 1), log_variance("tau", 1, 1))
        self.log_var_1 = log_variance("sigma_p", 1, 2)
        self.noise = real("epsilon", 1, 3)

    def trace(self):
        """One pass, by the classes of the package."""
        z_1, z_2 = self.q_1.sample(self.noise[:, :2]), self.q_2.sample(self.noise[:, 2:])
        p_x = Gaussian(z_1 @ self.weight + self.bias, self.log_var_x.expand_as(self.x))
        p_1 = Gaussian(z_2 @ self.slope, self.log_var_1)
        layers = (Layer(z_1, self.q_1, p_1), Layer(z_2, self.q_2, Gaussian.standard_like(self.q_2)))
        return Trace(p_x.log_prob(self.x), layers)

    def mean_over_noise(self, values):
        """Expectation of one value per example over the noise of the pass."""
        return [noise_mean(value, self.noise) for value in values.entries]

    def definition(self, beta):
        r"""E_q[log p(x | z) + beta (log p(z) - log q(z | x))], an integral over z of textbook densities."""
        u, v, t = z = sympy.symbols("z_1 z_2 t", real=True)
        mean = [*self.q_1.mean.entries.flat, *self.q_2.mean.entries.flat]
        log_var = [*self.q_1.log_var.entries.flat, *self.q_2.log_var.entries.flat]
        weight, slope = self.weight.entries[:, 0], self.slope.entries[0]
        log_px_given_z = normal_log_density(
            self.x.item(), u * weight[0] + v * weight[1] + self.bias.item(), self.log_var_x.item()
        )
        log_pz = normal_log_density(t, 0, 0) + sum(
            normal_log_density(z[d], slope[d] * t, self.log_var_1.entries[0, d]) for d in range(2)
        )
        log_qz = sum(normal_log_density(z[d], mean[d], log_var[d]) for d in range(3))
        laws = {z[d]: (mean[d], log_var[d]) for d in range(3)}
        return [gaussian_mean(log_px_given_z + beta * (log_pz - log_qz), laws)]


_SCOPE = "two levels of 2 and 1 coordinates, linear Gaussian, q independent across levels given x"


@theorem(
    "elbo-objective",
    chapter="elbo",
    about=(elbo,),
    statement=r"E_{\epsilon}[\texttt{elbo}] = E_{q(z \mid x)}[\log p(x, z) - \log q(z \mid x)]",
    source="N1 (1); N4 draft 21.15-21.17; N4 21.64-21.65",
    scope=_SCOPE,
)
def elbo_objective(elbo):
    """The mean of the objective over the noise of its pass is the ELBO, and so is that of the log-weight."""
    model = _TwoLevelModel()
    trace, definition = model.trace(), model.definition(beta=1)
    return [
        equal(
            "the objective, averaged over the noise, is the defining integral",
            model.mean_over_noise(elbo(trace)),
            definition,
        ),
        equal(
            "so is the logarithm of the importance weight",
            model.mean_over_noise(trace.log_weight),
            definition,
        ),
    ]


@elbo_objective.wrong("KL added instead of subtracted")
def _(trace):
    return trace.log_px_given_z + trace.kl


@elbo_objective.wrong("KL averaged over the coordinates")
def _(trace):
    return trace.log_px_given_z - sum(layer.kl_per_dimension.mean(-1) for layer in trace.layers)


@elbo_objective.wrong("KL of the top level left out")
def _(trace):
    return trace.log_px_given_z - trace.layers[0].kl


@theorem(
    "beta-elbo-objective",
    chapter="elbo",
    about=(beta_elbo, elbo),
    statement=r"E_{\epsilon}[\texttt{beta\_elbo}]"
    r" = E_{q(z \mid x)}[\log p(x \mid z)] - \beta\, \mathrm{KL}(q(z \mid x) \,\|\, p(z))",
    source="N4 21.24",
    scope=_SCOPE,
)
def beta_elbo_objective(beta_elbo, elbo):
    """For a symbolic beta, with the KL as an integral."""
    model = _TwoLevelModel()
    trace, beta = model.trace(), sympy.Symbol("beta", positive=True)
    return [
        equal(
            "the objective, averaged over the noise, is the defining integral",
            model.mean_over_noise(beta_elbo(trace, beta)),
            model.definition(beta),
        ),
        equal("beta = 1 is the ELBO", beta_elbo(trace, 1), elbo(trace)),
    ]


@beta_elbo_objective.wrong("beta on the reconstruction")
def _(trace, beta):
    return beta * trace.log_px_given_z - trace.kl


@beta_elbo_objective.wrong("beta on one level only")
def _(trace, beta):
    return trace.log_px_given_z - beta * trace.layers[0].kl - trace.layers[1].kl


@theorem(
    "reconstruction-objective",
    chapter="elbo",
    about=(reconstruction, beta_elbo),
    statement=r"E_{\epsilon}[\texttt{reconstruction}] = E_{q(z \mid x)}[\log p(x \mid z)]",
    source="N4 21.2.3",
    scope=_SCOPE,
)
def reconstruction_objective(reconstruction, beta_elbo):
    """The reconstruction is the objective at beta = 0."""
    model = _TwoLevelModel()
    trace = model.trace()
    return [
        equal(
            "the objective, averaged over the noise, is the defining integral",
            model.mean_over_noise(reconstruction(trace)),
            model.definition(beta=0),
        ),
        equal("it is beta_elbo at beta = 0", reconstruction(trace), beta_elbo(trace, 0)),
    ]


@reconstruction_objective.wrong("the KL left in")
def _(trace):
    return trace.log_px_given_z - trace.kl


@reconstruction_objective.wrong("the importance weight")
def _(trace):
    return trace.log_weight


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


def _logits(probabilities):
    """Logits of the same probabilities, the last of them 0."""
    return log_entries(np.vectorize(sympy.cancel, otypes=[object])(probabilities / probabilities[..., -1:]))


@theorem(
    "elbo-four-forms",
    chapter="elbo",
    about=(elbo, kl_categorical),
    statement=r"E_{p_D}[\mathrm{ELBO}]"
    r" = E_{q_D(x, z)}\!\left[\log\frac{p(x, z)}{q_D(x, z)} + \log p_D(x)\right]"
    r" = -\mathrm{KL}(q_D(x, z) \,\|\, p(x, z)) - H(p_D)"
    r" = -\mathrm{KL}(p_D(x) \,\|\, p(x)) - E_{p_D}[\mathrm{KL}(q(z \mid x) \,\|\, p(z \mid x))] - H(p_D)"
    r" = -\mathrm{KL}(q_D(z) \,\|\, p(z))"
    r" - E_{q_D(z)}[\mathrm{KL}(q_D(x \mid z) \,\|\, p(x \mid z))] - H(p_D)",
    source="N4 21.16-21.19, 21.21, 21.22, where equality up to a constant hides -H(p_D)",
    scope="two values of x and of z, all probabilities symbolic",
)
def elbo_four_forms(elbo, kl_categorical):
    """Each form is computed on its own, from joint, marginal and conditional tables."""
    p_data, q_z, p_z, p_x = (probability_rows(*table) for table in (("d", 1), ("q", 2), ("p", 1), ("f", 2)))
    p_data, p_z = p_data[0], p_z[0]  # [x], [z]; q_z is [x, z], p_x is [z, x]
    joint_p, joint_q = p_x.T * p_z, p_data[:, None] * q_z  # [x, z]
    marginal_p, marginal_q = joint_p.sum(1), joint_q.sum(0)  # p(x), q_D(z)

    layer = SimpleNamespace(kl=kl_categorical(_logits(q_z), _logits(p_z)))
    per_example = sum(
        SymbolicTensor(q_z[:, z]) * elbo(Trace(log_entries(p_x[z]), (layer,))) for z in range(2)
    )  # [x]
    form_16 = (per_example * SymbolicTensor(p_data)).sum().item()
    negative_entropy = (p_data * log_entries(p_data).entries).sum()
    kl = {
        "joint": kl_categorical(_logits(joint_q.reshape(-1)), _logits(joint_p.reshape(-1))).item(),
        "data": kl_categorical(_logits(p_data), _logits(marginal_p)).item(),
        "posterior": kl_categorical(_logits(q_z), _logits(joint_p / marginal_p[:, None])).entries,
        "prior": kl_categorical(_logits(marginal_q), _logits(p_z)).item(),
        "decoder": kl_categorical(_logits((joint_q / marginal_q).T), _logits(p_x)).entries,
    }
    log_ratio = log_entries(p_x.T).entries + log_entries(p_z).entries - log_entries(q_z).entries
    form_18 = (
        joint_q * (log_entries(joint_p / joint_q).entries + log_entries(p_data).entries[:, None])
    ).sum()
    return [
        equal("21.16 is 21.17", form_16, (joint_q * log_ratio).sum()),
        equal("21.16 is 21.18", form_16, form_18),
        equal("21.16 is 21.19", form_16, negative_entropy - kl["joint"]),
        equal(
            "21.16 is 21.21 with its constant",
            form_16,
            negative_entropy - kl["data"] - (p_data * kl["posterior"]).sum(),
        ),
        equal(
            "21.16 is 21.22 with its constant",
            form_16,
            negative_entropy - kl["prior"] - (marginal_q * kl["decoder"]).sum(),
        ),
        equal(
            "Jensen's gap log p(x) - ELBO is the KL to the posterior, for every x",
            log_entries(marginal_p) - per_example,
            SymbolicTensor(kl["posterior"]),
        ),
    ]


@elbo_four_forms.wrong("KL added instead of subtracted")
def _(trace):
    return trace.log_px_given_z + trace.kl


@elbo_four_forms.wrong("KL taken the other way around", instead_of=kl_categorical)
def _(logits_q, logits_p):
    return kl_categorical(logits_p + 0 * logits_q, logits_q + 0 * logits_p)
