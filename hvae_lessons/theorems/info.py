"""Theorems about InfoVAE: the forms of its objective, its special cases, the MMD in the place of the KL."""

from types import SimpleNamespace

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.mmd import mmd_biased, rbf_kernel
from hvae_lessons.objectives import beta_elbo, elbo, info_vae, mmd_to_prior, reconstruction
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.textbook import categorical_kl_sum, log_entries, probability_rows
from hvae_lessons.symbolic import SymbolicTensor, real
from hvae_lessons.trace import Trace

CHAPTER = "infovae"

# beta = 1 - alpha and w = alpha + lambda - 1 are positive, so that lambda is, and alpha any number below 1.
BETA, WEIGHT = sympy.symbols("beta w", positive=True)
ALPHA, LAMBDA = 1 - BETA, BETA + WEIGHT


class _FiniteModel:
    """Two values of x and of z: data p_D, encoder q(z | x), prior p(z), decoder p(x | z), all symbolic."""

    def __init__(self):
        data, q_z, p_z, p_x = (probability_rows(*table) for table in (("d", 1), ("q", 2), ("p", 1), ("f", 2)))
        self.data, self.q_z, self.p_z, self.p_x = data[0], q_z, p_z[0], p_x  # [x], [x, z], [z], [z, x]
        self.joint = self.data[:, None] * q_z  # q(x, z)
        self.aggregated = self.joint.sum(0)  # q(z)
        self.backwards = (self.joint / self.aggregated).T  # q(x | z), [z, x]

    def mean(self, objective):
        """Mean of an objective over the data and their codes."""
        layer = SimpleNamespace(kl=SymbolicTensor([categorical_kl_sum(row, self.p_z) for row in self.q_z]))
        values = [objective(Trace(log_entries(self.p_x[z]), (layer,))).entries for z in range(2)]  # [z, x]
        return (self.joint.T * np.stack(values)).sum()

    def divergence(self, layer):
        """KL(q(z) || p(z)), as the objective asks for it: one number."""
        return SymbolicTensor(categorical_kl_sum(self.aggregated, self.p_z))

    def average(self, table):
        """Mean of a table [x, z] under q(x, z)."""
        return (self.joint * table).sum()

    @property
    def information(self):
        """I_q(x; z), by its definition."""
        return categorical_kl_sum(self.joint.reshape(-1), np.outer(self.data, self.aggregated).reshape(-1))

    @property
    def decoding(self):
        """E_q(z)[KL(q(x | z) || p(x | z))]."""
        return sum(
            weight * categorical_kl_sum(backwards, forwards)
            for weight, backwards, forwards in zip(self.aggregated, self.backwards, self.p_x)
        )


def _log(table):
    return log_entries(table).entries


@theorem(
    "infovae-forms",
    chapter=CHAPTER,
    about=(info_vae,),
    statement=r"E_{q(x, z)}[\texttt{info\_vae}]"
    r" = -\lambda\, \mathrm{KL}(q(z) \,\|\, p(z))"
    r" - E_{q(z)}[\mathrm{KL}(q(x \mid z) \,\|\, p(x \mid z))] + \alpha\, I_q(x; z) - H(p_D)",
    source="N4 21.31-21.35, where equality hides -H(p_D)",
    scope="D = KL; two values of x and of z, all probabilities, alpha < 1 and lambda symbolic",
)
def infovae_forms(info_vae):
    """Each form is computed on its own, from joint, marginal and conditional tables."""
    model = _FiniteModel()
    objective = model.mean(lambda trace: info_vae(trace, ALPHA, LAMBDA, model.divergence))
    negative_entropy = model.data @ _log(model.data)
    log_ratio = _log(model.aggregated) - _log(model.p_z)  # log q(z) / p(z)
    log_decoding = (_log(model.backwards) - _log(model.p_x)).T  # log q(x|z) / p(x|z)
    log_information = _log(model.aggregated) - _log(model.q_z)  # log q(z) / q(z|x)
    form_34 = (
        _log(model.p_x).T
        - (LAMBDA + ALPHA - 1) * _log(model.aggregated)
        - _log(model.data)[:, None]
        + LAMBDA * _log(model.p_z)
        + (ALPHA - 1) * _log(model.q_z)
    )
    gap = model.divergence(None).item()
    return [
        equal(
            "21.32: the information as a mean log-ratio", model.information, -model.average(log_information)
        ),
        equal(
            "the rate is the information and the mismatch of q(z)",
            model.mean(lambda trace: trace.kl),
            model.information + gap,
        ),
        equal(
            "21.31, but for the entropy of the data",
            objective,
            -LAMBDA * gap - model.decoding + ALPHA * model.information + negative_entropy,
        ),
        equal(
            "21.33",
            objective,
            model.average(-LAMBDA * log_ratio - log_decoding - ALPHA * log_information) + negative_entropy,
        ),
        equal("21.34", objective, model.average(form_34) + negative_entropy),
    ]


@infovae_forms.wrong("lambda as the weight of the divergence: the rate's share counted twice")
def _(trace, alpha, lambda_, divergence):
    return trace.log_px_given_z - (1 - alpha) * trace.kl - lambda_ * divergence(None).unsqueeze(-1)


@infovae_forms.wrong("the information charged instead of rewarded")
def _(trace, alpha, lambda_, divergence):
    weight = lambda_ - alpha - 1
    return trace.log_px_given_z - (1 + alpha) * trace.kl - weight * divergence(None).unsqueeze(-1)


@infovae_forms.wrong("the divergence divided among the examples")
def _(trace, alpha, lambda_, divergence):
    share = divergence(None).unsqueeze(-1) / trace.kl.shape[-1]
    return trace.log_px_given_z - (1 - alpha) * trace.kl - (alpha + lambda_ - 1) * share


@theorem(
    "infovae-special-cases",
    chapter=CHAPTER,
    about=(info_vae, elbo, beta_elbo, reconstruction),
    statement=r"(\alpha, \lambda) = (0, 1): \text{ELBO}; \qquad (1 - \beta, \beta): \beta\text{-VAE}; \qquad"
    r" (1, \lambda): \log p(x \mid z) - \lambda D",
    source="N4 21.36-21.37, 21.3.2.2, 21.3.2.3",
    scope="two examples, any terms and any divergence; beta > 1 is alpha < 0",
)
def special_cases(info_vae, elbo, beta_elbo, reconstruction):
    """By substitution, example by example."""
    trace = Trace(real("r", 2), (SimpleNamespace(kl=real("k", 2)),))
    price = real("D")

    def objective(alpha, lambda_):
        return info_vae(trace, alpha, lambda_, lambda layer: price)

    return [
        equal("alpha = 0, lambda = 1 is the ELBO", objective(0, 1), elbo(trace)),
        equal(
            "alpha = 1 - beta, lambda = beta is the beta-VAE", objective(ALPHA, BETA), beta_elbo(trace, BETA)
        ),
        equal("so is beta = 4, with alpha = -3", objective(-3, 4), beta_elbo(trace, 4)),
        equal(
            "alpha = 1 leaves reconstruction and divergence: MMD-VAE, adversarial autoencoder",
            objective(1, LAMBDA),
            reconstruction(trace) - LAMBDA * price,
        ),
        equal(
            "alpha = 0, lambda = 1 + w is the ELBO with the divergence on top",
            objective(0, 1 + WEIGHT),
            elbo(trace) - WEIGHT * price,
        ),
    ]


@special_cases.wrong("alpha as the weight of the KL")
def _(trace, alpha, lambda_, divergence):
    return trace.log_px_given_z - alpha * trace.kl - (alpha + lambda_ - 1) * divergence(None)


@special_cases.wrong("lambda as the weight of the divergence")
def _(trace, alpha, lambda_, divergence):
    return trace.log_px_given_z - (1 - alpha) * trace.kl - lambda_ * divergence(None)


@theorem(
    "mmd-to-prior",
    chapter=CHAPTER,
    about=(mmd_to_prior,),
    statement=r"\frac{1}{B (B - 1)} \sum_{i \ne j} \big[k(z_i, z_j) + k(y_i, y_j)\big]"
    r" - \frac{2}{B^2} \sum_{i, j} k(z_i, y_j), \qquad z_n \sim q(z \mid x_n),\ y_n \sim p(z)",
    source="N4 21.37-21.38, with samples and without their bias",
    scope="two examples, one coordinate, any draws; any bandwidth",
)
def mmd_to_prior_theorem(mmd_to_prior):
    """By hand: with two examples there is one pair on either side, and four between them."""
    h = sympy.Symbol("h", positive=True)
    z, y, means = real("z", 2, 1), real("y", 2, 1), real("mu", 2, 1)
    layer = SimpleNamespace(z=z, q=SimpleNamespace(mean=means), p=SimpleNamespace(sample=lambda noise: y))

    def kernel(a, b):
        return sympy.exp(-((a - b) ** 2) / (2 * h**2))

    codes, draws = z.entries[:, 0], y.entries[:, 0]
    between = sum(kernel(a, b) for a in codes for b in draws)
    return [
        equal("the sums", mmd_to_prior(layer, h), kernel(*codes) + kernel(*draws) - between / 2),
    ]


@mmd_to_prior_theorem.wrong("means in the place of samples")
def _(layer, bandwidth, generator=None):
    return mmd_to_prior(SimpleNamespace(z=layer.q.mean, p=layer.p), bandwidth)


@mmd_to_prior_theorem.wrong("samples compared with themselves")
def _(layer, bandwidth, generator=None):
    prior = layer.p.sample(None)
    pairs = ((layer.z, layer.z), (prior, prior), (layer.z, prior))
    return mmd_biased(*(rbf_kernel(*pair, bandwidth) for pair in pairs))


@mmd_to_prior_theorem.wrong("the square root: MMD in the place of its square")
def _(layer, bandwidth, generator=None):
    return torch.sqrt(mmd_to_prior(layer, bandwidth))
