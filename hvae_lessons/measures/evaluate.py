"""What a model says of data: the bound and its two sides, as means over the examples."""

from typing import NamedTuple

import torch
from torch import nn

from hvae_lessons.checks import check_data, check_function, check_generator, check_trace, expect
from hvae_lessons.measures.active_units import active_by_kl
from hvae_lessons.objectives import elbo


class Evaluation(NamedTuple):
    """Means over data, in nats per example. One sample of q, or as many as the Trace has, for each."""

    elbo: float  # with the weight 1 for every KL, whatever the model was trained with; higher is better
    distortion: float  # -log p(x given z)
    rate: float  # the sum of the KL terms
    kl: tuple[float, ...]  # one for each stochastic layer
    kl_per_dimension: tuple[torch.Tensor | None, ...]  # [Z] each; None for a layer without coordinates

    @property
    def active(self):
        """Number of coordinates in use, by their KL, in each stochastic layer that has coordinates."""
        return tuple(int(active_by_kl(kl[None]).sum()) for kl in self.kl_per_dimension if kl is not None)


def averages(trace):
    r"""Means of a Trace over its examples, and over its samples if it has several.

    $$\mathrm{ELBO} = -(\text{distortion} + \text{rate}), \qquad
      \text{distortion} = -\frac{1}{N} \sum_n \log p(x_n \mid z_n), \qquad
      \text{rate} = \sum_l \frac{1}{N} \sum_n \mathrm{KL}_l(x_n)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model over x |
    | returns | Evaluation | nats per example |

    Raises: ValueError for anything but a Trace.
    Source: N4 21.17 (ELBO) and 21.64-21.65 (several layers); rate and distortion as in N4 21.3.1.
    """
    check_trace(trace)
    expect(len(trace.layers) >= 1, "trace", "one layer or more", 0)
    with torch.no_grad():
        return Evaluation(
            elbo(trace).mean().item(),
            -trace.log_px_given_z.mean().item(),
            trace.kl.mean().item(),
            tuple(layer.kl.mean().item() for layer in trace.layers),
            tuple(_per_dimension(layer.kl_per_dimension) for layer in trace.layers),
        )


def _per_dimension(kl):
    return None if kl is None else kl.flatten(0, -2).mean(0)


class Evaluating:
    """Context in which a model is judged and learns nothing: batch normalization goes by its averages.

    On leaving, every part is in the mode, training or not, that it was in: `nn.Module.train` would wake those
    that were frozen. A callable that is no nn.Module has no modes, and is left alone.
    """

    def __init__(self, model):
        self.parts = tuple(model.modules()) if isinstance(model, nn.Module) else ()

    def __enter__(self):
        self.modes = [part.training for part in self.parts]
        for part in self.parts:
            part.training = False

    def __exit__(self, *_):
        for part, mode in zip(self.parts, self.modes):
            part.training = mode


def evaluate(model, x, generator=None):
    r"""Means over data of the ELBO and its two sides, in evaluation mode and without gradients.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | model(x, generator=) returns a Trace; its parts keep the mode that they are in |
    | `x` | [N, D] | data |
    | `generator` | torch.Generator | source of the samples of q, one for each example |
    | returns | Evaluation | nats per example |

    Raises: ValueError for data that make no sense.
    Source: N4 21.17 (ELBO); rate and distortion as in N4 21.3.1.
    """
    check_data("x", x)
    check_generator(generator)
    check_function("model", model, "x", generator=generator)
    with torch.no_grad(), Evaluating(model):
        return averages(model(x, generator=generator))
