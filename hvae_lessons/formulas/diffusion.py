"""The fixed encoder of a diffusion model, a chain that only adds noise: several steps at once, one step back.

With c_t the share of x's variance that is kept after t steps, q(z_t | x) = N(sqrt(c_t) x, (1 - c_t) I).
"""

from hvae_lessons.checks import check_event, check_floating, expect


def diffusion_marginal(x, kept):
    r"""The noisy x after t steps at once.

    $$q(z_t \mid x) = N\big(z_t;\, \sqrt{c_t}\, x,\, (1 - c_t) I\big), \qquad c_t = a_1 \cdots a_t$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [..., D] | data |
    | `kept` | [1] | c_t, between 0 and 1; it may be more precise than x |
    | returns | [..., D], [..., D] | mean and log-variance of q(z_t given x) |

    Raises: ValueError for an x without coordinates.
    Source: the chain of N0, q(z_t | z_t-1), composed; Ho et al. (2020), (4).
    """
    check_event(x=x)
    _check_shares(kept=kept)
    mean = kept.sqrt().to(x.dtype) * x
    return mean, (1 - kept).log().to(x.dtype).expand_as(mean)


def diffusion_posterior(x, z, kept_below, kept):
    r"""One step back, given where the chain began: the exact posterior of the fixed encoder.

    $$q(z_{t-1} \mid z_t, x) = N\!\left(
      \frac{\sqrt{c_{t-1}}\,(1 - a_t)\, x + \sqrt{a_t}\,(1 - c_{t-1})\, z_t}{1 - c_t},\;
      \frac{(1 - a_t)(1 - c_{t-1})}{1 - c_t}\, I\right), \qquad a_t = \frac{c_t}{c_{t-1}}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [..., D] | data, or a guess of it |
    | `z` | [..., D] | z_t |
    | `kept_below`, `kept` | [1] | c_t-1 and c_t |
    | returns | [..., D], [..., D] | mean and log-variance of q(z_t-1 given z_t and x) |

    Raises: ValueError for shapes that do not match.
    Source: Bayes' rule for Gaussians; Ho et al. (2020), (6)-(7).
    """
    check_event(x=x, z=z)
    _check_shares(kept_below=kept_below, kept=kept)
    step = kept / kept_below
    log_var = ((1 - step) * (1 - kept_below) / (1 - kept)).log()
    share_x = kept_below.sqrt() * (1 - step) / (1 - kept)
    share_z = step.sqrt() * (1 - kept_below) / (1 - kept)
    mean = share_x.to(x.dtype) * x + share_z.to(x.dtype) * z
    return mean, log_var.to(x.dtype).expand_as(mean)


def _check_shares(**shares):
    for name, share in shares.items():
        check_floating(name, share)
        expect(tuple(share.shape) == (1,), name, "[1], one share", tuple(share.shape))
