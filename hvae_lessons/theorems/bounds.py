"""Theorems about the bound: its gap to log p(x), its equivalent forms, and how more samples tighten it."""

from types import SimpleNamespace

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.formulas.discrete_divergences import kl_categorical
from hvae_lessons.formulas.divergences import kl_gaussian_full
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.objectives import elbo
from hvae_lessons.oracles import LinearGaussian
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, positive, real
from hvae_lessons.trace import Trace


def _linear_gaussian(data_dim, latent_dim):
    """A symbolic model, one x, and the mean and log-variance of q."""
    model = LinearGaussian(real("w", data_dim, latent_dim), real("b", data_dim), log_variance("s"))
    return model, real("x", 1, data_dim), real("mu", 1, latent_dim), log_variance("sigma", 1, latent_dim)


@theorem(
    "elbo-gap",
    chapter="elbo",
    about=(LinearGaussian.log_px, LinearGaussian.posterior, LinearGaussian.elbo, LinearGaussian.gap),
    statement=r"\log p(x) = \mathrm{ELBO}(q) + \mathrm{KL}(q(z) \,\|\, p(z \mid x))",
    source="N4 draft 21.10-21.13, for p(x | z) = N(W z + b, s^2 I)",
    scope="two coordinates of x and one of z against the integrals; the sum also for one and two",
)
def elbo_gap(log_px, posterior, bound, gap):
    """Evidence, posterior and bound are their defining integrals; bound and gap add up to the evidence."""
    model, x, mean, log_var = _linear_gaussian(data_dim=2, latent_dim=1)
    z = sympy.Symbol("z", real=True)
    log_joint = normal_log_density(z, 0, 0) + sum(
        normal_log_density(x_d, w_d * z + b_d, model.noise_log_var.item())
        for x_d, w_d, b_d in zip(x.entries[0], model.weight.entries[:, 0], model.bias.entries, strict=True)
    )
    log_q = normal_log_density(z, mean.item(), log_var.item())
    evidence = sympy.expand_log(sympy.log(integral(log_joint, 1, z)))
    posterior_mean, scale_tril = posterior(model, x)
    log_posterior = normal_log_density(z, posterior_mean.item(), 2 * sympy.log(scale_tril.item()))
    wide, *wide_arguments = _linear_gaussian(data_dim=1, latent_dim=2)
    expected_bound = gaussian_mean(log_joint - log_q, {z: (mean.item(), log_var.item())})
    return [
        equal("log_px is the log of the integral of p(x, z) over z", log_px(model, x), [evidence]),
        equal("posterior is p(x, z) / p(x)", log_posterior, log_joint - evidence),
        equal("elbo is E_q[log p(x, z) - log q(z)]", bound(model, x, mean, log_var), [expected_bound]),
        equal(
            "elbo and gap add up to log_px",
            bound(model, x, mean, log_var) + gap(model, x, mean, log_var),
            log_px(model, x),
        ),
        equal(
            "and do so with two latent coordinates",
            bound(wide, *wide_arguments) + gap(wide, *wide_arguments),
            log_px(wide, wide_arguments[0]),
        ),
    ]


@elbo_gap.wrong("noise variance left out of p(x)")
def _(model, x):
    no_noise = model._replace(noise_log_var=torch.zeros_like(model.noise_log_var))
    return LinearGaussian.log_px(no_noise, x)


@elbo_gap.wrong("posterior without its prior", instead_of=LinearGaussian.posterior)
def _(model, x):
    covariance = torch.linalg.inv(model.weight.T @ model.weight / model.noise_log_var.exp())
    mean = (x - model.bias) @ model.weight @ covariance / model.noise_log_var.exp()
    return mean, torch.linalg.cholesky(covariance)


@elbo_gap.wrong("posterior's spread left out of the reconstruction", instead_of=LinearGaussian.elbo)
def _(model, x, mean, log_var):
    spread = log_var.exp() @ (model.weight**2).sum(0) / model.noise_log_var.exp()
    return LinearGaussian.elbo(model, x, mean, log_var) + 0.5 * spread


@elbo_gap.wrong("KL taken the other way around", instead_of=LinearGaussian.gap)
def _(model, x, mean, log_var):
    posterior_mean, scale_tril = model.posterior(x)
    return kl_gaussian_full(posterior_mean, scale_tril, mean, torch.diag_embed(torch.exp(0.5 * log_var)))


def _probabilities(name, rows):
    """Positive [rows, 2] array whose rows sum to one: odds over one plus odds."""
    odds = positive(name, rows, 1).entries
    return np.concatenate([odds, np.ones_like(odds)], 1) / (1 + odds)


def _log(probabilities):
    return SymbolicTensor(probabilities).log()


def _logits(probabilities):
    """Logits of the same probabilities, the last of them 0."""
    return _log(np.vectorize(sympy.cancel, otypes=[object])(probabilities / probabilities[..., -1:]))


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
    p_data, q_z, p_z, p_x = (_probabilities(*table) for table in (("d", 1), ("q", 2), ("p", 1), ("f", 2)))
    p_data, p_z = p_data[0], p_z[0]  # [x], [z]; q_z is [x, z], p_x is [z, x]
    joint_p, joint_q = p_x.T * p_z, p_data[:, None] * q_z  # [x, z]
    marginal_p, marginal_q = joint_p.sum(1), joint_q.sum(0)  # p(x), q_D(z)

    layer = SimpleNamespace(kl=kl_categorical(_logits(q_z), _logits(p_z)))
    per_example = sum(
        SymbolicTensor(q_z[:, z]) * elbo(Trace(_log(p_x[z]), (layer,))) for z in range(2)
    )  # [x]
    form_16 = (per_example * SymbolicTensor(p_data)).sum().item()
    negative_entropy = (p_data * _log(p_data).entries).sum()
    kl = {
        "joint": kl_categorical(_logits(joint_q.reshape(-1)), _logits(joint_p.reshape(-1))).item(),
        "data": kl_categorical(_logits(p_data), _logits(marginal_p)).item(),
        "posterior": kl_categorical(_logits(q_z), _logits(joint_p / marginal_p[:, None])).entries,
        "prior": kl_categorical(_logits(marginal_q), _logits(p_z)).item(),
        "decoder": kl_categorical(_logits((joint_q / marginal_q).T), _logits(p_x)).entries,
    }
    log_ratio = _log(p_x.T).entries + _log(p_z).entries - _log(q_z).entries
    form_18 = (joint_q * (_log(joint_p / joint_q).entries + _log(p_data).entries[:, None])).sum()
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
            _log(marginal_p) - per_example,
            SymbolicTensor(kl["posterior"]),
        ),
    ]


@elbo_four_forms.wrong("KL added instead of subtracted")
def _(trace):
    return trace.log_px_given_z + trace.kl


@elbo_four_forms.wrong("KL taken the other way around", instead_of=kl_categorical)
def _(logits_q, logits_p):
    return kl_categorical(logits_p + 0 * logits_q, logits_q + 0 * logits_p)


@theorem(
    "iwae-monotone",
    chapter="vae",
    about=(importance_weighted_bound, log_px_estimate),
    statement=r"L_K = E\left[\log \tfrac{1}{K} \textstyle\sum_k w_k\right]: \quad"
    r" L_1 \le L_2 \le L_3 \le \log p(x), \qquad L_1 = \mathrm{ELBO}",
    source="Burda et al. (2016), theorem 1",
    scope="two values of z, all probabilities symbolic; K = 1, 2, 3",
)
def iwae_monotone(importance_weighted_bound, log_px_estimate):
    r"""Each difference is a mean of phi(r) = r - 1 - log r, which is nowhere negative.

    The average of K + 1 weights is the mean of the K + 1 averages that leave one weight out. So the ratios r
    of these to it have mean 1, and its log minus the mean of their logs is the mean of phi(r).
    """
    joint = positive("a", 2).entries  # p(x, z) at this x, any two positive numbers
    q_z = _probabilities("q", 1)[0]
    weights, evidence = joint / q_z, joint.sum()
    levels = [_weighted_bound(importance_weighted_bound, weights, q_z, samples) for samples in (1, 2, 3)]
    ratio = sympy.Symbol("r", positive=True)
    phi = ratio - 1 - sympy.log(ratio)
    return [
        equal("L_1 is the ELBO", levels[0], (q_z * _log(weights).entries).sum()),
        equal("L_2 - L_1 is a mean of phi", levels[1] - levels[0], _mean_of_phi(phi, weights, q_z, 2)),
        equal("L_3 - L_2 is a mean of phi", levels[2] - levels[1], _mean_of_phi(phi, weights, q_z, 3)),
        equal(
            "log p(x) - L_3 is a mean of phi, at the ratios of average weight to p(x)",
            sympy.log(evidence) - levels[2],
            sum(
                probability * phi.subs(ratio, average / evidence)
                for probability, average, _ in _draws(weights, q_z, 3)
            ),
        ),
        equal("phi is stationary at 1 alone", sympy.solveset(phi.diff(ratio), ratio), sympy.FiniteSet(1)),
        equal("where it is zero", phi.subs(ratio, 1), 0),
        true("and it is convex, so phi >= 0", phi.diff(ratio, 2) > 0),
        equal(
            "log_px_estimate is the bound of every example of a data set taken in parts",
            log_px_estimate(_WeightsOnly(weights), torch.zeros(3, 1), samples=2, chunk=2),
            [sympy.log(weights.sum() / 2)] * 3,
        ),
    ]


class _WeightsOnly:
    """Stand-in for a model: its trace holds the logarithms of given weights, samples first."""

    def __init__(self, weights):
        self.log_weight = _log(weights)

    def __call__(self, x, generator, samples):
        return SimpleNamespace(log_weight=torch.stack([self.log_weight] * len(x), 1)[:samples])


def _draws(weights, q_z, samples):
    """Probability, average weight and the weights themselves of every K-tuple of draws from q."""
    for draw in np.ndindex(*(len(q_z),) * samples):
        chosen = weights[list(draw)]
        yield sympy.Mul(*q_z[list(draw)]), chosen.sum() / samples, chosen


def _weighted_bound(importance_weighted_bound, weights, q_z, samples):
    """E[log of the average of K weights], the package's bound run on every K-tuple of draws."""
    probabilities, _, chosen = zip(*_draws(weights, q_z, samples), strict=True)
    bounds = importance_weighted_bound(_log(np.stack(chosen, 1)))  # [K, tuples] -> [tuples]
    return (np.array(probabilities) * bounds.entries).sum()


def _mean_of_phi(phi, weights, q_z, samples):
    """E[phi(average without one sample / average)], over draws and over the sample left out."""
    (ratio,) = phi.free_symbols
    total = 0
    for probability, average, chosen in _draws(weights, q_z, samples):
        for left_out in range(samples):
            without = np.delete(chosen, left_out).sum() / (samples - 1)
            total += probability / samples * phi.subs(ratio, without / average)
    return total


@iwae_monotone.wrong("sum of the weights instead of their mean")
def _(log_weight):
    return torch.logsumexp(log_weight, 0)


@iwae_monotone.wrong("mean of the log-weights")
def _(log_weight):
    return log_weight.mean(0)


@iwae_monotone.wrong("mean of the log-weights in the estimate", instead_of=log_px_estimate)
def _(model, x, samples, chunk):
    return model(x, generator=None, samples=samples).log_weight.mean(0)
