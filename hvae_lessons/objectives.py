"""Objectives: functions of a Trace, one value per example, in nats, higher is better.

The mean over the batch is taken once, in the loss: `loss = -elbo(trace).mean()`. Pixels and latent
coordinates are summed, never averaged: an average on one side only would be a hidden beta.
"""

from hvae_lessons.checks import check_non_negative, check_trace


def elbo(trace):
    r"""Evidence lower bound.

    $$\mathrm{ELBO}(x) = \log p(x \mid z) - \sum_l \mathrm{KL}_l,
      \qquad E_{z \sim q}[\mathrm{ELBO}(x)] \le \log p(x)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | returns | [B] or [K, B] | one-sample estimate in nats; each KL is exact given its layer's parents |

    Raises: ValueError for anything but a Trace.
    Source: N1 (1), N4 draft 21.17; N4 21.64-21.65 for several layers.
    """
    check_trace(trace)
    return trace.log_px_given_z - trace.kl


def beta_elbo(trace, beta):
    r"""ELBO with the KL weighted by beta.

    $$\log p(x \mid z) - \beta \sum_l \mathrm{KL}_l$$

    A lower bound on log p(x) for beta >= 1; for beta < 1 it is none, and is reported as what it is.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | `beta` | number | weight of the KL, 0 or more |
    | returns | [B] or [K, B] | weighted objective in nats |

    Raises: ValueError for anything but a Trace, or a negative or infinite beta.
    Source: N4 21.24, with the sign turned: there it is a loss.
    """
    check_trace(trace)
    check_non_negative("beta", beta)
    return trace.log_px_given_z - beta * trace.kl


def reconstruction(trace):
    r"""The log-likelihood of x given its code, alone: what a deterministic autoencoder maximizes.

    $$\log p(x \mid z)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | returns | [B] or [K, B] | log p(x | z) in nats; no bound on log p(x) |

    Raises: ValueError for anything but a Trace.
    Source: N4 21.2.3.
    """
    check_trace(trace)
    return trace.log_px_given_z
