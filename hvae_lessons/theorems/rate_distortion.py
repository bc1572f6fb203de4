"""Theorems about the rate-distortion plane of a finite model: its bounds, and what the gaps are."""

import sympy
import torch

from hvae_lessons.formulas.distributions import bernoulli_log_prob, gaussian_log_prob
from hvae_lessons.formulas.entropies import mutual_information
from hvae_lessons.formulas.rate_distortion import (
    aggregate_posterior,
    best_decoder,
    distortion,
    information,
    rate,
)
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import log_variance
from hvae_lessons.proofs.textbook import categorical_kl_sum, entropy_sum, probability_rows
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "beta_vae"


def _tables():
    """p_D(x) [x], q(z | x) [x, z], p(z) [z], p(x | z) [z, x]: two values each, every probability a symbol."""
    p_x, q_z_given_x, p_z, p_x_given_z = (
        probability_rows(*table) for table in (("d", 1), ("q", 2), ("p", 1), ("f", 2))
    )
    return p_x[0], q_z_given_x, p_z[0], p_x_given_z


def _symbols(*tables):
    return tuple(map(SymbolicTensor, tables))


@theorem(
    "rate-distortion-bounds",
    chapter=CHAPTER,
    about=(rate, distortion, information, aggregate_posterior),
    statement=r"H - D \;\le\; I_q(x; z) \;\le\; R:"
    r" \quad R - I_q = \mathrm{KL}(q(z) \,\|\, p(z)), \\"
    r" I_q - (H - D) = E_{q(z)}\big[\mathrm{KL}(q(x \mid z) \,\|\, p(x \mid z))\big]",
    source="N4 21.22, split by the information; Alemi et al. (2018)",
    scope="two values of x and of z, every probability a symbol",
)
def rate_distortion_bounds(rate, distortion, information, aggregate_posterior):
    """Both gaps are divergences, computed from their own tables."""
    p_x, q_z_given_x, p_z, p_x_given_z = _tables()
    data, encoder, prior, decoder = _symbols(p_x, q_z_given_x, p_z, p_x_given_z)
    joint = p_x[:, None] * q_z_given_x
    q_z = joint.sum(0)
    q_x_given_z = (joint / q_z).T
    found_rate, found_distortion = rate(data, encoder, prior), distortion(data, encoder, decoder)
    found_information = information(data, encoder)
    prior_gap = categorical_kl_sum(q_z, p_z)
    decoder_gap = sum(map(lambda w, q, p: w * categorical_kl_sum(q, p), q_z, q_x_given_z, p_x_given_z))
    perfect = distortion(data, encoder, SymbolicTensor(q_x_given_z))
    return [
        equal("q(z) is the joint, summed over x", aggregate_posterior(data, encoder), q_z),
        equal(
            "the information is the KL of the joint from the product of its margins",
            found_information,
            categorical_kl_sum(joint.flatten(), (p_x[:, None] * q_z).flatten()),
        ),
        equal("above: the rate exceeds it by KL(q(z) || p(z))", found_rate - found_information, prior_gap),
        equal(
            "below: it exceeds H - D by the mean KL(q(x | z) || p(x | z))",
            found_information + found_distortion - entropy_sum(p_x),
            decoder_gap,
        ),
        equal(
            "with the prior q(z) the upper bound is tight",
            rate(data, encoder, *_symbols(q_z)),
            found_information,
        ),
        equal("with the decoder q(x | z) the lower one is", entropy_sum(p_x) - perfect, found_information),
    ]


@rate_distortion_bounds.wrong("the rate under the aggregate posterior: no price for a wrong prior")
def _(p_x, q_z_given_x, p_z):
    return information(p_x, q_z_given_x)


@rate_distortion_bounds.wrong("every x counted alike, however frequent")
def _(p_x, q_z_given_x, p_z):
    return rate(torch.ones_like(p_x) / 2, q_z_given_x, p_z)


@rate_distortion_bounds.wrong("the decoder read as p(z | x): transposed", instead_of=distortion)
def _(p_x, q_z_given_x, p_x_given_z):
    return distortion(p_x, q_z_given_x, p_x_given_z.mT)


@rate_distortion_bounds.wrong("codes drawn from the prior, not from q", instead_of=distortion)
def _(p_x, q_z_given_x, p_x_given_z):
    q_z = aggregate_posterior(p_x, q_z_given_x)
    return distortion(p_x, q_z.expand(2, 2), p_x_given_z)


@rate_distortion_bounds.wrong("the entropy of q(z), as if the encoder had no noise", instead_of=information)
def _(p_x, q_z_given_x):
    return torch.special.entr(aggregate_posterior(p_x, q_z_given_x)).sum(-1)


@rate_distortion_bounds.wrong("the encoder averaged without p_D(x)", instead_of=aggregate_posterior)
def _(p_x, q_z_given_x):
    return q_z_given_x.mean(-2)


@theorem(
    "information-of-examples",
    chapter=CHAPTER,
    about=(information, mutual_information),
    statement=r"p_D(x_n) = \tfrac1N:"
    r" \quad I_q(x; z) = \mathrm{H}(q(z)) - \tfrac1N \sum_n \mathrm{H}(q(z \mid x_n))",
    source="N4 21.32, for a data set",
    scope="two and three examples, two codes, every probability a symbol",
)
def information_of_examples(information, mutual_information):
    """For a data set both functions are one: the entropy of the codes less that of a code."""
    claims = []
    for count in (2, 3):
        (table,) = _symbols(probability_rows("u", count))
        uniform = SymbolicTensor([sympy.Rational(1, count)] * count)
        computed, expected = information(uniform, table), mutual_information(table)
        claims.append(equal(f"{count} examples, all equally frequent", computed, expected))
    return claims


@information_of_examples.wrong("in bits")
def _(p_x, q_z_given_x):
    return information(p_x, q_z_given_x) / sympy.log(2)


@information_of_examples.wrong("the entropy of one example's codes", instead_of=mutual_information)
def _(probs):
    return torch.special.entr(probs.mean(0)).sum() - torch.special.entr(probs[0]).sum()


@theorem(
    "best-decoder",
    chapter=CHAPTER,
    about=(best_decoder,),
    statement=r"\operatorname{argmax}_d \sum_n q(z \mid x_n) \log p(x_n \mid d)"
    r" = \frac{\sum_n q(z \mid x_n)\, x_n}{\sum_n q(z \mid x_n)} = E[x \mid z]"
    r" \quad\text{for } p = N(d, s^2) \text{ and for } p = \mathrm{Ber}(d)",
    source="N4 21.23 and the sentence after it",
    scope="three x, two codes; Gaussian: any x; Bernoulli: x = 0, 1, 1; any positive q(z | x_n)",
)
def decoder_is_the_conditional_mean(best_decoder):
    """Any other output is worse: by a square under a Gaussian, by a KL under a Bernoulli."""
    weights = positive("r", 3, 2)  # q(z | x_n)
    total, other = weights.sum(0).entries, real("a", 2, 1)
    gray, bits = real("x", 3, 1), SymbolicTensor([[0], [1], [1]])
    mean, share = best_decoder(weights.log(), gray), best_decoder(weights.log(), bits)
    log_var = log_variance("s", 1)

    def worse_by(log_prob, best):
        """What each code loses if its output is `other`."""
        better = log_prob(best.unsqueeze(-2)) - log_prob(other.unsqueeze(-2))  # [C, N]
        return (weights.T * better).sum(-1).entries

    squares = (mean - other).entries[:, 0] ** 2 / (2 * sympy.exp(log_var.item()))
    shares = [[p, 1 - p] for p in share.entries[:, 0]]
    guesses = [[1 / (1 + sympy.exp(-a)), 1 / (1 + sympy.exp(a))] for a in other.entries[:, 0]]
    kls = list(map(categorical_kl_sum, shares, guesses))
    return [
        equal(
            "Gaussian: any other output is worse by a square",
            worse_by(lambda d: gaussian_log_prob(gray, d, log_var), mean),
            total * squares,
        ),
        equal(
            "Bernoulli: by the KL between their probabilities",
            worse_by(lambda a: bernoulli_log_prob(bits, a), (share / (1 - share)).log()),
            total * kls,
        ),
    ]


@decoder_is_the_conditional_mean.wrong("the mean over all x, whatever their code")
def _(log_q_z_given_x, x):
    return x.mean(0, keepdim=True) + 0 * log_q_z_given_x.mT[..., :1]


@decoder_is_the_conditional_mean.wrong("each x shared out over the codes, the code's weight not divided out")
def _(log_q_z_given_x, x):
    return log_q_z_given_x.exp().mT @ x


@decoder_is_the_conditional_mean.wrong("the softmax over the codes, not over the data")
def _(log_q_z_given_x, x):
    return torch.softmax(log_q_z_given_x, -1).mT @ x
