"""The theorem about the divergence that a classifier measures."""

import math

import sympy
import torch.nn.functional as F

from hvae_lessons.formulas.adversarial import jensen_shannon_bound
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.textbook import categorical_kl_sum, log_entries, probability_rows
from hvae_lessons.symbolic import positive


@theorem(
    "jensen-shannon-bound",
    chapter="infovae",
    about=(jensen_shannon_bound,),
    statement=r"\mathrm{JS}(q, p) - E[\texttt{jensen\_shannon\_bound}] = \sum_z \frac{q(z) + p(z)}{2}\,"
    r"\mathrm{KL}\Big(\mathrm{Ber}\Big(\frac{q(z)}{q(z) + p(z)}\Big) \,\Big\|\, \mathrm{Ber}(s(d(z)))\Big)"
    r" \ge 0",
    source="N4 21.3.2.3; Goodfellow et al. (2014)",
    scope="two points, any q and p on them, any classifier; the mean over samples: two of each",
)
def js_bound(jensen_shannon_bound):
    """What the bound lacks is a mean of KLs, and nothing for the log-ratio of the densities."""
    q, p = probability_rows("q", 1)[0], probability_rows("p", 1)[0]
    middle = (q + p) / 2
    js = (categorical_kl_sum(q, middle) + categorical_kl_sum(p, middle)) / 2
    odds = positive("t", 2).entries  # d = log t reaches every logit

    def expected(odds):
        logits = log_entries(odds)
        return sum(
            q[z] * p[y] * jensen_shannon_bound(logits[z : z + 1], logits[y : y + 1]).item()
            for z in range(2)
            for y in range(2)
        )

    lacking = sum(
        weight * categorical_kl_sum([share, 1 - share], [t / (1 + t), 1 / (1 + t)])
        for weight, share, t in zip(middle, q / (q + p), odds)
    )
    logits, others = log_entries(odds), log_entries(positive("u", 2).entries)
    single = [jensen_shannon_bound(logits[n : n + 1], others[n : n + 1]).item() for n in range(2)]
    return [
        equal("exact for the log-ratio of the densities", expected(q / p), js),
        equal("what another classifier lacks", js - expected(odds), lacking),
        equal("samples are averaged", jensen_shannon_bound(logits, others), sum(single) / 2),
        equal("a classifier that knows nothing: zero", expected([sympy.S.One] * 2), 0),
    ]


@js_bound.wrong("without log 2: minus the cross-entropy")
def _(logits_q, logits_p):
    return jensen_shannon_bound(logits_q, logits_p) - math.log(2)


@js_bound.wrong("labels exchanged")
def _(logits_q, logits_p):
    return jensen_shannon_bound(-logits_q, -logits_p)


@js_bound.wrong("without the halves")
def _(logits_q, logits_p):
    return math.log(2) + F.logsigmoid(logits_q).mean(-1) + F.logsigmoid(-logits_p).mean(-1)
