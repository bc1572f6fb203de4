"""Theorems about finite codes: all of them listed, and the autoregressive model as a VAE."""

from functools import partial
from types import SimpleNamespace

import sympy
import torch

from hvae_lessons.formulas.finite_codes import all_codes, copy_log_prob, finite_terms
from hvae_lessons.nets import AutoregressiveLinear
from hvae_lessons.oracles.autoregressive import Autoregressive
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "topdown"


PIXELS = 3


@theorem(
    "all-codes",
    chapter=CHAPTER,
    about=(all_codes,),
    statement=r"\{z_1, \dots, z_{2^D}\} = \{0, 1\}^D, \qquad \sum_d 2^{D - d}\, z_{c,d} = c - 1",
    source="needed to sum over z in N4 21.69",
    scope="one to four binary variables",
)
def every_code_once(all_codes):
    """Row c, read as a binary number, is c - 1: so no code is missing, and none comes twice."""
    claims = []
    for size in (1, 2, 3, 4):
        codes = sympy.Matrix(SymbolicTensor(all_codes(size)).entries)
        powers = sympy.Matrix([2 ** (size - d - 1) for d in range(size)])
        claims += [
            equal(f"{size} variables: zeros and ones", list(codes.multiply_elementwise(codes)), list(codes)),
            equal("row by row the binary numbers", list(codes * powers), list(range(2**size))),
        ]
    return claims


@every_code_once.wrong("the all-ones code forgotten")
def _(size):
    return all_codes(size)[:-1]


@every_code_once.wrong("only one variable is on")
def _(size):
    return torch.eye(2**size)[:, :size]


@every_code_once.wrong("signs instead of zeros and ones")
def _(size):
    return 2 * all_codes(size) - 1


@theorem(
    "degenerate-vae",
    chapter=CHAPTER,
    about=(finite_terms, copy_log_prob, AutoregressiveLinear.forward, Autoregressive.log_px),
    statement=r"q(z \mid x) = [z = x],\ p(x \mid z) = [x = z],"
    r" \\ p(z) = \prod_d p(z_d \mid z_{<d}): \quad E_q[\log p(x \mid z)] = 0, \\"
    r" \mathrm{KL}(q \,\|\, p) = -\sum_d \log p(x_d \mid x_{<d}) = -\log p(x)",
    source="N4 21.69",
    scope="three binary pixels, log-odds affine in the pixels before, symbolic weights; two with errors",
)
def degenerate_vae(terms, copy, forward, log_px):
    """The bound is a sum over all codes; and with a copy that makes errors it is not log p(x) any more."""
    x = all_codes(PIXELS)
    affine = SimpleNamespace(weight=real("w", PIXELS, PIXELS), bias=real("b", PIXELS), in_features=PIXELS)
    log_odds = partial(forward, SimpleNamespace(affine=affine))
    log_pz = log_px(SimpleNamespace(size=PIXELS, logits=log_odds), x)
    probability = dict(zip(map(tuple, x.int().tolist()), log_pz.exp().entries, strict=True))
    reconstruction, kl = terms(copy(x, x), copy(x, x), log_pz)
    chain = [sum(map(sympy.log, _conditionals(probability, code))) for code in probability]
    return [
        equal(
            "the log-odds are affine in all the pixels before",
            log_odds(x),
            [[_affine(affine, code, d) for d in range(PIXELS)] for code in probability],
        ),
        equal("the prior sums to one", sum(probability.values()), 1),
        equal("each factor is the conditional of the joint", log_pz, chain),
        equal("nothing is lost in reconstruction", reconstruction, [0] * len(x)),
        equal("the KL is -log p(x), so the ELBO is log p(x)", -kl, log_pz),
        _bound_with_errors(terms),
    ]


def _affine(affine, code, d):
    """b_d + sum of w_de x_e over e < d."""
    row = affine.weight.entries[d]
    return affine.bias.entries[d] + sum(row[e] * code[e] for e in range(d))


def _conditionals(probability, code):
    """p(x_d | x_<d) as a ratio of sums over the joint table, for every d."""
    for d in range(len(code)):
        below = sum(p for other, p in probability.items() if other[:d] == code[:d])
        yield sum(p for other, p in probability.items() if other[: d + 1] == code[: d + 1]) / below


def _bound_with_errors(terms):
    """Two pixels, any prior, each pixel copied wrongly with probability 1/4: all sums, term by term."""
    x = all_codes(2)
    weight = positive("p", len(x)).entries
    prior = SymbolicTensor(weight / weight.sum())
    wrong = sympy.Rational(1, 4)
    mistakes = [[sum(a != b for a, b in zip(u, z, strict=True)) for z in x.tolist()] for u in x.tolist()]
    table = SymbolicTensor([[wrong**n * (1 - wrong) ** (2 - n) for n in row] for row in mistakes])
    reconstruction, kl = terms(table.log(), table.log(), prior.log())
    evidence = (table * prior).sum(-1)
    posterior = table * prior / evidence.unsqueeze(-1)
    gap = (table * (table.log() - posterior.log())).sum(-1)
    return equal(
        "with errors the bound lies below log p(x) by the KL to the posterior",
        evidence.log() - reconstruction + kl,
        gap,
    )


@degenerate_vae.wrong("mean over the codes instead of the sum")
def _(log_px_given_z, log_q_z, log_pz):
    return tuple(term / len(log_pz) for term in finite_terms(log_px_given_z, log_q_z, log_pz))


@degenerate_vae.wrong("the entropy of q left out, which the pure copy does not notice")
def _(log_px_given_z, log_q_z, log_pz):
    reconstruction, kl = finite_terms(log_px_given_z, log_q_z, log_pz)
    entropy, _ = finite_terms(-log_q_z, log_q_z, log_pz)
    return reconstruction, kl + entropy


@degenerate_vae.wrong("a pixel that sees itself", instead_of=AutoregressiveLinear.forward)
def _(net, z):
    return torch.nn.functional.linear(z, torch.tril(net.affine.weight), net.affine.bias)


@degenerate_vae.wrong("every pixel sees its neighbor only", instead_of=AutoregressiveLinear.forward)
def _(net, z):
    weight = torch.tril(net.affine.weight, diagonal=-1) - torch.tril(net.affine.weight, diagonal=-2)
    return torch.nn.functional.linear(z, weight, net.affine.bias)


@degenerate_vae.wrong("the mean of the factors' logarithms", instead_of=Autoregressive.log_px)
def _(model, x):
    return Autoregressive.log_px(model, x) / model.size


@degenerate_vae.wrong("every pixel sees all others", instead_of=AutoregressiveLinear.forward)
def _(net, z):
    weight = torch.tril(net.affine.weight, diagonal=-1)
    return torch.nn.functional.linear(z, weight + weight.T, net.affine.bias)


@degenerate_vae.wrong("zeros and ones exchanged by the copy", instead_of=copy_log_prob)
def _(x, z, flip=0.0):
    return copy_log_prob(1 - x, z, flip)
