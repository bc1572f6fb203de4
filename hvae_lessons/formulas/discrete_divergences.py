"""Kullback-Leibler divergences of categorical distributions; conventions as in `divergences`. Unit: nats."""

import math

import torch

from hvae_lessons.checks import check_event, check_probabilities, expect
from hvae_lessons.formulas.special_functions import kl_term, log_quotient


def kl_categorical(logits_q, logits_p):
    r"""KL between categorical distributions over the same Y classes.

    $$\mathrm{KL}(q \,\|\, p) = \sum_k q_k \log\frac{q_k}{p_k},
      \qquad q = \operatorname{softmax}(\text{logits}_q)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits_q`, `logits_p` | [..., Y] | unnormalized log-probabilities; minus infinity: impossible |
    | returns | [...] | KL in nats; infinite where q allows a class that p does not |

    Raises: ValueError for shapes that do not match, or whole numbers as logits.
    Source: N0, KL[q(y | z) || p(y)] for a general p(y).
    """
    check_event(logits_q=logits_q, logits_p=logits_p)
    dtype = torch.promote_types(logits_q.dtype, logits_p.dtype)
    a, b = _in_double("logits_q", logits_q), _in_double("logits_p", logits_p)
    normalizers = torch.logsumexp(b, -1, keepdim=True) - torch.logsumexp(a, -1, keepdim=True)
    return kl_term(torch.softmax(a, -1), torch.softmax(b, -1), b - a - normalizers).sum(-1).to(dtype)


def kl_categorical_uniform(logits):
    r"""KL from a categorical distribution to the uniform one: log Y minus the entropy.

    $$\mathrm{KL}(q \,\|\, U) = \sum_k q_k \log q_k + \log Y$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits` | [..., Y] | unnormalized log-probabilities of q |
    | returns | [...] | KL in nats, from 0 to log Y |

    Raises: ValueError for a scalar or an empty batch.
    Source: N0, KL[q(y | z) || p(y)].
    """
    check_event(logits=logits)
    a, classes = _in_double("logits", logits), logits.shape[-1]
    log_ratio = torch.logsumexp(a, -1, keepdim=True) - math.log(classes) - a
    return kl_term(torch.softmax(a, -1), torch.full_like(a, 1 / classes), log_ratio).sum(-1).to(logits.dtype)


def kl_probabilities(q, p):
    r"""KL between categorical distributions that are given as probabilities.

    $$\mathrm{KL}(q \,\|\, p) = \sum_k q_k \log\frac{q_k}{p_k} \ge 0, \qquad 0 \log 0 = 0$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `q`, `p` | [..., Y] | probabilities, each row summing to one; zeros are allowed |
    | returns | [...] | KL in nats; infinite where q allows a class that p does not |

    Raises: ValueError for shapes that do not match, or rows that are no probabilities.
    Source: N4 21.20-21.22, for tables.
    """
    check_probabilities("q", q)
    check_probabilities("p", p)
    check_event(q=q, p=p)
    return kl_term(q, p, log_quotient(p, q)).sum(-1)


def _in_double(name, logits):
    """Double precision: a normalizer's error enters a KL of classes squared, but a KL is small as well."""
    expect(logits.is_floating_point(), name, "floating-point values", logits.dtype)
    return logits.to(torch.float64)
