"""Theorems about the entropies of distributions.py: each is minus the integral, or the sum, of p log p."""

import itertools
import math

import sympy
import torch

from hvae_lessons.formulas.distributions import (
    LOG_2PI,
    bernoulli_log_prob,
    gaussian_full_log_prob,
    gaussian_log_prob,
)
from hvae_lessons.formulas.entropies import (
    bernoulli_entropy,
    categorical_entropy,
    gaussian_entropy,
    gaussian_full_entropy,
    mutual_information,
)
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.textbook import categorical_kl_sum, probability_rows, scale_tril, softmax
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "distributions"


@theorem(
    "gaussian-entropy",
    chapter=CHAPTER,
    about=(gaussian_entropy,),
    statement=r"H = -\int p(z) \log p(z)\,dz = \tfrac12\sum_d\left[1 + \log 2\pi + \log\sigma_d^2\right]",
    source="N4 draft 21.20, with its constant",
    scope="two coordinates",
)
def gaussian_entropy_is_its_integral(entropy):
    """The double integral over two coordinates; rows do not mix."""
    z, mu, sigma = real("z", 2), real("mu", 2), positive("sigma", 2)
    log_p = gaussian_log_prob(z, mu, 2 * sigma.log()).item()
    return [
        equal("the code is the integral", entropy(2 * sigma.log()), integral(log_p, -log_p, *z.entries)),
        row_by_row(entropy, real("v", 2, 2)),
    ]


@gaussian_entropy_is_its_integral.wrong("the constant left out")
def _(log_var):
    return 0.5 * log_var.sum(-1)


@gaussian_entropy_is_its_integral.wrong("log sigma^2 read as log sigma")
def _(log_var):
    return (log_var + 0.5 * (1 + LOG_2PI)).sum(-1)


@gaussian_entropy_is_its_integral.wrong("mean over the coordinates")
def _(log_var):
    return 0.5 * (log_var + LOG_2PI + 1).mean(-1)


@theorem(
    "full-gaussian-entropy",
    chapter=CHAPTER,
    about=(gaussian_full_entropy,),
    statement=r"H = -\int p(z) \log p(z)\,dz = \tfrac{D}{2}(1 + \log 2\pi) + \sum_d \log L_{dd}",
    source="N4 draft 21.20 and 21.45",
    scope="two coordinates",
)
def full_gaussian_entropy(entropy):
    """The double integral over two coordinates; rows do not mix."""
    z, tril = real("z", 2), scale_tril("L")
    log_p = gaussian_full_log_prob(z, real("mu", 2), tril).item()
    return [
        equal("the code is the integral", entropy(tril), integral(log_p, -log_p, *z.entries[::-1])),
        row_by_row(entropy, torch.stack([scale_tril("L"), scale_tril("M")])),
    ]


@full_gaussian_entropy.wrong("half the log-determinant")
def _(scale_tril):
    return 0.5 * (torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)) + 1 + LOG_2PI).sum(-1)


@full_gaussian_entropy.wrong("the constant of one dimension only")
def _(scale_tril):
    return torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1)).sum(-1) + 0.5 * (1 + LOG_2PI)


@theorem(
    "bernoulli-entropy",
    chapter=CHAPTER,
    about=(bernoulli_entropy,),
    statement=r"H = -\sum_{x \in \{0,1\}^D} p(x) \log p(x)"
    r" \\ = \sum_d \left[\log(1 + e^{a_d}) - a_d\,p(x_d = 1)\right]",
    source="N4 21.5",
    scope="one and two variables",
)
def bernoulli_entropy_is_its_sum(entropy):
    """The sum over the outcomes of one and of two variables; rows do not mix."""
    one, two = real("a", 1), real("a", 2)

    def by_definition(logits):
        outcomes = itertools.product((0, 1), repeat=len(logits))
        log_p = [bernoulli_log_prob(SymbolicTensor(x), logits).item() for x in outcomes]
        return -sum(sympy.exp(term) * term for term in log_p)

    return [
        equal("the code is the sum over x = 0, 1", entropy(one), by_definition(one)),
        equal("and over the four outcomes of two variables", entropy(two), by_definition(two)),
        row_by_row(entropy, real("a", 2, 2)),
    ]


@bernoulli_entropy_is_its_sum.wrong("sign")
def _(logits):
    return -bernoulli_entropy(logits)


@bernoulli_entropy_is_its_sum.wrong("the logit weighted by p(x = 0)")
def _(logits):
    return (torch.nn.functional.softplus(logits) - logits * torch.sigmoid(-logits)).sum(-1)


@bernoulli_entropy_is_its_sum.wrong("mean over the variables")
def _(logits):
    return bernoulli_entropy(logits) / logits.shape[-1]


@theorem(
    "categorical-entropy",
    chapter=CHAPTER,
    about=(categorical_entropy,),
    statement=r"H = -\sum_k \pi_k \log \pi_k, \qquad \pi = \operatorname{softmax}(a)",
    source="N4 21.56",
    scope="three classes",
)
def categorical_entropy_is_its_sum(entropy):
    """The sum over three classes; rows do not mix."""
    logits = real("a", 3)
    return [
        equal("the code is the sum", entropy(logits), -sum(p * sympy.log(p) for p in softmax(logits))),
        row_by_row(entropy, real("a", 2, 3)),
    ]


@categorical_entropy_is_its_sum.wrong("sign")
def _(logits):
    return -categorical_entropy(logits)


@categorical_entropy_is_its_sum.wrong("bits instead of nats")
def _(logits):
    return categorical_entropy(logits) / math.log(2)


@categorical_entropy_is_its_sum.wrong("probabilities normalized over the batch")
def _(logits):
    log_probs = torch.log_softmax(logits, 0)
    return -(torch.exp(log_probs) * log_probs).sum(-1)


@theorem(
    "label-information",
    chapter="clustering",
    about=(mutual_information,),
    statement=r"I(y; x) = \mathrm{KL}\big(q(x, y) \,\|\, q(x)\, \bar q(y)\big)"
    r" = \frac1N \sum_n \sum_y q(y \mid x_n) \log\frac{q(y \mid x_n)}{\bar q(y)} \ge 0",
    source="N4 21.3.3, for codes; here for N0's label",
    scope="two and three examples, two classes, every probability a symbol",
)
def label_information_is_a_kl(mutual_information):
    """The divergence of the joint table from the product of its margins; so it is never negative."""
    claims = []
    for count in (2, 3):
        probs = probability_rows("u", count)
        marginal = probs.sum(0) / count
        joint, product = probs.flatten() / count, list(marginal) * count
        computed = mutual_information(SymbolicTensor(probs))
        expected = categorical_kl_sum(joint, [q / count for q in product])
        claims.append(equal(f"{count} examples: the KL from the product of the margins", computed, expected))
    same = SymbolicTensor([probability_rows("u", 1)[0]] * 2)
    return [*claims, equal("it is 0 if every example has the same label", mutual_information(same), 0)]


@label_information_is_a_kl.wrong("the conditional entropy summed over the examples")
def _(probs):
    marginal = probs.mean(0)
    return torch.special.entr(marginal).sum() - torch.special.entr(probs).sum()


@label_information_is_a_kl.wrong("the entropy of the label alone")
def _(probs):
    return torch.special.entr(probs.mean(0)).sum()


@label_information_is_a_kl.wrong("examples and classes exchanged")
def _(probs):
    return mutual_information(probs.T)
