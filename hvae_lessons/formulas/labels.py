r"""The label's part of the bound: what a cluster costs, and how its expectation is taken.

    cost [..., Y]    what it costs to say that x or z belongs to cluster y, in nats: one of two forms
    logits [..., Y]  q(y | .) = softmax(logits), a distribution given z or given x

The two forms of the cost are not interchangeable: their expectations differ by a sum of covariances under
q(z | x) as soon as q(y | z) depends on z (theorem conditional-prior-forms).
"""

import math

import torch

from hvae_lessons.checks import check_baseline, check_event, check_floating, expect
from hvae_lessons.formulas.distributions import categorical_log_prob


def log_ratio_cost(log_q_z, log_pz_given_y):
    r"""The conditional-prior term at a sample: the form that belongs to q(z, y | x) = q(z | x) q(y | z).

    $$c_y(z) = \log \frac{q(z \mid x)}{p(z \mid y)}$$

    The other form, $\mathrm{KL}(q(z \mid x) \,\|\, p(z \mid y))$, averages this over z before y has been
    chosen: `GaussianMixture.kl`.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_q_z` | [...] | log q(z given x) at the sample |
    | `log_pz_given_y` | [..., Y] | log p(z given y) there |
    | returns | [..., Y] | cost in nats; it may be negative |

    Raises: ValueError for shapes that do not match.
    Source: N0, first form of the conditional-prior term.
    """
    check_event(log_pz_given_y=log_pz_given_y)
    expected = tuple(log_pz_given_y.shape[:-1])
    check_floating("log_q_z", log_q_z)
    expect(tuple(log_q_z.shape) == expected, "log_q_z", f"shape {expected}", log_q_z.shape)
    return log_q_z.unsqueeze(-1) - log_pz_given_y


def expected_cost(cost, logits):
    r"""Exact expectation over the label.

    $$\sum_y q(y)\, c_y, \qquad q = \operatorname{softmax}(a)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `cost` | [..., Y] | c in nats |
    | `logits` | [..., Y] | a |
    | returns | [...] | nats |

    Raises: ValueError for shapes that do not match.
    Source: N0, "analytic expectation" strategy (step 4).
    """
    check_event(cost=cost, logits=logits)
    return (torch.softmax(logits, -1) * cost).sum(-1)


def sampled_cost(cost_at_y, logits, y, baseline=0.0):
    r"""The cost of one drawn label, arranged so that its gradient reaches q(y): the score function.

    $$c_{\hat y} + \left[(c_{\hat y} - b)\right]_{\text{held fixed}}
      \left(\log q(\hat y) - \left[\log q(\hat y)\right]_{\text{held fixed}}\right), \qquad \hat y \sim q$$

    The second part is zero, and its gradient is what N0's sampling leaves out. The value is c, the gradient
    unbiased for every baseline b that does not depend on the draw.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `cost_at_y` | [...] | c of the drawn label in nats |
    | `logits` | [..., Y] | of q(y) |
    | `y` | [...] | the drawn labels |
    | `baseline` | number or [...] | b |
    | returns | [...] | nats |

    Raises: ValueError for shapes that do not match, or a y that is no label.
    Source: N0, "Monte Carlo sampling" strategy (step 4), completed by Williams (1992).
    """
    log_q_y = categorical_log_prob(y, logits)
    expected = tuple(log_q_y.shape)
    check_floating("cost_at_y", cost_at_y)
    expect(tuple(cost_at_y.shape) == expected, "cost_at_y", f"shape {expected}", cost_at_y.shape)
    check_baseline(baseline, expected)
    return cost_at_y + (cost_at_y - baseline).detach() * (log_q_y - log_q_y.detach())


def mean_of_others(values):
    r"""A baseline that each example may use, because it does not depend on its own draw.

    $$b_i = \frac{1}{B - 1} \sum_{j \ne i} c_j$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `values` | [..., B] | c of independent draws; the others are those of the same batch, the last axis |
    | returns | [..., B] | b, held fixed; 0 in a batch of one |

    Raises: ValueError for a scalar or an empty batch.
    Source: the leave-one-out baseline of REINFORCE.
    """
    check_event(values=values)
    values = values.detach()
    return (values.sum(-1, keepdim=True) - values) / max(values.shape[-1] - 1, 1)


def labels_given_code(log_pz_given_y):
    r"""The best q(y | z): Bayes' rule in the mixture. No network can do better.

    $$q(y \mid z) = p(y \mid z) = \frac{p(z \mid y)}{\sum_k p(z \mid k)}, \qquad
      \sum_y q(y \mid z) \left[c_y(z) + \log (Y q(y \mid z))\right] = \log \frac{q(z \mid x)}{p(z)}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_pz_given_y` | [..., Y] | log p(z given y) in nats |
    | returns | [..., Y] | log q(y given z), normalized |

    Raises: ValueError for a scalar or an empty batch.
    Source: N0's bound, maximized over q(y | z) for a uniform p(y).
    """
    check_event(log_pz_given_y=log_pz_given_y)
    return torch.log_softmax(log_pz_given_y, -1)


def labels_given_data(kl_per_label):
    r"""The best q(y | x) for q(z, y | x) = q(z | x) q(y | x).

    $$q(y \mid x) = \frac{e^{-\mathrm{KL}_y}}{\sum_k e^{-\mathrm{KL}_k}}, \qquad
      \mathrm{KL}_y = \mathrm{KL}(q(z \mid x) \,\|\, p(z \mid y))$$

    It is the normalized *geometric* mean of p(y | z) over q(z | x).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kl_per_label` | [..., Y] | in nats |
    | returns | [..., Y] | log q(y given x), normalized |

    Raises: ValueError for a scalar or an empty batch.
    Source: the optimum of the bound of Jiang et al. (2017), who put the arithmetic mean in its place.
    """
    check_event(kl_per_label=kl_per_label)
    return torch.log_softmax(-kl_per_label, -1)


def average_labels(log_pz_given_y):
    r"""VaDE's q(y | x): the arithmetic mean of p(y | z) over K samples of q(z | x).

    $$q(y \mid x) = \frac{1}{K} \sum_k p(y \mid z_k)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_pz_given_y` | [K, ..., Y] | log p(z_k given y) in nats |
    | returns | [..., Y] | log q(y given x), normalized |

    Raises: ValueError for a scalar or an empty batch.
    Source: Jiang et al. (2017), who read it off their bound.
    """
    check_event(log_pz_given_y=log_pz_given_y)
    log_labels = labels_given_code(log_pz_given_y)
    return torch.logsumexp(log_labels, 0) - math.log(log_labels.shape[0])
