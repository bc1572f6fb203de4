"""The ELBO and its weighted relatives: sums of the terms of a Trace."""

from hvae_lessons.checks import check_length, check_trace, check_weight


def elbo(trace):
    r"""Evidence lower bound.

    $$\mathrm{ELBO}(x) = \log p(x \mid z) - \sum_l \mathrm{KL}_l,
      \qquad E_{z \sim q}[\mathrm{ELBO}(x)] \le \log p(x)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | returns | [.., B] | one-sample estimate in nats; a KL is exact given the parents, or a log-ratio |

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
    | `beta` | number or [M, 1] | weight of the KL, 0 or more, of all models or of each |
    | returns | [.., B] | weighted objective in nats |

    Raises: ValueError for anything but a Trace, or a negative or infinite beta.
    Source: N4 21.24, with the sign turned: there it is a loss.
    """
    check_trace(trace)
    check_weight("beta", beta, trace.log_px_given_z.shape)
    return trace.log_px_given_z - beta * trace.kl


def weighted_elbo(trace, betas):
    r"""ELBO with a weight of its own for the KL of every layer.

    $$\log p(x \mid z) - \sum_l \beta_l \mathrm{KL}_l$$

    A lower bound on log p(x) if every beta is 1 or more and every KL is non-negative; else reported as what
    it is.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | `betas` | L of number or [M, 1] | weight of each layer, 0 or more, from the data upwards |
    | returns | [.., B] | weighted objective in nats |

    Raises: ValueError for anything but a Trace, a wrong number of weights, a negative or infinite one.
    Source: N4 21.71, the weights of single levels; here they anneal the label's term of N0.
    """
    check_trace(trace)
    check_length("betas", betas, len(trace.layers), "weights")
    for beta in betas:
        check_weight("betas", beta, trace.log_px_given_z.shape)
    return trace.log_px_given_z - sum(beta * kl for beta, kl in zip(betas, trace.kls))


def reconstruction(trace):
    r"""The log-likelihood of x given its code, alone: what a deterministic autoencoder maximizes.

    $$\log p(x \mid z)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | returns | [.., B] | log p(x | z) in nats; no bound on log p(x) |

    Raises: ValueError for anything but a Trace.
    Source: N4 21.2.3.
    """
    check_trace(trace)
    return trace.log_px_given_z
