"""Theorems about binary codes: the autoregressive model as a VAE, and the messages of a tree of copies."""

import itertools
import math
from types import SimpleNamespace

import sympy
import torch

from hvae_lessons.distributions import bernoulli_log_prob
from hvae_lessons.models.autoregressive import all_codes, copy_log_prob, finite_terms
from hvae_lessons.models.tree import tree_log_prob
from hvae_lessons.nets import AutoregressiveLinear
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "topdown"
PIXELS = 3


def _log_odds(forward, x):
    """The masked affine map of the package at symbolic weights."""
    affine = SimpleNamespace(weight=real("w", PIXELS, PIXELS), bias=real("b", PIXELS), in_features=PIXELS)
    return forward(SimpleNamespace(affine=affine), x)


@theorem(
    "degenerate-vae",
    chapter=CHAPTER,
    about=(finite_terms, copy_log_prob, AutoregressiveLinear.forward),
    statement=r"q(z \mid x) = [z = x],\ p(x \mid z) = [x = z],"
    r" \\ p(z) = \prod_d p(z_d \mid z_{<d}): \quad E_q[\log p(x \mid z)] = 0, \\"
    r" \mathrm{KL}(q \,\|\, p) = -\sum_d \log p(x_d \mid x_{<d}) = -\log p(x)",
    source="N4 21.69",
    scope="three binary pixels, log-odds affine in the pixels before, symbolic weights; two with errors",
)
def degenerate_vae(terms, copy, forward):
    """The bound is a sum over all codes; and with a copy that makes errors it is not log p(x) any more."""
    x = all_codes(PIXELS)
    log_pz = bernoulli_log_prob(x, _log_odds(forward, x))
    probability = dict(zip(map(tuple, x.int().tolist()), log_pz.exp().entries, strict=True))
    reconstruction, kl = terms(copy(x, x), copy(x, x), log_pz)
    chain = [sum(map(sympy.log, _conditionals(probability, code))) for code in probability]
    return [
        equal("the prior sums to one", sum(probability.values()), 1),
        equal("each factor is the conditional of the joint", log_pz, chain),
        equal("nothing is lost in reconstruction", reconstruction, [0] * len(x)),
        equal("the KL is -log p(x), so the ELBO is log p(x)", -kl, log_pz),
        _bound_with_errors(terms),
    ]


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


@degenerate_vae.wrong("every pixel sees all others", instead_of=AutoregressiveLinear.forward)
def _(net, z):
    weight = torch.tril(net.affine.weight, diagonal=-1)
    return torch.nn.functional.linear(z, weight + weight.T, net.affine.bias)


@degenerate_vae.wrong("zeros and ones exchanged by the copy", instead_of=copy_log_prob)
def _(x, z, flip=0.0):
    return copy_log_prob(1 - x, z, flip)


@theorem(
    "tree-messages",
    chapter=CHAPTER,
    about=(tree_log_prob,),
    statement=r"p(x) = \sum_{\text{inner nodes}} \tfrac12 \prod_{u \ne \text{root}}"
    r" T(u \mid \mathrm{parent}(u)),"
    r" \qquad p(x_{\le d}) = \sum_{x_{>d}} p(x)",
    source="N4 21.5.3, the tree-like code",
    scope="four leaves (three inner nodes), all 16 of their values, symbolic probability of a wrong copy",
)
def tree_messages(log_prob):
    """Messages against the sum over every value of the inner nodes; prefixes against sums over the rest."""
    wrong = 1 / (1 + sympy.Symbol("u", positive=True))  # any probability between 0 and 1
    flip = SymbolicTensor([wrong])
    leaves = all_codes(4)
    table = [_by_enumeration(leaf, wrong) for leaf in leaves.int().tolist()]
    computed = log_prob(leaves, flip, 2).exp().entries
    claims = [
        equal("all 16 probabilities", computed, table),
        equal("their sum is 1", sum(computed), 1),
    ]
    for d in (1, 2, 3):
        rest = 2 ** (4 - d)
        sums = [sum(table[i : i + rest]) for i in range(0, 16, rest)]
        prefix = log_prob(all_codes(d), flip, 2).exp()
        claims.append(equal(f"the first {d} summed over the others", prefix, sums))
    return claims


def _by_enumeration(leaves, wrong):
    """Root fair, two children, four grandchildren: the sum over the three inner nodes."""

    def copied(parent, child):
        return wrong if parent != child else 1 - wrong

    total = 0
    for root, left, right in itertools.product((0, 1), repeat=3):
        inner = copied(root, left) * copied(root, right)
        outer = [
            copied(parent, leaf) for parent, leaf in zip((left, left, right, right), leaves, strict=True)
        ]
        total += inner * sympy.prod(outer) / 2
    return total


@tree_messages.wrong("the root's two states not averaged")
def _(x, flip, depth):
    return tree_log_prob(x, flip, depth) + math.log(2)


@tree_messages.wrong("leaves independent of each other")
def _(x, flip, depth):
    return 0 * tree_log_prob(x, flip, depth) - x.shape[-1] * math.log(2)


@tree_messages.wrong("one copy from root to leaf, whatever the depth")
def _(x, flip, depth):
    right, wrong = torch.log(1 - flip), torch.log(flip)
    ones = x.sum(-1)
    zeros = x.shape[-1] - ones
    both = torch.stack([ones * wrong + zeros * right, ones * right + zeros * wrong], -1)
    return torch.logsumexp(both, -1) - math.log(2)
