r"""Spectral regularization: a charge on the largest singular value of every weight matrix.

The largest singular value of a matrix is the factor by which it can stretch a vector, so it bounds how fast a
layer's output moves with its input. A power iteration estimates it with two matrix-vector products, and from
one training step to the next the weights move so little that one iteration a step keeps up.
"""

import torch
from torch import nn

from hvae_lessons.checks import check_generator, check_non_negative, expect
from hvae_lessons.formulas.singular_values import power_iteration


def weight_matrices(model):
    r"""The weights of the linear and convolutional layers of a model, one matrix each.

    A convolution's [out, in, k, k] is read as [out, in k^2]. Its largest singular value is that of the map
    from one patch to the output there, and only a proxy for that of the convolution, whose patches overlap.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | any network |
    | returns | dict | name of the layer -> [out, in k^2], which shares memory and gradient with the layer |

    Raises: ValueError for anything but a module, or one without such a layer.
    Source: N4 21.5.5, the layers i of NVAE's penalty.
    """
    expect(isinstance(model, nn.Module), "model", "an nn.Module", type(model).__name__)
    layers = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)}
    expect(layers, "model", "a linear or convolutional layer or more", type(model).__name__)
    return {name: layer.weight.flatten(1) for name, layer in layers.items()}


class SpectralPenalty:
    r"""beta times the sum of the largest singular values of a model's layers.

    $$\beta \sum_i \hat\sigma_i$$

    An objective takes it off: `fit(model, x, objective=lambda trace: elbo(trace) - penalty(), ...)`.

    Every call makes one power iteration per layer from the vector of the call before. The first calls
    underestimate: they start from random directions.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | its linear and convolutional layers are charged; see `weight_matrices` |
    | `weight` | number | beta, 0 or more |
    | `generator` | torch.Generator | source of the first vectors |
    | call | () -> [] | the penalty, in nats |

    Raises: ValueError for a model without such a layer, a negative or infinite weight.
    Source: N4 21.5.5, with the single power iteration of NVAE.
    """

    def __init__(self, model, weight, generator=None):
        check_non_negative("weight", weight)
        check_generator(generator)
        self.model, self.weight = model, weight
        self.vectors = {
            name: torch.randn(matrix.shape[1], generator=generator, dtype=matrix.dtype, device=matrix.device)
            for name, matrix in weight_matrices(model).items()
        }

    def __call__(self):
        total = 0
        for name, matrix in weight_matrices(self.model).items():
            sigma, self.vectors[name] = power_iteration(matrix, self.vectors[name])
            total = total + sigma
        return self.weight * total
