"""Theorems about the divergences of categorical distributions: each is the sum that defines it."""

import math

import sympy
import torch

from hvae_lessons.formulas.discrete_divergences import kl_categorical, kl_categorical_uniform
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.textbook import categorical_kl_sum, softmax
from hvae_lessons.symbolic import real

CHAPTER = "divergences"


@theorem(
    "categorical-kl",
    chapter=CHAPTER,
    about=(kl_categorical,),
    statement=r"\mathrm{KL}(q \,\|\, p) = \sum_k q_k \log\frac{q_k}{p_k},"
    r" \qquad q = \operatorname{softmax}(a),\ p = \operatorname{softmax}(b)",
    source="N0, KL[q(y | z) || p(y)]",
    scope="three classes",
)
def categorical_kl(kl):
    """The sum over three classes; rows do not mix."""
    a, b = real("a", 3), real("b", 3)
    return [
        equal("the code is the sum", kl(a, b), categorical_kl_sum(softmax(a), softmax(b))),
        equal("a constant added to all logits changes nothing", kl(a + real("c"), b), kl(a, b)),
        row_by_row(kl, real("a", 2, 3), real("b", 2, 3)),
    ]


@categorical_kl.wrong("KL(p || q): the arguments swapped")
def _(logits_q, logits_p):
    return kl_categorical(logits_p, logits_q)


@categorical_kl.wrong("logits read as log-probabilities")
def _(logits_q, logits_p):
    return (torch.exp(logits_q) * (logits_q - logits_p)).sum(-1)


@categorical_kl.wrong("mean over the classes")
def _(logits_q, logits_p):
    return kl_categorical(logits_q, logits_p) / logits_q.shape[-1]


@theorem(
    "uniform-kl",
    chapter=CHAPTER,
    about=(kl_categorical_uniform,),
    statement=r"\mathrm{KL}(q \,\|\, U) = \sum_k q_k \log\frac{q_k}{1 / Y} = \log Y - H(q)",
    source="N0, KL[q(y | z) || p(y)]",
    scope="three classes",
)
def uniform_kl(kl):
    """The sum over three classes; the general formula at equal logits; rows do not mix."""
    a = real("a", 3)
    third = [sympy.Rational(1, 3)] * 3
    return [
        equal("the code is the sum", kl(a), categorical_kl_sum(softmax(a), third)),
        equal("it is kl_categorical with equal logits", kl(a), kl_categorical(a, torch.zeros_like(a))),
        row_by_row(kl, real("a", 2, 3)),
    ]


@uniform_kl.wrong("log Y left out: minus the entropy")
def _(logits):
    return kl_categorical_uniform(logits) - math.log(logits.shape[-1])


@uniform_kl.wrong("log Y subtracted")
def _(logits):
    return kl_categorical_uniform(logits) - 2 * math.log(logits.shape[-1])


@uniform_kl.wrong("KL(U || q): the arguments swapped")
def _(logits):
    return kl_categorical(torch.zeros_like(logits), logits)
