r"""The rate-distortion plane of a finite model, where every quantity is a sum over tables and so exact.

    p_x [X]      q_z_given_x [X, C]      p_z [C]      p_x_given_z [C, X]

The data p_D(x), the encoder, the prior and the decoder; every row sums to one, and zeros are allowed. For any
four such tables $H - D \le I_q(x; z) \le R$, where H is the entropy of x (theorem rate-distortion-bounds).
Leading axes are those of several models. Unit: nats.
"""

import torch

from hvae_lessons.checks import (
    check_conditional,
    check_event,
    check_floating,
    check_probabilities,
    check_type,
)
from hvae_lessons.formulas.discrete_divergences import kl_probabilities


def aggregate_posterior(p_x, q_z_given_x):
    r"""How often each code is used, over all of the data.

    $$q(z) = \sum_x p_D(x)\, q(z \mid x)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [..., X] | p_D(x) |
    | `q_z_given_x` | [..., X, C] | the encoder |
    | returns | [..., C] | q(z) |

    Raises: ValueError for tables that do not match, or rows that are no probabilities.
    Source: N4 21.2.4, the inference marginal.
    """
    check_probabilities("p_x", p_x)
    check_conditional("q_z_given_x", q_z_given_x, p_x.shape[-1])
    return (p_x.unsqueeze(-1) * q_z_given_x).sum(-2)


def rate(p_x, q_z_given_x, p_z):
    r"""Mean length of the code beyond what the prior gives for free.

    $$R = \sum_x p_D(x)\, \mathrm{KL}(q(z \mid x) \,\|\, p(z))$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [..., X] | p_D(x) |
    | `q_z_given_x` | [..., X, C] | the encoder |
    | `p_z` | [..., C] | the prior |
    | returns | [...] | R in nats; infinite where a code is used that p(z) excludes |

    Raises: ValueError for tables that do not match, or rows that are no probabilities.
    Source: N4 21.24, the second term, averaged over the data.
    """
    check_probabilities("p_x", p_x)
    check_conditional("q_z_given_x", q_z_given_x, p_x.shape[-1])
    check_probabilities("p_z", p_z)
    check_event(q_z_given_x=q_z_given_x, p_z=p_z.unsqueeze(-2))
    return (p_x * kl_probabilities(q_z_given_x, p_z.unsqueeze(-2))).sum(-1)


def distortion(p_x, q_z_given_x, p_x_given_z):
    r"""What it still costs to say x, once its code is known.

    $$D = -\sum_x p_D(x) \sum_z q(z \mid x) \log p(x \mid z)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [..., X] | p_D(x) |
    | `q_z_given_x` | [..., X, C] | the encoder |
    | `p_x_given_z` | [..., C, X] | the decoder |
    | returns | [...] | D in nats; infinite where the decoder excludes an x of this code |

    Raises: ValueError for tables that do not match, or rows that are no probabilities.
    Source: N4 21.24, the first term, averaged over the data.
    """
    check_probabilities("p_x", p_x)
    check_conditional("q_z_given_x", q_z_given_x, p_x.shape[-1])
    check_conditional("p_x_given_z", p_x_given_z, q_z_given_x.shape[-1])
    check_event(q_z_given_x=q_z_given_x, p_x_given_z=p_x_given_z.mT)
    joint = p_x.unsqueeze(-1) * q_z_given_x
    # where, not a product: 0 * -inf is NaN.
    return -torch.where(joint > 0, joint * p_x_given_z.mT.log(), torch.zeros_like(joint)).sum((-2, -1))


def information(p_x, q_z_given_x):
    r"""Mutual information of the data and their codes: the rate under the best prior, which is q(z).

    $$I_q(x; z) = \sum_x p_D(x)\, \mathrm{KL}(q(z \mid x) \,\|\, q(z))$$

    For data that are all equally frequent it is `entropies.mutual_information`.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `p_x` | [..., X] | p_D(x) |
    | `q_z_given_x` | [..., X, C] | the encoder |
    | returns | [...] | nats, from 0 to the entropy of x |

    Raises: ValueError for tables that do not match, or rows that are no probabilities.
    Source: N4 21.32.
    """
    return rate(p_x, q_z_given_x, aggregate_posterior(p_x, q_z_given_x))


def best_decoder(log_q_z_given_x, x):
    r"""The output of the decoder that is best for a fixed encoder: the mean of all x that may have this code.

    $$d(z) = E_{q(x \mid z)}[x] = \frac{\sum_n q(z \mid x_n)\, x_n}{\sum_n q(z \mid x_n)}$$

    So for a Gaussian likelihood, whatever its variance, and for a Bernoulli one, as its mean. It is a blur as
    soon as several x share a code.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_q_z_given_x` | [..., N, C] | log q(z given x_n) of C codes, a table or densities |
    | `x` | [..., N, D] | the data, all equally frequent |
    | returns | [..., C, D] | d(z) |

    Raises: ValueError for shapes or precisions that do not match.
    Source: N4 21.23 and the sentence after it, for an encoder with noise.
    """
    check_event(log_q_z_given_x=log_q_z_given_x)
    check_event(x=x)
    check_event(log_q_z_given_x=log_q_z_given_x[..., 0], x=x[..., 0])
    check_floating("log_q_z_given_x", log_q_z_given_x)
    check_type("x", x, log_q_z_given_x)
    return torch.softmax(log_q_z_given_x, -2).mT @ x
