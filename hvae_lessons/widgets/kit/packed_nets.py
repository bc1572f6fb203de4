"""Trained networks in as few bytes as the eye allows; js/numerics/nets.js computes with them."""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
import traitlets
from torch import nn

from hvae_lessons.checks import expect
from hvae_lessons.nets import ACTIVATIONS, BatchNorm
from hvae_lessons.widgets.kit.traits import Array, Whole

# A screen shows 256 grays; neighbors cannot be told apart in a digit, nor can these.
TOLERANCE = 0.02
BITS = (8, 10, 16)
FUNCTIONS = {kind: name for name, kind in ACTIVATIONS.items()} | {nn.Sigmoid: "sigmoid"}


class PackedNets(NamedTuple):
    """Whole numbers times a scale for each row are the weights; `difference` is that of the model's output.

    A net is a list of steps: [in, out] is an affine map, [size] a scale and a shift of each coordinate (a
    batch normalization that no affine map precedes), a word a function of each coordinate.
    """

    nets: dict[str, list]
    bits: int  # of a weight
    weights: bytes  # of all affine maps, [out, in] each: whole numbers plus 2^(bits - 1), bit after bit
    scales: np.ndarray  # of all rows and coordinates
    biases: np.ndarray  # the same
    difference: float

    def state(self):
        """Values for the traits of `WithPackedNets`."""
        return {name: value for name, value in self._asdict().items() if name != "difference"}


class WithPackedNets(traitlets.HasTraits):
    """The traits of a widget whose page computes with packed nets."""

    nets = traitlets.Dict().tag(sync=True)
    bits = Whole(8, 8, 16)
    weights = Array("uint8")
    scales = Array("float32")
    biases = Array("float32")


def pack_decoder(model, codes, bits=None):
    """The decoder of a VAE, from a code to pixel means, packed.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | VAE | its `decoder` is linear layers with activations between |
    | `codes` | [N, Z] | where its pictures must stay what they are; every other one only measures |
    | `bits` | whole numbers | of a weight, to be tried in this order; 8, 10, 16 unless given |
    | returns | PackedNets | one net, named "decoder" |

    Raises: ValueError for a decoder of other layers.
    Source: `pack`.
    """
    finish = [nn.Sigmoid()] if model.config.likelihood == "bernoulli" else []
    return pack(
        model,
        lambda model: {"decoder": nn.Sequential(model.decoder, *finish)},
        lambda model, codes: model.decode(codes).mean,
        codes,
        bits,
    )


@torch.no_grad()
def pack(model, nets_of, output, codes, bits=None):
    """Round a model's nets to as few bits a weight as cannot be seen; batch normalization becomes affine.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | trained; it is left as it is |
    | `nets_of` | callable | model -> name: net, in the order of computation |
    | `output` | callable | (model, codes) -> [N, D], through all nets |
    | `codes` | [N, ...] | where the output must stay what it is; every other one only measures |
    | `bits` | whole numbers | of a weight, to be tried in this order; 8, 10, 16 unless given |
    | returns | PackedNets | `difference` is the largest of an output, measured on half of the codes |

    Raises: ValueError for a net of other layers than linear ones, batch normalization and activations.
    Source: rounding with compensation, as in Frantar et al. (2023) without its speed-ups.
    """
    folded = deepcopy(model).eval()
    steps = {name: _folded(net) for name, net in nets_of(folded).items()}
    exact = output(model, codes[1::2])
    for used in bits or BITS:
        rounded = deepcopy(folded)
        numbers, scales, biases = _round(rounded, nets_of(rounded), lambda m: output(m, codes[::2]), used)
        difference = (output(rounded, codes[1::2]) - exact).abs().max().item()
        if difference < TOLERANCE:
            break
    weights = _as_bytes(torch.cat([part.flatten() for part in numbers]).numpy(), used)
    return PackedNets(steps, used, weights, torch.cat(scales).numpy(), torch.cat(biases).numpy(), difference)


def _as_bytes(numbers, bits):
    """Whole numbers from -2^(bits - 1) up, so many bits each."""
    shifted = (numbers + 2 ** (bits - 1)).astype(">u2")
    return np.packbits(np.unpackbits(shifted.view("u1").reshape(-1, 2), axis=1)[:, -bits:]).tobytes()


def _folded(net):
    """The steps of a net. What its normalizations do is moved into the affine maps before them."""
    steps, before = [], None
    for layer in _leaves(net):
        if isinstance(layer, nn.Linear):
            steps.append([layer.in_features, layer.out_features])
        elif isinstance(layer, BatchNorm) and isinstance(before, nn.Linear):
            scale, shift = _scale_and_shift(layer.normalize)
            before.weight.mul_(scale.unsqueeze(-1))
            before.bias.mul_(scale).add_(shift)
            _neutralize(layer.normalize)
        elif isinstance(layer, BatchNorm):
            steps.append([layer.normalize.num_features])
        else:
            steps.append(FUNCTIONS[type(layer)])
        before = layer
    return steps


def _leaves(net):
    """The layers of a net, in order."""
    if isinstance(net, nn.Sequential):
        return [leaf for part in net for leaf in _leaves(part)]
    known = isinstance(net, (nn.Linear, BatchNorm, *FUNCTIONS))
    expect(known, "model", f"linear layers, BatchNorm and {', '.join(ACTIVATIONS)}", type(net).__name__)
    return [net]


def _scale_and_shift(norm):
    """What a trained normalization does to each coordinate."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - scale * norm.running_mean


def _neutralize(norm):
    """Make a normalization do nothing."""
    norm.weight.fill_(1)
    norm.bias.fill_(0)
    norm.running_mean.fill_(0)
    norm.running_var.fill_(1)
    norm.eps = 0.0


def _round(model, nets, run, bits):
    """Round the affine maps of a model in place, each fitted to what reaches it through those before it.

    Whole numbers [out, in] of each, scales and biases of each.
    """
    numbers, scales, biases = [], [], []
    before = None
    for layer in (leaf for net in nets.values() for leaf in _leaves(net)):
        if isinstance(layer, nn.Linear):
            caught = []
            hook = layer.register_forward_pre_hook(lambda _, inputs, caught=caught: caught.append(inputs[0]))
            run(model)
            hook.remove()
            whole, scale = _rounded(layer.weight, caught[0].flatten(0, -2), 2 ** (bits - 1) - 1)
            layer.weight.copy_(whole * scale)
            numbers.append(whole)
            scales.append(scale.squeeze(-1))
            biases.append(layer.bias)
        elif isinstance(layer, BatchNorm) and not isinstance(before, nn.Linear):
            scale, shift = _scale_and_shift(layer.normalize)
            scales.append(scale)
            biases.append(shift)
        before = layer
    return numbers, scales, biases


def _rounded(weight, inputs, top):
    """Round column by column; the columns to come make up for each error, by least squares on the inputs."""
    scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / top
    inputs = inputs.double()
    moments = inputs.T @ inputs / len(inputs)
    # Units that are always zero make the moments singular.
    moments += (1e-4 * moments.diagonal().mean() + 1e-12) * torch.eye(len(moments), dtype=torch.float64)
    share = torch.linalg.cholesky(torch.linalg.inv(moments), upper=True).to(weight)
    left, numbers = weight.clone(), torch.empty_like(weight)
    for j in range(weight.shape[1]):
        numbers[:, j] = (left[:, j] / scale[:, 0]).round().clamp(-top, top)
        error = (left[:, j] - numbers[:, j] * scale[:, 0]) / share[j, j]
        left[:, j:] -= error.unsqueeze(-1) * share[j, j:]
    return numbers, scale
