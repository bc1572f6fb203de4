"""Layers of networks."""

from bad_input.inputs import WIDE, D, V, Z

from hvae_lessons import nets

batch_norm = nets.BatchNorm(Z)
autoregressive_linear = nets.AutoregressiveLinear(Z)

GOOD = {
    nets.mlp: {"sizes": (D, 3, Z), "activation": "relu"},
    nets.hidden_layers: {"sizes": (D, 3), "activation": "relu"},
    nets.BatchNorm: {"size": Z},
    batch_norm.forward: {"x": V},
    nets.conv: {"inputs": 1, "outputs": 2, "side": 3},
    nets.linear: {"inputs": D, "outputs": Z},
    nets.AutoregressiveLinear: {"size": Z},
    autoregressive_linear.forward: {"z": V},
}

BAD = [
    (nets.mlp, {"sizes": (D,)}, "sizes", "input, hidden ..., output", "(6,)"),
    (nets.mlp, {"sizes": (D, 0, Z)}, "outputs", "1 or more", "0"),
    (nets.mlp, {"activation": "gelu"}, "activation", "'relu', 'tanh', 'softplus'", "'gelu'"),
    (nets.hidden_layers, {"sizes": ()}, "sizes", "input, hidden ...", "()"),
    (nets.hidden_layers, {"activation": "gelu"}, "activation", "'relu'", "'gelu'"),
    (nets.BatchNorm, {"size": 0}, "size", "1 or more", "0"),
    (batch_norm.forward, {"x": WIDE}, "x", "[..., 2]", "(4, 3)"),
    (batch_norm.forward, {"x": V[:1]}, "x", "two vectors or more, while training", "(1, 2)"),
    (nets.conv, {"side": 2}, "side", "an odd number", "2"),
    (nets.conv, {"outputs": 0}, "outputs", "1 or more", "0"),
    (nets.conv, {"generator": 0}, "generator", "a torch.Generator", "0"),
    (nets.linear, {"inputs": 0}, "inputs", "1 or more", "0"),
    (nets.linear, {"outputs": 2.5}, "outputs", "whole number", "2.5"),
    (nets.AutoregressiveLinear, {"size": 0}, "size", "1 or more", "0"),
    (autoregressive_linear.forward, {"z": WIDE}, "z", "[..., 2]", "(4, 3)"),
]
