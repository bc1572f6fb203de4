"""Fit one q(z) to one x by stochastic gradients, without an encoder: plain variational inference."""

from typing import NamedTuple

import numpy as np
import torch

from hvae_lessons.checks import (
    Shown,
    call,
    check_count,
    check_generator,
    check_module,
    check_positive,
    check_values,
    expect,
)


class ElboEstimate(NamedTuple):
    """Monte Carlo mean of log p(x, z) - log q(z) and its standard error, in nats."""

    mean: float
    standard_error: float


def fit_posterior(posterior, log_joint, *, size, steps=1000, samples=64, learning_rate=0.05, generator=None):
    r"""Maximize the ELBO of q over q's parameters by pathwise gradients; Adam with a cosine decay.

    $$\frac{1}{S}\sum_{s=1}^S \left[\log p(x, z_s) - \log q(z_s)\right], \qquad z_s = r(\epsilon_s, \phi)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `posterior` | nn.Module | noise [S, Z] -> z [S, Z], log q(z) [S]; its parameters are phi |
    | `log_joint` | callable | z [S, Z] -> log p(x, z) [S] in nats, x fixed |
    | `size` | whole number | Z |
    | `steps`, `samples` | whole numbers | gradient steps; S, fresh noise samples per step |
    | `learning_rate` | number | Adam's step size at the start; it falls to 0 |
    | `generator` | torch.Generator | source of the noise |
    | returns | [steps] array | the ELBO estimate of every step in nats, higher is better |

    Raises: ValueError for counts or a rate that make no sense, for a log_joint of the wrong shape, and when
    the ELBO is no longer finite.
    Source: N4 draft 21.22 and 21.33.
    """
    check_count("size", size)
    check_count("steps", steps)
    check_count("samples", samples)
    check_positive("learning_rate", learning_rate)
    check_module("posterior", posterior)
    optimizer = torch.optim.Adam(posterior.parameters(), lr=learning_rate)
    learned = [parameter for parameter in posterior.parameters() if parameter.requires_grad]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    history = []
    for step in range(steps):
        bound = _elbo_samples(posterior, log_joint, samples, size, generator).mean()
        expect(bool(bound.isfinite()), "log_joint", "a finite ELBO", f"{bound.item()} at step {step}")
        optimizer.zero_grad()
        (-bound).backward(inputs=learned)  # nothing for the parameters of a model behind log_joint
        optimizer.step()
        schedule.step()
        history.append(bound.item())
    return np.array(history)


@torch.no_grad()
def estimate_elbo(posterior, log_joint, *, size, samples=20_000, generator=None):
    r"""ELBO of a fitted q by plain Monte Carlo, with its standard error.

    $$E_q\left[\log p(x, z) - \log q(z)\right] = \log p(x) - \mathrm{KL}(q \,\|\, p(z \mid x))$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `posterior`, `log_joint`, `size`, `generator` | | as in `fit_posterior` |
    | `samples` | whole number | S, 2 or more |
    | returns | ElboEstimate | mean and standard error in nats |

    Raises: ValueError for counts that make no sense and for a log_joint of the wrong shape.
    Source: N4 draft 21.22.
    """
    check_count("size", size)
    check_count("samples", samples)
    expect(samples >= 2, "samples", "2 or more, for a standard error", samples)
    values = _elbo_samples(posterior, log_joint, samples, size, generator)
    return ElboEstimate(values.mean().item(), (values.std() / samples**0.5).item())


def _elbo_samples(posterior, log_joint, samples, size, generator):
    """log p(x, z) - log q(z) at S draws of q: [S]."""
    check_generator(generator)
    drawn = call("posterior", posterior, noise=torch.randn(samples, size, generator=generator))
    expect(isinstance(drawn, tuple) and len(drawn) == 2, "posterior", "a pair, z and log q(z)", Shown(drawn))
    z, log_q = drawn
    check_values("posterior", log_q, (samples,))
    log_p = call("log_joint", log_joint, z=z)
    check_values("log_joint", log_p, (samples,))
    return log_p - log_q
