"""One optimizer loop for every model of the book.

`fit` is the loop a reader would write: shuffle, forward, loss, backward, Adam. It adds a progress bar, a
record of every epoch, a way to stop that keeps the model, and a refusal to go on after the loss broke.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from hvae_lessons.checks import check_count, check_data, check_generator, check_positive
from hvae_lessons.objectives import elbo


class History(NamedTuple):
    """Training record: one entry per completed epoch, averages over the epoch's examples, in nats."""

    objective: np.ndarray  # [E] what was maximized
    log_px_given_z: np.ndarray  # [E]
    kl: np.ndarray  # [E, L] one column per stochastic layer
    interrupted: bool  # True if the user stopped the run


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
):
    r"""Maximize the mean of an objective over data by Adam: loss = -objective(trace).mean().

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
    | returns | History | one entry per completed epoch |

    KeyboardInterrupt (the stop button of a notebook) ends the run early; the model keeps what it has learned.

    Raises: ValueError for data or settings that make no sense; TrainingDiverged when the loss is not finite.
    Source: N4 draft 21.23-21.26 (stochastic gradient of the ELBO over a data set).
    """
    check_data("x", x)
    check_count("epochs", epochs)
    check_count("batch_size", batch_size)
    check_positive("learning_rate", learning_rate)
    check_generator(generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    guard = _LastFinite(model)
    rows, step, interrupted = [], 0, False
    model.train()
    bar = tqdm(range(epochs), unit="epoch", disable=not progress)
    try:
        for epoch in bar:
            inputs = x if prepare is None else prepare(x, generator)
            totals = 0
            for index in torch.randperm(len(inputs), generator=generator).split(batch_size):
                trace = model(inputs[index], generator=generator)
                settings = {name: schedule(step) for name, schedule in (schedules or {}).items()}
                values = objective(trace, **settings)  # [B]
                loss = -values.mean()
                guard.check(step, loss.item(), trace)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                totals = totals + _sums(values, trace)
                step += 1
            rows.append((totals / len(inputs)).numpy())
            bar.set_postfix_str(f"objective {rows[-1][0]:.2f} nats")
            if on_epoch is not None:
                on_epoch(epoch, model)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bar.close()
        model.eval()
    table = np.array(rows) if rows else np.empty((0, 3))
    return History(table[:, 0], table[:, 1], table[:, 2:], interrupted)


class _LastFinite:
    """Copy of the weights of the last step whose loss was finite."""

    def __init__(self, model):
        self.tensors = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self.copies = [tensor.clone() for tensor in self.tensors]
        self.loss = None

    def check(self, step, loss, trace):
        if math.isfinite(loss):
            torch._foreach_copy_(self.copies, self.tensors)
            self.loss = loss
            return
        with torch.no_grad():
            torch._foreach_copy_(self.tensors, self.copies)
        raise TrainingDiverged(step, _broken_term(trace), self.loss)


def _broken_term(trace):
    if not torch.isfinite(trace.log_px_given_z).all():
        return "log_px_given_z"
    for level, layer in enumerate(trace.layers, start=1):
        if not torch.isfinite(layer.kl).all():
            return f"the KL of layer {level}"
    return "the objective"


@torch.no_grad()
def _sums(values, trace):
    terms = torch.stack([values, trace.log_px_given_z, *(layer.kl for layer in trace.layers)])
    return terms.sum(-1, dtype=torch.float64)
