"""The theorem about the importance-weighted bound: more samples tighten it."""

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.textbook import log_entries, probability_rows
from hvae_lessons.symbolic import positive
from hvae_lessons.trace import Trace


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
    q_z = probability_rows("q", 1)[0]
    weights, evidence = joint / q_z, joint.sum()
    levels = [_weighted_bound(importance_weighted_bound, weights, q_z, samples) for samples in (1, 2, 3)]
    ratio = sympy.Symbol("r", positive=True)
    phi = ratio - 1 - sympy.log(ratio)
    return [
        equal("L_1 is the ELBO", levels[0], (q_z * log_entries(weights).entries).sum()),
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
    """Stand-in for a model: its trace is the logarithms of given weights, samples first."""

    def __init__(self, weights):
        self.log_weight = log_entries(weights)

    def __call__(self, x, generator, samples):
        return Trace(torch.stack([self.log_weight] * len(x), 1)[:samples], ())  # no layer adds to it


def _draws(weights, q_z, samples):
    """Probability, average weight and the weights themselves of every K-tuple of draws from q."""
    for draw in np.ndindex(*(len(q_z),) * samples):
        chosen = weights[list(draw)]
        yield sympy.Mul(*q_z[list(draw)]), chosen.sum() / samples, chosen


def _weighted_bound(importance_weighted_bound, weights, q_z, samples):
    """E[log of the average of K weights], the package's bound run on every K-tuple of draws."""
    probabilities, _, chosen = zip(*_draws(weights, q_z, samples), strict=True)
    bounds = importance_weighted_bound(log_entries(np.stack(chosen, 1)))  # [K, tuples] -> [tuples]
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
