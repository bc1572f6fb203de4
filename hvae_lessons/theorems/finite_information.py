"""Theorems about finite codes: total correlation, what the rate pays for, the bounds of the bottleneck."""

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.finite_information import code_given_target, rate_parts, total_correlation
from hvae_lessons.formulas.rate_distortion import aggregate_posterior, distortion, information, rate
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.textbook import categorical_kl_sum, entropy_sum, probability_rows, probability_table
from hvae_lessons.symbolic import SymbolicTensor

CHAPTER = "beta_vae"


@theorem(
    "total-correlation",
    chapter=CHAPTER,
    about=(total_correlation, information),
    statement=r"\mathrm{TC}(z) = \mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)"
    r" = \sum_j \mathrm{H}(z_j) - \mathrm{H}(z)",
    source="N4 21.25",
    scope="two binary coordinates, every probability a symbol; three coordinates that are independent",
)
def total_correlation_forms(total_correlation, information):
    """Both forms, from margins that are summed by hand; of two coordinates it is their mutual information."""
    (table,) = probability_table("t", 1, 4).reshape(1, 2, 2)
    computed = total_correlation(SymbolicTensor(table))
    first, second = table.sum(1), table.sum(0)
    product = [a * b for a in first for b in second]
    fair, bent = [sympy.Rational(1, 2)] * 2, probability_rows("u", 2)
    independent = [[[a * b * c for c in fair] for b in bent[0]] for a in bent[1]]
    given = table / first[:, None]
    return [
        equal("the KL from the product of the margins", computed, categorical_kl_sum(table.flat, product)),
        equal(
            "the margins' entropies less that of the whole",
            computed,
            entropy_sum(first) + entropy_sum(second) - entropy_sum(table.flat),
        ),
        equal(
            "of two coordinates: what one says of the other",
            computed,
            information(SymbolicTensor(first), SymbolicTensor(given)),
        ),
        equal("0 for independent coordinates", total_correlation(SymbolicTensor(independent)), 0),
    ]


@total_correlation_forms.wrong("the entropy of the whole left out")
def _(q_z):
    return torch.special.entr(q_z.sum(0)).sum() + torch.special.entr(q_z.sum(1)).sum()


@total_correlation_forms.wrong("from equal probabilities, not from the margins")
def _(q_z):
    return (q_z * (q_z * q_z.numel()).log()).sum()


@total_correlation_forms.wrong("the first margin twice")
def _(q_z):
    margin = q_z.sum(1)
    return (q_z * (q_z / (margin.unsqueeze(-1) * margin)).log()).sum()


@theorem(
    "rate-parts",
    chapter=CHAPTER,
    about=(rate_parts, rate),
    statement=r"E_{p_D}\big[\mathrm{KL}(q(z \mid x) \,\|\, p(z))\big]"
    r" = I_q(x; z) + \mathrm{TC}(z) + \sum_j \mathrm{KL}(q(z_j) \,\|\, p(z_j))",
    source="Chen et al. (2018), for the second term of N4 21.24",
    scope="two values of x and two binary coordinates, every probability of encoder and prior a symbol",
)
def rate_has_three_parts(rate_parts, rate):
    """Each part by its own definition, from tables that are summed by hand; then the sum, in two steps."""
    data = [sympy.Rational(1, 3), sympy.Rational(2, 3)]
    encoder, prior = probability_table("q", 2, 4), probability_rows("p", 2)
    margins, product = list(map(SymbolicTensor, prior)), [a * b for a in prior[0] for b in prior[1]]
    information, correlation, dimension_wise = rate_parts(
        SymbolicTensor(data), SymbolicTensor(encoder.reshape(2, 2, 2)), margins
    )
    whole = rate(SymbolicTensor(data), SymbolicTensor(encoder), SymbolicTensor(product))
    q_z = sum(p * row for p, row in zip(data, encoder, strict=True))
    first, second = q_z.reshape(2, 2).sum(1), q_z.reshape(2, 2).sum(0)
    # One x alone: its code is q(z), any table.
    _, *of_any_code = rate_parts(SymbolicTensor([1]), SymbolicTensor(encoder[:1].reshape(1, 2, 2)), margins)
    return [
        equal(
            "index-code information: from q(z)",
            information,
            sum(p * categorical_kl_sum(row, q_z) for p, row in zip(data, encoder, strict=True)),
        ),
        equal(
            "total correlation: from the product of the margins",
            correlation,
            categorical_kl_sum(q_z, [a * b for a in first for b in second]),
        ),
        equal(
            "dimension-wise KL: of each margin from its prior",
            dimension_wise,
            categorical_kl_sum(first, prior[0]) + categorical_kl_sum(second, prior[1]),
        ),
        equal("the last two are KL(q(z) || p(z))", sum(of_any_code), categorical_kl_sum(encoder[0], product)),
        equal(
            "which with the information is the rate", information + categorical_kl_sum(q_z, product), whole
        ),
    ]


@rate_has_three_parts.wrong("total correlation of every code, not of all of them together")
def _(p_x, q_z_given_x, p_z):
    information, _, dimension_wise = rate_parts(p_x, q_z_given_x, p_z)
    return information, sum(p * total_correlation(q) for p, q in zip(p_x, q_z_given_x)), dimension_wise


@rate_has_three_parts.wrong("the total correlation counted for every coordinate")
def _(p_x, q_z_given_x, p_z):
    information, correlation, dimension_wise = rate_parts(p_x, q_z_given_x, p_z)
    return information, len(p_z) * correlation, dimension_wise


@rate_has_three_parts.wrong("the mean KL of each coordinate in the place of its margin's")
def _(p_x, q_z_given_x, p_z):
    information, correlation, _ = rate_parts(p_x, q_z_given_x, p_z)
    margins = q_z_given_x.sum(-1), q_z_given_x.sum(-2)
    return information, correlation, sum(rate(p_x, q, p) for q, p in zip(margins, p_z))


@rate_has_three_parts.wrong("the rate with its prior's coordinates exchanged", instead_of=rate)
def _(p_x, q_z_given_x, p_z):
    return rate(p_x, q_z_given_x, p_z.reshape(2, 2).mT.reshape(4))


@theorem(
    "information-bottleneck",
    chapter=CHAPTER,
    about=(code_given_target, information, distortion),
    statement=r"\beta I(z; x) - I(z; y) \;\le\; \beta R + D_y - \mathrm{H}(y), \quad\text{exceeded by}\quad"
    r" \beta\, \mathrm{KL}(q(z) \,\|\, p(z)) + E_{q(z)}\big[\mathrm{KL}(q(y \mid z) \,\|\, p(y \mid z))\big];"
    r" \\ I(z; y) \le I(z; x); \qquad y = x:\ \beta I(z; x) - I(z; y) = (\beta - 1)\, I(z; x)",
    source="N4 21.26-21.30, with the constant; y is x with a tilde there, and not drawn from the decoder",
    scope="two values of x, of the target y and of z; every probability but p_D(x) a symbol",
)
def information_bottleneck(code_given_target, information, distortion):
    """The terms of the bound one by one; then what 21.29, read as it stands, would do to it."""
    data = np.array([sympy.Rational(1, 3), sympy.Rational(2, 3)])
    encoder, target, decoder = (probability_rows(name, 2) for name in ("q", "t", "f"))
    (prior,) = probability_rows("p", 1)
    p_x, q_z_given_x = SymbolicTensor(data), SymbolicTensor(encoder)
    p_y, q_z_given_y = code_given_target(p_x, q_z_given_x, SymbolicTensor(target))
    of_x, of_y = information(p_x, q_z_given_x), information(p_y, q_z_given_y)
    with_x = data[:, None] * target  # p(x, y)
    with_z = (encoder.T * data) @ target  # q(z, y)
    q_z = with_z.sum(1)
    q_y_given_z, codes_of_y = with_z / q_z[:, None], (with_z / with_z.sum(0)).T
    decoder_gap = sum(map(lambda w, q, p: w * categorical_kl_sum(q, p), q_z, q_y_given_z, decoder))
    lost = sum(
        with_x[x, y] * categorical_kl_sum(encoder[x], codes_of_y[y]) for x in range(2) for y in range(2)
    )
    itself = code_given_target(p_x, q_z_given_x, SymbolicTensor([[1, 0], [0, 1]]))
    return [
        equal("p(y): the joint of x and y, summed over x", p_y, with_x.sum(0)),
        equal("q(z | y): the joint of z and y over p(y)", q_z_given_y, codes_of_y),
        equal(
            "below: I(z; y) exceeds H(y) - D by the mean KL(q(y | z) || p(y | z))",
            of_y - entropy_sum(with_x.sum(0)) + distortion(p_y, q_z_given_y, SymbolicTensor(decoder)),
            decoder_gap,
        ),
        equal(
            "above: the rate exceeds I(z; x) by KL(q(z) || p(z))",
            rate(p_x, q_z_given_x, SymbolicTensor(prior)) - of_x,
            categorical_kl_sum(q_z, prior),
        ),
        equal("I(z; x) exceeds I(z; y) by the mean KL(q(z | x) || q(z | y))", of_x - of_y, lost),
        equal("y = x: the same information twice, so (beta - 1) I is left", information(*itself), of_x),
        true("y drawn from the decoder: no bound", _drawn_from_the_decoder(information, distortion) < 0),
    ]


def _drawn_from_the_decoder(information, distortion):
    """I(z; y) - (H - D) with p(z, y) = q(z) p(y | z): a fair bit, copied by q, read with errors."""
    half, error = sympy.Rational(1, 2), sympy.Rational(1, 10)
    bit, copy = SymbolicTensor([half, half]), SymbolicTensor([[1, 0], [0, 1]])
    decoder = SymbolicTensor([[1 - error, error], [error, 1 - error]])
    q_z = aggregate_posterior(bit, copy)
    return (information(q_z, decoder) - entropy_sum(bit.entries) + distortion(bit, copy, decoder)).item()


@information_bottleneck.wrong("every x counted alike")
def _(p_x, q_z_given_x, p_y_given_x):
    return code_given_target(torch.ones_like(p_x) / 2, q_z_given_x, p_y_given_x)


@information_bottleneck.wrong("the codes weighted by p(y | x), not by p(x | y)")
def _(p_x, q_z_given_x, p_y_given_x):
    p_y, _ = code_given_target(p_x, q_z_given_x, p_y_given_x)
    return p_y, p_y_given_x.mT @ q_z_given_x


@information_bottleneck.wrong("the entropy of the codes, noise and all", instead_of=information)
def _(p_x, q_z_given_x):
    return torch.special.entr(aggregate_posterior(p_x, q_z_given_x)).sum(-1)


@information_bottleneck.wrong("the distortion's sign", instead_of=distortion)
def _(p_x, q_z_given_x, p_x_given_z):
    return -distortion(p_x, q_z_given_x, p_x_given_z)
