"""Network blocks. Nothing here is probabilistic: vectors in, vectors out."""

import math

import torch
from torch import nn

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_count,
    check_flag,
    check_generator,
    check_size,
    check_type,
    expect,
)

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "softplus": nn.Softplus}


def mlp(sizes, activation="relu", generator=None, batch_norm=False):
    """Fully connected network through the given layer sizes, linear at the end.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `sizes` | two numbers or more | input, hidden ..., output; with two the network is one affine map |
    | `activation` | name | "relu", "tanh" or "softplus", between the layers |
    | `generator` | torch.Generator | source of the initial weights |
    | `batch_norm` | bool | normalize every hidden layer before its activation |
    | returns | nn.Sequential | [..., sizes[0]] -> [..., sizes[-1]] |

    Raises: ValueError for fewer than two sizes, sizes below 1, an unknown activation.
    Source: the weights start uniform in +-1/sqrt(inputs), PyTorch's own default for `nn.Linear`.
    """
    expect(
        isinstance(sizes, tuple | list) and len(sizes) >= 2,
        "sizes",
        "input, hidden ..., output",
        Shown(sizes),
    )
    layers = hidden_layers(sizes[:-1], activation, generator, batch_norm)
    return nn.Sequential(*layers, linear(sizes[-2], sizes[-1], generator))


def hidden_layers(sizes, activation="relu", generator=None, batch_norm=False):
    """The same network without its last affine map: features for somebody else's output layer.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `sizes` | one number or more | input, hidden ...; with one the network is the identity |
    | `activation`, `generator`, `batch_norm` | | as in `mlp` |
    | returns | nn.Sequential | [..., sizes[0]] -> [..., sizes[-1]] |

    Raises: ValueError for no size at all, sizes below 1, an unknown activation.
    Source: N1, the feature encoder blocks.
    """
    expect(isinstance(sizes, tuple | list) and len(sizes) >= 1, "sizes", "input, hidden ...", Shown(sizes))
    check_choice("activation", activation, tuple(ACTIVATIONS))
    check_flag("batch_norm", batch_norm)
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        norm = [BatchNorm(outputs)] if batch_norm else []
        layers += [linear(inputs, outputs, generator), *norm, ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def linear(inputs, outputs, generator=None):
    """`nn.Linear` whose initial weights come from `generator` rather than from global state.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `inputs`, `outputs` | whole numbers | sizes |
    | `generator` | torch.Generator | source of the initial weights |
    | returns | nn.Linear | [..., inputs] -> [..., outputs] |

    Raises: ValueError for a size below 1, and for a seed in place of a generator.
    Source: PyTorch's default initialization, drawn from an explicit generator.
    """
    check_count("inputs", inputs)
    check_count("outputs", outputs)
    check_generator(generator)
    return _drawn(nn.utils.skip_init(nn.Linear, inputs, outputs), inputs, generator)


def conv(inputs, outputs, side, generator=None):
    """`nn.Conv2d` that keeps the size of its maps, with initial weights from `generator`.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `inputs`, `outputs` | whole numbers | channels |
    | `side` | odd whole number | side of the kernel |
    | `generator` | torch.Generator | source of the initial weights |
    | returns | nn.Conv2d | [N, inputs, H, W] -> [N, outputs, H, W], zeros around the border |

    Raises: ValueError for a size below 1, an even kernel, and for a seed in place of a generator.
    Source: PyTorch's default initialization, drawn from an explicit generator.
    """
    check_count("inputs", inputs)
    check_count("outputs", outputs)
    check_count("side", side)
    expect(side % 2 == 1, "side", "an odd number, so that a kernel has a middle", side)
    check_generator(generator)
    layer = nn.utils.skip_init(nn.Conv2d, inputs, outputs, side, padding=side // 2)
    return _drawn(layer, inputs * side**2, generator)


def _drawn(layer, inputs, generator):
    """The layer, its weights uniform in +-1/sqrt(inputs)."""
    # skip_init leaves the global generator alone: a model built in between does not shift anyone's seed.
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


class BatchNorm(nn.Module):
    r"""Batch normalization of vectors with any number of leading dimensions: [K, B, F] counts as K B vectors.

    $$y_f = \gamma_f \frac{x_f - m_f}{\sqrt{v_f + 10^{-5}}} + \beta_f$$

    m and v are mean and variance of the batch while training, and running averages of them afterwards.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | F |
    | call | [..., F] -> [..., F] | normalized coordinate by coordinate |

    Raises: ValueError for a size below 1, an x of another size, or one single vector while training.
    Source: N4 21.5.5, the first of NVAE's measures; Sonderby et al. (2016) for hierarchies.
    """

    def __init__(self, size):
        super().__init__()
        check_count("size", size)
        self.normalize = nn.BatchNorm1d(size)

    def forward(self, x):
        size = self.normalize.num_features
        check_size("x", x, size)
        check_type("x", x, self.normalize.weight)
        vectors = x.reshape(-1, size)
        enough = not self.training or len(vectors) > 1
        expect(enough, "x", "two vectors or more, while training", tuple(x.shape))
        return self.normalize(vectors).reshape(x.shape)


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
        check_size("z", z, self.affine.in_features)
        check_type("z", z, self.affine.weight)
        return nn.functional.linear(z, torch.tril(self.affine.weight, diagonal=-1), self.affine.bias)
