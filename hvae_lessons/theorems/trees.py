"""The theorem about the messages of a tree of copies."""

import itertools
import math

import sympy
import torch

from hvae_lessons.formulas.finite_codes import all_codes
from hvae_lessons.formulas.trees import tree_log_prob
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.symbolic import SymbolicTensor

CHAPTER = "topdown"


@theorem(
    "tree-messages",
    chapter=CHAPTER,
    about=(tree_log_prob,),
    statement=r"p(x) = \sum_{\text{inner nodes}} \tfrac12 \prod_{u \ne \text{root}}"
    r" T(u \mid \mathrm{parent}(u)),"
    r" \qquad p(x_{\le d}) = \sum_{x_{>d}} p(x)",
    source="N4 21.5.3, the tree-like code",
    scope="all 16 values of four leaves (three inner nodes), three of the 256 values of eight leaves (seven),"
    " symbolic probability of a wrong copy",
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
    deep = SymbolicTensor([[0] * 8, [0, 1, 1, 0, 1, 1, 1, 1], [1, 0, 0, 0, 0, 1, 0, 1]])
    claims.append(
        equal(
            "three of the 256 with eight leaves",
            log_prob(deep, flip, 3).exp(),
            [_by_enumeration(leaf, wrong) for leaf in deep.entries.tolist()],
        )
    )
    for d in (1, 2, 3):
        rest = 2 ** (4 - d)
        sums = [sum(table[i : i + rest]) for i in range(0, 16, rest)]
        prefix = log_prob(all_codes(d), flip, 2).exp()
        claims.append(equal(f"the first {d} summed over the others", prefix, sums))
    return claims


def _by_enumeration(leaves, wrong):
    """A fair root, and the sum over all inner nodes: those below node i are 2 i + 1 and 2 i + 2."""
    total = 0
    for inner in itertools.product((0, 1), repeat=len(leaves) - 1):
        nodes = [*inner, *leaves]
        mistakes = sum(nodes[child] != nodes[(child - 1) // 2] for child in range(1, len(nodes)))
        total += wrong**mistakes * (1 - wrong) ** (len(nodes) - 1 - mistakes) / 2
    return total


@tree_messages.wrong("one step up the tree, whatever the depth")
def _(x, flip, depth):
    if depth == 2:
        return tree_log_prob(x, flip, depth)
    left, right = x[:, :4], x[:, 4:]
    return tree_log_prob(left, flip, 2) + tree_log_prob(right, flip, 2)


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
