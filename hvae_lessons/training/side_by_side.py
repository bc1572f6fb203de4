"""M models as one: the same layers, with weights that have an axis of models in front.

    every model       x [B, D]   ->   W [out, in]       ->   Trace with terms [B]
    side by side      x [1, B, D] ->  W [M, out, in]    ->   Trace with terms [M, B]

An axis of size 1 in the place of M is what all models share: the data and the noise. It grows to M where it
meets weights, by the rules of broadcasting, and the first layer is one matrix product for all models.

The code of the model runs as it is. Its linear layers and its normalizations are replaced by those below;
any other weight gets an axis of models as well, placed so that it broadcasts as it did.
"""

import copy

import torch
from torch import nn

from hvae_lessons.checks import Shown, check_module, expect

JUDGED = 8  # examples on which every model is compared with itself side by side
COPIES = 5  # of every weight: itself, its gradient, Adam's two averages, and one to go back to
PASSES = 10  # arrays of the size of a layer's output in a pass and its gradient: 8 to 10, measured


def _empty(parameter, shape):
    """Room for the weights of all models, trained if the one's are."""
    return nn.Parameter(parameter.new_empty(shape), requires_grad=parameter.requires_grad)


class LinearSideBySide(nn.Module):
    """M affine maps: [M, B, in] or [1, B, in] -> [M, B, out]."""

    def __init__(self, layer, count):
        super().__init__()
        self.weight = _empty(layer.weight, (count, *layer.weight.shape))
        self.bias = _empty(layer.bias, (count, 1, *layer.bias.shape))

    def forward(self, x):
        if len(x) > 1:
            return torch.baddbmm(self.bias, x, self.weight.mT)
        # What all models share: one matrix product, [B, in] times [in, M out].
        rows = nn.functional.linear(x[0], self.weight.flatten(0, 1), self.bias.flatten())
        return rows.unflatten(-1, self.weight.shape[:2]).transpose(0, 1)


class BatchNormSideBySide(nn.Module):
    """M batch normalizations, each by the statistics of its own model: [M B, F] -> [M B, F]."""

    def __init__(self, layer, count):
        super().__init__()
        self.num_features, self.momentum, self.eps = layer.num_features, layer.momentum, layer.eps
        for name, parameter in layer.named_parameters():
            self.register_parameter(name, _empty(parameter, (count, *parameter.shape)))
        for name, buffer in layer.named_buffers():
            self.register_buffer(name, buffer.new_empty(count, *buffer.shape))

    def forward(self, vectors):
        count = len(self.weight)
        columns = vectors.unflatten(0, (count, -1)).transpose(0, 1).flatten(1)  # [B, M F]
        normal = nn.functional.batch_norm(
            columns,
            self.running_mean.view(-1),
            self.running_var.view(-1),
            self.weight.flatten(),
            self.bias.flatten(),
            self.training,
            self.momentum,
            self.eps,
        )
        if self.training:
            self.num_batches_tracked += 1
        return normal.unflatten(1, (count, -1)).transpose(0, 1).flatten(0, 1)


LAYERS = {nn.Linear: LinearSideBySide, nn.BatchNorm1d: BatchNormSideBySide}


class SideBySide(nn.Module):
    """M like-built models as one. `together(x, generator=g)` returns a Trace whose terms are [M, B]."""

    def __init__(self, models):
        super().__init__()
        self.model = copy.deepcopy(models[0])
        self.count = len(models)
        self._widen(self.model)
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                each = [model.state_dict()[name] for model in models]
                tensor.copy_(torch.stack(each).reshape(tensor.shape))

    def _widen(self, module):
        """Give every weight of a module an axis of models."""
        for name, part in module.named_children():
            if type(part) in LAYERS and part.bias is not None:
                setattr(module, name, LAYERS[type(part)](part, self.count))
            else:
                self._widen(part)
        for name, parameter in module.named_parameters(recurse=False):
            module.register_parameter(name, _empty(parameter, self._shape(module, parameter)))
        for name, buffer in module.named_buffers(recurse=False):
            module.register_buffer(name, buffer.new_empty(self._shape(module, buffer)))

    def _shape(self, owner, weight):
        if isinstance(owner, nn.ParameterList):  # matrices, by which [M, B, in] is multiplied
            return (self.count, *weight.shape)
        return (self.count, 1, *(weight.shape or (1,)))  # stands beside the examples

    def forward(self, x, generator=None):
        return self.model(x.unsqueeze(0), generator=generator)

    @torch.no_grad()
    def give_back(self, models):
        """Write the weights into M models."""
        state = self.model.state_dict()
        for number, model in enumerate(models):
            for name, tensor in model.state_dict().items():
                tensor.copy_(state[name].reshape(self.count, *tensor.shape)[number])


def expect_alike(models):
    """Refuse models whose weights cannot be stacked."""
    expect(isinstance(models, list | tuple), "models", "a list of models", Shown(models))
    expect(len(models) > 0, "models", "one model or more", "none")
    for number, model in enumerate(models):
        check_module("models", model)
        expected = f"{type(models[0]).__name__}s alone"
        expect(type(model) is type(models[0]), "models", expected, type(model).__name__)
        expect(not any(model is other for other in models[:number]), "models", "each once", f"{number} again")
        first, own = _structure(models[0]), _structure(model)
        for name in (*first, *own):
            expected = f"models of one structure, with {name} of {first.get(name, 'no shape')}"
            got = f"{own.get(name, 'none')} in model {number}"
            expect(first.get(name) == own.get(name), "models", expected, got)


def _structure(model):
    """What must be the same of every weight: its shape and type, and whether it is trained."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    return {
        name: f"{list(tensor.shape)}, {tensor.dtype}{'' if name in trained else ', frozen'}"
        for name, tensor in model.state_dict().items()
    }


def expect_room(models, batch_size):
    """Refuse more models than fit into memory, before any is trained: by how much, and how many would fit."""
    weights = sum(parameter.nbytes for parameter in models[0].parameters())
    outputs = sum(layer.weight[:, 0].nbytes for layer in models[0].modules() if isinstance(layer, nn.Linear))
    needed = COPIES * weights + PASSES * batch_size * outputs  # bytes for one model
    fitting = len(models)
    while fitting > 0 and not _can_have(fitting * needed, next(models[0].parameters()).device):
        fitting //= 2
    size = f"{len(models)}, which need about {len(models) * needed / 1e9:.1f} GB"
    advice = f"in groups of {fitting}" if fitting else "with a smaller batch_size"
    expect(fitting == len(models), "models", f"as many as fit into memory: train them {advice}", size)


def _can_have(size, device):
    """Whether the system would give so many bytes; they are given back at once, untouched."""
    try:
        torch.empty(size, dtype=torch.uint8, device=device)
    except (RuntimeError, MemoryError):  # torch's and Python's words for it
        return False
    return True


@torch.no_grad()
def expect_same(together, models, x):
    """Refuse models that side by side are not what each is by itself, on a few examples.

    Such are layers that read their weights in a way of their own, and models that differ in more than
    weights.
    """
    kind, x = type(models[0]).__name__, x[:JUDGED]
    expected = "models of linear layers that differ in their weights alone"
    for model in (together, *models):
        model.eval()
    alone = [_terms(model, x) for model in models]
    try:
        beside = _terms(together, x)
    except (RuntimeError, IndexError, ValueError) as error:
        raise ValueError(f"models: expected {expected}, got {kind}s, which fail side by side") from error
    for number, terms in enumerate(alone):
        same = [torch.allclose(a[number], b, 1e-3, 1e-3, equal_nan=True) for a, b in zip(beside, terms)]
        expect(all(same), "models", expected, f"{kind} number {number}, which is another side by side")


def _terms(model, x):
    """log p(x | z) and the KL of every layer, [.., B] each."""
    trace = model(x, generator=torch.Generator(x.device).manual_seed(0))
    return trace.log_px_given_z, *trace.kls
