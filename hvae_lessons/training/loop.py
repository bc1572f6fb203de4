"""One optimizer loop for every model of the book.

`gradient_steps` is the loop that a reader would write: shuffle, forward, loss, backward, Adam. `fit` runs it
with a progress bar, a record of every epoch, ways to stop that keep the model, a refusal to go on after the
loss broke, and, if asked for, a gate that lets no step pass whose gradient is too large.
"""

import torch
from tqdm import tqdm

from hvae_lessons.checks import (
    check_count,
    check_event,
    check_flag,
    check_function,
    check_functions,
    check_generator,
    check_gradient,
    check_module,
    check_positive,
    check_table,
    check_trace,
    check_values,
)
from hvae_lessons.objectives import elbo
from hvae_lessons.training.divergence import DivergenceGuard
from hvae_lessons.training.gradient_gate import GradientGate
from hvae_lessons.training.record import Record


def gradient_steps(
    model, x, objective, optimizer, *, epochs, batch_size, prepare, generator, on_step, on_epoch
):
    r"""The loop: every step follows the gradient of one batch, loss = -objective(trace, step).mean(-1).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model`, `x`, `epochs`, `batch_size`, `prepare`, `generator` | | as in `fit` |
    | `objective` | callable | (Trace, step) -> [B], nats, higher is better; [M, B] of M models side by side |
    | `optimizer` | torch.optim.Optimizer | of the model's weights |
    | `on_step` | callable | (step, Trace, objective [.., B], loss [..]) before the gradient is taken |
    | `on_epoch` | callable | (epoch) -> True to stop |
    | returns | bool | True if `on_epoch` stopped the run |

    Source: N4 draft 21.23-21.26 (stochastic gradient of the ELBO over a data set).
    """
    step = 0
    for epoch in range(epochs):
        inputs = prepare(x, generator)
        order = torch.randperm(len(inputs), generator=generator, device=inputs.device)
        for index in order.split(batch_size):
            trace = model(inputs[index], generator=generator)
            values = objective(trace, step)  # [B], or [M, B]
            loss = -values.mean(-1)
            on_step(step, trace, values, loss)
            optimizer.zero_grad()
            loss.sum().backward()  # of M models: each gets the gradient of its own loss
            optimizer.step()
            step += 1
        if on_epoch(epoch):
            return True
    return False


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
    after_step=None,
    columns=None,
    skip_gradients_above=None,
):
    r"""Maximize the mean of an objective over data by Adam: `gradient_steps`, watched.

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
    | `on_epoch` | callable | (epoch, row) after each epoch, row: name -> average; returns True to stop |
    | `after_step` | callable | (model) after each step of the optimizer, e.g. to average its weights |
    | `columns` | dict | what else to record: name -> function Trace -> [B], or [] for an average over it |
    | `skip_gradients_above` | number | no step is taken whose whole gradient has a larger norm |
    | returns | History | one entry per completed epoch |

    `skip_gradients_above` adds two columns to the record: "gradient_norm", the largest of the epoch, and
    "skipped", the number of steps not taken. A skipped step leaves weights and optimizer as they were; batch
    normalization has seen the batch. With `math.inf` every step is taken, and the norms are recorded.

    A part whose weights are all frozen, `part.requires_grad_(False)`, stays as it is: its batch normalization
    goes on with the averages that it has.

    KeyboardInterrupt (the stop button of a notebook) ends the run early; the model keeps what it has learned.
    After a loss that is not finite it gets back the weights of the first step of that epoch; of the epoch
    before, if this step itself broke.

    Raises: ValueError for data or settings that make no sense; TrainingDiverged when the loss is not finite.
    Source: N4 draft 21.23-21.26 (stochastic gradient of the ELBO over a data set); N4 21.5.5 (skipping).
    """
    check_settings(x, epochs, batch_size, learning_rate, prepare, generator, progress)
    schedules = {} if schedules is None else schedules
    columns = {} if columns is None else columns
    check_module("model", model)
    check_function("model", model, "x", generator=generator)
    check_functions("schedules", schedules, "step")
    check_function("objective", objective, "trace", **schedules)
    if on_epoch is not None:
        check_function("on_epoch", on_epoch, "epoch", "row")
    if after_step is not None:
        check_function("after_step", after_step, "model")
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    gate = None if skip_gradients_above is None else GradientGate(optimizer, skip_gradients_above)
    if after_step is not None:
        optimizer.register_step_post_hook(lambda *_: after_step(model))
    guard, record = DivergenceGuard(model), Record(columns, gate)
    bar = tqdm(total=epochs, unit="epoch", disable=not progress)

    def watch_step(step, trace, values, loss):
        guard.check(step, trace, loss.item())
        record.add(trace, values)

    def watch_epoch(epoch):
        row = record.end_epoch()
        guard.end_epoch()
        bar.set_postfix_str(f"objective {row['objective']:.2f} nats", refresh=False)
        bar.update()
        stop = on_epoch is not None and on_epoch(epoch, row)
        if stop is not None:
            check_flag("on_epoch", stop)
        return bool(stop)

    enter_training(model)
    try:
        interrupted = gradient_steps(
            model,
            x,
            scheduled(objective, schedules),
            optimizer,
            epochs=epochs,
            batch_size=int(batch_size),
            prepare=prepared(prepare),
            generator=generator,
            on_step=watch_step,
            on_epoch=watch_epoch,
        )
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bar.close()
        model.eval()
    return record.history(interrupted)


def check_settings(x, epochs, batch_size, learning_rate, prepare, generator, progress):
    """Refuse what neither one model nor many can be trained with."""
    check_table("x", x)
    check_count("epochs", epochs)
    check_count("batch_size", batch_size)
    check_positive("learning_rate", learning_rate)
    if prepare is not None:
        check_function("prepare", prepare, "x", "generator")
    check_generator(generator)
    check_flag("progress", progress)


def prepared(prepare):
    """`prepare` with its result checked; without one, the data as they are."""

    def inputs_of(x, generator):
        inputs = x if prepare is None else prepare(x, generator)
        check_event(prepare=inputs)
        return inputs

    return inputs_of


def scheduled(objective, schedules):
    """The objective with its arguments at a step, and with its result checked: (trace, step) -> [.., B]."""

    def values_of(trace, step):
        check_trace(trace)
        values = objective(trace, **{name: schedule(step) for name, schedule in schedules.items()})
        check_values("objective", values, trace.log_px_given_z.shape)  # not averaged yet
        check_gradient("objective", values)
        return values

    return values_of


def enter_training(model):
    """Training mode, but for parts whose weights are all frozen."""
    model.train()
    for part in model.modules():
        weights = list(part.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            part.eval()  # its batch normalization would follow the batches, frozen weights or not
