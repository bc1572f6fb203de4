r"""InfoVAE: objectives that also ask whether the codes of all data, taken together, look like the prior.

The aggregated posterior is $q(z) = E_{p_D(x)}[q(z \mid x)]$: to draw from it is to draw an example, then its
code. Its divergence from p(z) is one number for a whole batch.
"""

import math

from hvae_lessons.checks import (
    Shown,
    call,
    check_event,
    check_non_negative,
    check_trace,
    check_values,
    expect,
    is_number,
)
from hvae_lessons.formulas.mmd import mmd_unbiased, rbf_kernel
from hvae_lessons.formulas.reparameterizations import standard_noise


def info_vae(trace, alpha, lambda_, divergence):
    r"""InfoVAE: one weight for what each code says of its x, another for where all codes lie together.

    $$\log p(x \mid z) - (1 - \alpha)\, \mathrm{KL}\big(q(z \mid x) \,\|\, p(z)\big)
      - (\alpha + \lambda - 1)\, D\big(q(z), p(z)\big)$$

    With D = KL its mean over the data is, but for the entropy of the data,
    $\alpha I_q(x; z) - \lambda\, \mathrm{KL}(q(z) \,\|\, p(z))
      - E_{q(z)}[\mathrm{KL}(q(x \mid z) \,\|\, p(x \mid z))]$. Any other divergence may stand in for it:
    `functools.partial(info_vae, alpha=1, lambda_=10, divergence=partial(mmd_to_prior, bandwidth=1.5))`.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass over a batch of a model with one stochastic layer |
    | `alpha` | number | what a nat of mutual information is worth, 1 or less; beta is 1 - alpha |
    | `lambda_` | number | what a nat between q(z) and p(z) costs, 0 or more, and at least 1 - alpha |
    | `divergence` | callable | layer -> [..], D of a batch: `mmd_to_prior`, `training.adversary.Adversary` |
    | returns | [.., B] | objective in nats; D, a number of the whole batch, is charged to each example |

    Raises: ValueError for anything but such a Trace, weights that would reward a divergence, or a D that is
    not one number for each batch.
    Source: N4 21.35; Zhao et al. (2019).
    """
    check_trace(trace)
    expect(len(trace.layers) == 1, "trace", "a trace of one stochastic layer", f"{len(trace.layers)} layers")
    (layer,) = trace.layers
    expect(hasattr(layer, "kl"), "trace", "a trace of terms", type(layer).__name__)
    known = is_number(alpha) and -math.inf < alpha <= 1
    expect(known, "alpha", "a finite number, 1 or less: above it the KL is rewarded", Shown(alpha))
    check_non_negative("lambda_", lambda_)
    weight = alpha + lambda_ - 1
    # Rounded: 1 - beta and beta do not always add up to 1.
    expect(weight >= -1e-12, "lambda_", f"at least {1 - alpha}, or the divergence is rewarded", lambda_)
    value = call("divergence", divergence, layer=layer)
    check_values("divergence", value, trace.log_px_given_z.shape[:-1])
    # At alpha = 1 the KL counts for nothing, even where it is infinite: that of a deterministic encoder is.
    rate = 0 if alpha == 1 else (1 - alpha) * trace.kl
    return trace.log_px_given_z - rate - weight * value.unsqueeze(-1)


def mmd_to_prior(layer, bandwidth, generator=None):
    r"""Unbiased estimate of the squared MMD between the codes of a batch and as many draws of the prior.

    $$\widehat{\mathrm{MMD}}^2(q(z), p(z)), \qquad z_n \sim q(z \mid x_n),\ y_n \sim p(z),\ n = 1, \dots, B$$

    The codes are samples, not means: the means alone can spread like the prior while the samples do not.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `layer` | Layer | of a Trace; z is [.., B, Z], at least two examples |
    | `bandwidth` | number | h of the RBF kernel; sqrt(Z) is the scale of the prior |
    | `generator` | torch.Generator | source of the draws from the prior |
    | returns | [..] | no unit; it may be negative |

    Raises: ValueError for anything but a Layer, a single example, or a bandwidth that is not positive.
    Source: N4 21.37-21.38, where z_n is the mean of q(z | x_n).
    """
    expect(hasattr(layer, "z") and hasattr(layer, "p"), "layer", "a Layer of a Trace", type(layer).__name__)
    z = layer.z
    check_event(z=z)
    prior = layer.p.sample(standard_noise(z.shape, z, generator))
    return mmd_unbiased(
        rbf_kernel(z, z, bandwidth), rbf_kernel(prior, prior, bandwidth), rbf_kernel(z, prior, bandwidth)
    )
