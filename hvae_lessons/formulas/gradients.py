"""Gradients of E_q[f(z)], q a Gaussian, from samples: pathwise and score function.

For a categorical q see `discrete_gradients`.
"""

import torch

from hvae_lessons.checks import call, check_baseline, check_event, check_values
from hvae_lessons.formulas.reparameterizations import gaussian_sample


def pathwise_gradient(df, mean, log_var, noise):
    r"""Pathwise (reparameterized) estimate of the gradient of E_q[f(z)], q = N(mean, sigma^2).

    $$\nabla_{\mu} = f'(z), \qquad \nabla_{\log\sigma^2} = \frac{1}{2} f'(z)\, \sigma \epsilon,
      \qquad z = \mu + \sigma\epsilon$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `df` | callable | gradient of f: [..., Z] -> [..., Z] |
    | `mean`, `log_var` | [..., Z] | q |
    | `noise` | [..., Z] | standard Gaussian noise; leading sample dimensions broadcast |
    | returns | two [..., Z] | unbiased estimates for mean and log_var, one per noise sample |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.33.
    """
    check_event(noise=noise, mean=mean, log_var=log_var)
    z = gaussian_sample(mean, log_var, noise)
    slope = call("df", df, z=z)
    check_values("df", slope, z.shape)
    return slope, 0.5 * slope * torch.exp(0.5 * log_var) * noise


def score_function_gradient(f, mean, log_var, noise, baseline=0.0):
    r"""Score-function (REINFORCE) estimate of the gradient of E_q[f(z)], q = N(mean, sigma^2).

    $$\nabla_{\mu} = (f(z) - b)\,\frac{\epsilon}{\sigma}, \qquad
      \nabla_{\log\sigma^2} = \frac{1}{2}(f(z) - b)\,(\epsilon^2 - 1), \qquad z = \mu + \sigma\epsilon$$

    It needs values of f only, no derivative, so f may be discontinuous. The baseline b is any number
    that does not depend on the noise: the estimate stays unbiased, its variance changes.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `f` | callable | [..., Z] -> [...] |
    | `mean`, `log_var` | [..., Z] | q |
    | `noise` | [..., Z] | standard Gaussian noise; leading sample dimensions broadcast |
    | `baseline` | number or [...] | b |
    | returns | two [..., Z] | unbiased estimates for mean and log_var, one per noise sample |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.27-21.28 (why the gradient does not pass through); Williams (1992).
    """
    check_event(noise=noise, mean=mean, log_var=log_var)
    z = gaussian_sample(mean, log_var, noise)
    value = call("f", f, z=z)
    check_values("f", value, z.shape[:-1])
    check_baseline(baseline, value.shape)
    advantage = (value - baseline).unsqueeze(-1)
    return advantage * noise * torch.exp(-0.5 * log_var), 0.5 * advantage * (noise**2 - 1)
