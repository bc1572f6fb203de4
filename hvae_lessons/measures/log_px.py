"""How probable a trained model finds data: log p(x), estimated from importance weights."""

import torch

from hvae_lessons.checks import check_count, check_data, check_function, check_generator, check_trace
from hvae_lessons.formulas.bounds import importance_weighted_bound
from hvae_lessons.measures.evaluate import Evaluating


@torch.no_grad()
def log_px_estimate(model, x, samples=500, generator=None, chunk=100):
    r"""Importance-weighted estimate of log p(x): below it in expectation, closer the more samples.

    $$\log \hat p(x) = \log \frac{1}{K} \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k \mid x)},
      \qquad z_k \sim q(z \mid x)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | callable | model(x, generator=, samples=) returns a Trace; its parts keep their mode |
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
    check_generator(generator)
    check_function("model", model, "x", generator=generator, samples=samples)
    bounds = []
    with Evaluating(model):
        for part in x.split(int(chunk)):
            trace = model(part, generator=generator, samples=samples)
            check_trace(trace)
            bounds.append(importance_weighted_bound(trace.log_weight))
    return torch.cat(bounds)
