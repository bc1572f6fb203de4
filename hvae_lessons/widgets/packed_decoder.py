"""A decoder's weights in as few bytes as the eye allows; js/parts/decoder.js computes with them."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from hvae_lessons.checks import expect
from hvae_lessons.nets import ACTIVATIONS

# A screen shows 256 grays; neighbors cannot be told apart in a digit, nor can these.
TOLERANCE = 0.02
KINDS = {8: np.dtype("i1"), 16: np.dtype("<i2")}


class PackedDecoder(NamedTuple):
    """Whole numbers times a scale for each row are the weights; `difference` is that of a pixel mean."""

    widths: list[int]  # layer sizes, Z first
    bits: int  # 8 or 16
    weights: bytes  # all layers, [out, in] each
    scales: np.ndarray  # [sum of out]
    biases: np.ndarray  # [sum of out]
    activation: str
    difference: float


@torch.no_grad()
def pack(model, codes):
    """Round the decoder of a VAE to 8 bits a weight, or to 16 if 8 can be seen.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | VAE | its `decoder` is linear layers with activations between |
    | `codes` | [N, Z] | where its pictures must stay what they are; every other one only measures |
    | returns | PackedDecoder | `difference` is measured on half of the codes |

    Raises: ValueError for a decoder of other layers.
    Source: rounding with compensation, as in Frantar et al. (2023) without its speed-ups.
    """
    layers = [layer for layer in model.decoder if isinstance(layer, nn.Linear)]
    between = {type(layer) for layer in model.decoder if not isinstance(layer, nn.Linear)} or {nn.ReLU}
    names = [name for name, kind in ACTIVATIONS.items() if {kind} == between]
    found = ", ".join(sorted({type(layer).__name__ for layer in model.decoder}))
    expect(names, "model", f"a decoder of linear layers with {' or '.join(ACTIVATIONS)} between them", found)
    for bits in KINDS:
        rounded = _rounded_layers(model.decoder, codes[::2], 2 ** (bits - 1) - 1)
        difference = _difference(model, rounded, codes[1::2])
        if difference < TOLERANCE:
            break
    weights = b"".join(numbers.numpy().astype(KINDS[bits]).tobytes() for numbers, _ in rounded)
    scales = torch.cat([scale.squeeze(-1) for _, scale in rounded]).numpy()
    biases = torch.cat([layer.bias for layer in layers]).numpy()
    widths = [layers[0].in_features, *(layer.out_features for layer in layers)]
    return PackedDecoder(widths, bits, weights, scales, biases, names[0], difference)


def _rounded_layers(decoder, inputs, top):
    """For each linear layer its whole numbers [out, in] and scales [out, 1], fitted to what reaches it."""
    rounded = []
    for layer in decoder:
        if isinstance(layer, nn.Linear):
            numbers, scale = _rounded(layer.weight, inputs, top)
            rounded.append((numbers, scale))
            inputs = nn.functional.linear(inputs, numbers * scale, layer.bias)
        else:
            inputs = layer(inputs)
    return rounded


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


def _difference(model, rounded, codes):
    """Largest difference of a pixel mean between the rounded decoder and its model."""
    outputs, rest = codes, iter(rounded)
    for layer in model.decoder:
        if isinstance(layer, nn.Linear):
            numbers, scale = next(rest)
            outputs = nn.functional.linear(outputs, numbers * scale, layer.bias)
        else:
            outputs = layer(outputs)
    means = outputs.sigmoid() if model.config.likelihood == "bernoulli" else outputs
    return (means - model.decode(codes).mean).abs().max().item()
