"""Network blocks. Nothing here is probabilistic: vectors in, vectors out."""

import math

import torch
from torch import nn

from hvae_lessons.checks import check_choice, check_count, check_event, expect

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "softplus": nn.Softplus}


def mlp(sizes, activation="relu", generator=None):
    """Fully connected network through the given layer sizes, linear at the end.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `sizes` | two numbers or more | input, hidden ..., output; with two the network is one affine map |
    | `activation` | name | "relu", "tanh" or "softplus", between the layers |
    | `generator` | torch.Generator | source of the initial weights |
    | returns | nn.Sequential | [..., sizes[0]] -> [..., sizes[-1]] |

    Raises: ValueError for fewer than two sizes, sizes below 1, an unknown activation.
    Source: the weights start uniform in +-1/sqrt(inputs), PyTorch's own default for `nn.Linear`.
    """
    expect(len(sizes) >= 2, "sizes", "input, hidden ..., output", sizes)
    check_choice("activation", activation, tuple(ACTIVATIONS))
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        layers += [linear(inputs, outputs, generator), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def linear(inputs, outputs, generator=None):
    """`nn.Linear` whose initial weights come from `generator` rather than from global state.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `inputs`, `outputs` | whole numbers | sizes |
    | `generator` | torch.Generator | source of the initial weights |
    | returns | nn.Linear | [..., inputs] -> [..., outputs] |

    Raises: ValueError for a size below 1.
    Source: PyTorch's default initialization, drawn from an explicit generator.
    """
    check_count("inputs", inputs)
    check_count("outputs", outputs)
    # skip_init leaves the global generator alone: a model built in between does not shift anyone's seed.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


class AutoregressiveLinear(nn.Module):
    """Affine map whose output d depends on inputs 1 ... d-1 alone (the first output is a constant).

    The Jacobian is strictly lower triangular, which is what `iaf_step` asks of its shift and gate.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | Z |
    | call | [..., Z] -> [..., Z] | tril(W, -1) z + b |

    Raises: ValueError for a size below 1, or a z of another size.
    Source: N4 draft 21.2.5.3; the mask M of N4 draft 21.44.
    """

    def __init__(self, size, generator=None):
        super().__init__()
        check_count("size", size)
        self.affine = linear(size, size, generator)

    def forward(self, z):
        size = self.affine.in_features
        check_event(z=z)
        expect(z.shape[-1] == size, "z", f"[..., {size}]", tuple(z.shape))
        return nn.functional.linear(z, torch.tril(self.affine.weight, diagonal=-1), self.affine.bias)
