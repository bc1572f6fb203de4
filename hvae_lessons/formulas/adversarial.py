"""A divergence that a classifier measures: how well samples of q can be told from samples of p."""

import math

import torch.nn.functional as F

from hvae_lessons.checks import check_event


def jensen_shannon_bound(logits_q, logits_p):
    r"""Lower bound of the Jensen-Shannon divergence, from a classifier's logits at samples of both.

    $$\mathrm{JS}(q, p) = \frac{1}{2} \mathrm{KL}\Big(q \,\Big\|\, \frac{q + p}{2}\Big)
      + \frac{1}{2} \mathrm{KL}\Big(p \,\Big\|\, \frac{q + p}{2}\Big)
      \ge \log 2 + \frac{1}{2} E_q[\log s(d(z))] + \frac{1}{2} E_p[\log s(-d(y))]$$

    s is the logistic function. Without the log 2, and with the sign turned, it is the cross-entropy of the
    classifier; the bound is exact for the best one, $d = \log q - \log p$.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits_q` | [..., N] | d at samples of q: the log-odds that a point is from q |
    | `logits_p` | [..., P] | d at samples of p |
    | returns | [...] | nats, at most log 2; a bound in expectation, for a d that has not seen the samples |

    Raises: ValueError for a scalar, an empty batch, or leading axes that do not match.
    Source: N4 21.3.2.3; Goodfellow et al. (2014); Makhzani et al. (2015).
    """
    check_event(logits_q=logits_q)
    check_event(logits_p=logits_p)
    check_event(logits_q=logits_q[..., :1], logits_p=logits_p[..., :1])  # what stands before the samples
    return math.log(2) + 0.5 * F.logsigmoid(logits_q).mean(-1) + 0.5 * F.logsigmoid(-logits_p).mean(-1)
