"""Kullback-Leibler divergences of categorical distributions; conventions as in `divergences`. Unit: nats."""

import math

import torch

from hvae_lessons.checks import check_event


def kl_categorical(logits_q, logits_p):
    r"""KL between categorical distributions over the same Y classes.

    $$\mathrm{KL}(q \,\|\, p) = \sum_k q_k \log\frac{q_k}{p_k},
      \qquad q = \operatorname{softmax}(\text{logits}_q)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits_q`, `logits_p` | [..., Y] | unnormalized log-probabilities |
    | returns | [...] | KL in nats |

    Raises: ValueError for shapes that do not match.
    Source: N0, KL[q(y | z) || p(y)] for a general p(y).
    """
    check_event(logits_q=logits_q, logits_p=logits_p)
    log_q = torch.log_softmax(logits_q, -1)
    return (torch.exp(log_q) * (log_q - torch.log_softmax(logits_p, -1))).sum(-1)


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
    log_q = torch.log_softmax(logits, -1)
    return (torch.exp(log_q) * log_q).sum(-1) + math.log(logits.shape[-1])
