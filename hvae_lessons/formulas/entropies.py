"""Entropies, each one pure function: the conventions are those of `distributions`. Unit: nats."""

import math

import torch
import torch.nn.functional as F

from hvae_lessons.checks import check_event, check_square
from hvae_lessons.formulas.distributions import LOG_2PI


def gaussian_entropy(log_var):
    r"""Entropy of a Gaussian with diagonal covariance.

    $$H = \frac{1}{2} \sum_d \left[1 + \log 2\pi + \log \sigma_d^2\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_var` | [..., D] | log sigma^2 |
    | returns | [...] | differential entropy in nats; it can be negative |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 draft 21.20, with the constant that it leaves out.
    """
    check_event(log_var=log_var)
    return 0.5 * (log_var + LOG_2PI + 1).sum(-1)


def gaussian_full_entropy(scale_tril):
    r"""Entropy of a Gaussian with covariance $L L^\top$.

    $$H = \frac{D}{2} (1 + \log 2\pi) + \sum_d \log L_{dd}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `scale_tril` | [..., D, D] | L, lower triangular with a positive diagonal |
    | returns | [...] | differential entropy in nats |

    Raises: ValueError if `scale_tril` is not square.
    Source: N4 draft 21.20 and 21.45.
    """
    check_event(scale_tril=scale_tril)
    check_square("scale_tril", scale_tril, scale_tril.shape[-1])
    log_diagonal = torch.log(torch.diagonal(scale_tril, dim1=-2, dim2=-1))
    return (log_diagonal + 0.5 * (1 + LOG_2PI)).sum(-1)


def bernoulli_entropy(logits):
    r"""Entropy of independent binary variables.

    $$H = \sum_d \left[\log(1 + e^{a_d}) - \frac{a_d}{1 + e^{-a_d}}\right]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits` | [..., D] | a, the log-odds |
    | returns | [...] | entropy in nats, summed over D |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 21.5 (the distribution); the entropy follows from its definition.
    """
    check_event(logits=logits)
    one, zero = (torch.sigmoid(part) * F.logsigmoid(part) for part in (logits, -logits))  # p log p of each
    return -(one + zero).sum(-1)


def categorical_entropy(logits):
    r"""Entropy of a categorical distribution.

    $$H = -\sum_k \pi_k \log \pi_k, \qquad \pi = \operatorname{softmax}(a)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `logits` | [..., Y] | a, unnormalized log-probabilities; minus infinity: impossible |
    | returns | [...] | entropy in nats, from 0 to log Y; 0 log 0 = 0 |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 21.56.
    """
    check_event(logits=logits)
    log_probs = torch.log_softmax(logits, -1)
    # 0 times the logarithm of 0 would be NaN; 0 times the least number is 0. A NaN stays one.
    return -(torch.exp(log_probs) * torch.nan_to_num(log_probs, nan=math.nan)).sum(-1)


def mutual_information(probs):
    r"""Mutual information of a label and the data, from the label's distribution at every example.

    $$I(y; x) = \mathrm{H}\left(\bar q\right) - \frac{1}{N}\sum_n \mathrm{H}\left(q(y \mid x_n)\right),
      \qquad \bar q = \frac{1}{N} \sum_n q(y \mid x_n)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `probs` | [N, Y] | q(y given x_n), each row summing to one; zeros are allowed |
    | returns | [] | nats, from 0 (the label says nothing) to log Y |

    Raises: ValueError for a scalar or an empty batch.
    Source: N4 21.3.3, there for codes.
    """
    check_event(probs=probs)
    marginal = probs.mean(0)
    return torch.special.entr(marginal).sum() - torch.special.entr(probs).sum(-1).mean()
