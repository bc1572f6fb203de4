"""Monte Carlo estimators: of log p(x), and of the gradient of an expectation."""

import math

import torch

from hvae_lessons.checks import check_count, check_data, check_event, check_values
from hvae_lessons.formulas.reparameterizations import gaussian_sample


def importance_weighted_bound(log_weight):
    r"""Lower bound on log p(x) from K importance weights, in expectation; at K = 1 that is the ELBO.

    $$\log \frac{1}{K} \sum_{k=1}^K w_k, \qquad w_k = \frac{p(x, z_k)}{q(z_k \mid x)}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_weight` | [K, ...] | log w_k in nats, samples in the first dimension |
    | returns | [...] | the bound in nats, higher is better |

    Raises: ValueError for a scalar or an empty batch.
    Source: Burda et al. (2016), which N1 names.
    """
    check_event(log_weight=log_weight)
    return torch.logsumexp(log_weight, 0) - math.log(log_weight.shape[0])


@torch.no_grad()
def log_px_estimate(model, x, samples=500, generator=None, chunk=100):
    r"""Importance-weighted estimate of log p(x): below it in expectation, closer the more samples.

    $$\log \hat p(x) = \log \frac{1}{K} \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k \mid x)},
      \qquad z_k \sim q(z \mid x)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | callable | model(x, generator=, samples=) returns a Trace |
    | `x` | [N, D] | data |
    | `samples` | whole number | K |
    | `chunk` | whole number | examples at a time; memory grows with chunk times K |
    | returns | [N] | estimate in nats |

    Raises: ValueError for x or counts that make no sense.
    Source: Burda et al. (2016).
    """
    check_data("x", x)
    check_count("samples", samples)
    check_count("chunk", chunk)
    parts = [model(part, generator=generator, samples=samples).log_weight for part in x.split(chunk)]
    return torch.cat([importance_weighted_bound(part) for part in parts])


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
    slope = df(z)
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
    value = f(z)
    check_values("f", value, z.shape[:-1])
    advantage = (value - baseline).unsqueeze(-1)
    return advantage * noise * torch.exp(-0.5 * log_var), 0.5 * advantage * (noise**2 - 1)
