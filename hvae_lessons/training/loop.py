"""One optimizer loop for every model of the book.

`fit` is the loop a reader would write: shuffle, forward, loss, backward, Adam. It adds a progress bar, a
record of every epoch, a way to stop that keeps the model, a refusal to go on after the loss broke, and, if
asked for, a gate that lets no step pass whose gradient is too large.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from hvae_lessons.checks import (
    check_count,
    check_data,
    check_generator,
    check_positive,
    check_tensor,
    check_values,
    expect,
)
from hvae_lessons.objectives import elbo


class History(NamedTuple):
    """Training record: one entry per completed epoch, averages over the epoch's examples, in nats."""

    objective: np.ndarray  # [E] what was maximized
    log_px_given_z: np.ndarray  # [E]
    kl: np.ndarray  # [E, L] one column per stochastic layer
    interrupted: bool  # True if the user stopped the run
    # With a threshold for the gradient only, because taking norms costs time; None without.
    gradient_norm: np.ndarray | None = None  # [E] the largest of the epoch's steps
    skipped: np.ndarray | None = None  # [E] steps not taken
    skip_gradients_above: float | None = None  # the threshold


class TrainingDiverged(RuntimeError):
    """The loss stopped being finite. The model holds the weights of the last finite step.

    Attributes: `step` (counted from 0), `term` (what broke), `last_loss` (None if no loss was finite).
    """

    def __init__(self, step, term, last_loss):
        self.step, self.term, self.last_loss = step, term, last_loss
        before = (
            "no step was finite before it"
            if last_loss is None
            else f"the last finite loss was {last_loss:.4f}"
        )
        super().__init__(f"step {step}: {term} is not finite; {before}; the weights from then are kept")


def fit(
    model,
    x,
    *,
    epochs,
    batch_size=100,
    learning_rate=1e-3,
    objective=elbo,
    schedules=None,
    prepare=None,
    generator=None,
    progress=True,
    on_epoch=None,
    penalty=None,
    skip_gradients_above=None,
):
    r"""Maximize the mean of an objective over data by Adam: loss = -objective(trace).mean() + penalty().

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | nn.Module | model(x, generator=) returns a Trace |
    | `x` | [N, D] | training data |
    | `epochs`, `batch_size` | whole numbers | passes over the data; examples per step |
    | `learning_rate` | number | Adam's step size |
    | `objective` | callable | Trace -> [B], nats, higher is better |
    | `schedules` | dict | argument of the objective -> function of the step: {"beta": lambda t: t / 500} |
    | `prepare` | callable | (x, generator) -> x at the start of each epoch, e.g. `data.binarize` |
    | `generator` | torch.Generator | source of shuffling, `prepare` and the model's noise |
    | `progress` | bool | show a progress bar |
    | `on_epoch` | callable | (epoch, model) after each epoch; it may raise KeyboardInterrupt to stop |
    | `penalty` | callable | () -> [], added to the loss, not to the recorded objective; `SpectralPenalty` |
    | `skip_gradients_above` | number | no step is taken whose whole gradient has a larger norm |
    | returns | History | one entry per completed epoch |

    A skipped step leaves weights and optimizer as they were; batch normalization has seen the batch. With
    `skip_gradients_above=math.inf` every step is taken, and the norms are recorded. With None they are not
    even computed. An infinite norm, or one that is not a number, is above every other threshold; a loss that
    is not finite ends the run all the same.

    A part whose weights are all frozen, `part.requires_grad_(False)`, stays as it is: its batch normalization
    goes on with the averages that it has.

    KeyboardInterrupt (the stop button of a notebook) ends the run early; the model keeps what it has learned.

    Raises: ValueError for data or settings that make no sense; TrainingDiverged when the loss is not finite.
    Source: N4 draft 21.23-21.26 (stochastic gradient of the ELBO over a data set); N4 21.5.5 (skipping).
    """
    check_data("x", x)
    check_count("epochs", epochs)
    check_count("batch_size", batch_size)
    check_positive("learning_rate", learning_rate)
    check_generator(generator)
    expect(penalty is None or callable(penalty), "penalty", "a function without arguments", repr(penalty))
    gate = _GradientGate(model, skip_gradients_above)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    guard = _LastFinite(model)
    rows, step, interrupted = [], 0, False
    _enter_training(model)
    bar = tqdm(range(epochs), unit="epoch", disable=not progress)
    try:
        for epoch in bar:
            inputs = x if prepare is None else prepare(x, generator)
            totals = 0
            for index in torch.randperm(len(inputs), generator=generator).split(batch_size):
                trace = model(inputs[index], generator=generator)
                settings = {name: schedule(step) for name, schedule in (schedules or {}).items()}
                values = objective(trace, **settings)  # [B]
                loss = -values.mean() if penalty is None else _penalized(values, penalty())
                guard.check(step, loss.item(), trace, values)
                optimizer.zero_grad()
                loss.backward()
                if gate.lets_pass():
                    optimizer.step()
                totals = totals + _sums(values, trace)
                step += 1
            rows.append((totals / len(inputs)).numpy())
            gate.end_epoch()
            bar.set_postfix_str(f"objective {rows[-1][0]:.2f} nats")
            if on_epoch is not None:
                on_epoch(epoch, model)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bar.close()
        model.eval()
    table = np.array(rows) if rows else np.empty((0, 3))
    return History(table[:, 0], table[:, 1], table[:, 2:], interrupted, *gate.record())


def _enter_training(model):
    model.train()
    for part in model.modules():
        weights = list(part.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            part.eval()  # its batch normalization would follow the batches, frozen weights or not


def _penalized(values, penalty):
    check_tensor("penalty", penalty)
    check_values("penalty", penalty, ())
    return penalty - values.mean()


class _GradientGate:
    """Refuses steps whose gradient is too large, and keeps count. Without a limit it does nothing."""

    def __init__(self, model, limit):
        enough = limit is None or limit > 0
        expect(enough, "skip_gradients_above", "a number above 0, or infinity", limit)
        self.parameters, self.limit = list(model.parameters()), limit
        self.norms, self.largest, self.skipped = [], [], []

    def lets_pass(self):
        """True if the step is to be taken."""
        if self.limit is None:
            return True
        gradients = [weight.grad for weight in self.parameters if weight.grad is not None]
        self.norms.append(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).item())
        return self._allows(self.norms[-1])

    def _allows(self, norm):
        return self.limit == math.inf or norm <= self.limit  # False for a norm that is not a number

    def end_epoch(self):
        """Close the books of an epoch that was completed."""
        if self.limit is not None:
            self.largest.append(np.max(self.norms))
            self.skipped.append(sum(not self._allows(norm) for norm in self.norms))
            self.norms.clear()

    def record(self):
        """The last three fields of History."""
        if self.limit is None:
            return None, None, None
        return np.array(self.largest), np.array(self.skipped, dtype=int), self.limit


class _LastFinite:
    """Copy of the weights of the last step whose loss was finite."""

    def __init__(self, model):
        self.tensors = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self.copies = [tensor.clone() for tensor in self.tensors]
        self.loss = None

    def check(self, step, loss, trace, values):
        if math.isfinite(loss):
            torch._foreach_copy_(self.copies, self.tensors)
            self.loss = loss
            return
        with torch.no_grad():
            torch._foreach_copy_(self.tensors, self.copies)
        raise TrainingDiverged(step, _broken_term(trace, values), self.loss)


def _broken_term(trace, values):
    if not torch.isfinite(trace.log_px_given_z).all():
        return "log_px_given_z"
    for level, layer in enumerate(trace.layers, start=1):
        if not torch.isfinite(layer.kl).all():
            return f"the KL of layer {level}"
    return "the penalty" if torch.isfinite(values.mean()) else "the objective"


@torch.no_grad()
def _sums(values, trace):
    terms = torch.stack([values, trace.log_px_given_z, *(layer.kl for layer in trace.layers)])
    return terms.sum(-1, dtype=torch.float64)
