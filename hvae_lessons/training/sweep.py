"""Many models at once: `fit_many` for those of one structure, `sweep` for a grid of settings.

`fit_many` is `fit` with an axis of models in front: one pass, one gradient, one step of Adam for all. All
read the same batches with the same noise: runs are paired.

`sweep` trains the groups of a grid one after the other, or spread over the cores of a machine or the machines
of a cluster, and keeps every group that has finished.
"""

import inspect
import itertools
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import torch
from tqdm import tqdm

from hvae_lessons.checks import (
    Shown,
    check_choice,
    check_flag,
    check_function,
    expect,
    is_number,
    is_whole,
)
from hvae_lessons.objectives import elbo
from hvae_lessons.training.divergence import GuardOfMany
from hvae_lessons.training.loop import check_settings, enter_training, gradient_steps, prepared, scheduled
from hvae_lessons.training.record import History, Record
from hvae_lessons.training.side_by_side import SideBySide, expect_alike, expect_room, expect_same


def fit_many(
    models,
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
):
    r"""Train M models of one structure at once: each as `fit` would train it with the same seed.

    Adam adapts every weight by itself. So one step of it for all weights of all models, along the gradient of
    the sum of their losses, is a step of M optimizers.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `models` | M of nn.Module | alike but for their weights; made of linear layers and batch normalization |
    | `x`, `epochs`, `batch_size`, `learning_rate`, `objective`, `prepare`, `progress` | | as in `fit` |
    | `schedules` | dict | argument of the objective -> M numbers or functions of the step, or one for all |
    | `generator` | torch.Generator | order of the data, `prepare` and noise, the same for all models |
    | returns | M of History | of each model; `diverged` says why one has stopped before the others |

    The objective gets a Trace whose terms are [M, B] and, for M numbers, a tensor [M, 1], as for
    schedules={"beta": [0.5, 1.0, lambda t: t / 500]}.

    A model whose loss is no longer finite keeps good weights, as in `fit`, and a warning says so; the others
    go on. KeyboardInterrupt (the stop button of a notebook) ends the run early: all keep what they have
    learned, and it is raised again, lest a sweep take them for finished.

    Raises: ValueError for data or settings that make no sense, models of different structure, models that
    cannot be computed side by side, and more models than fit into memory.
    Source: N4 21.24 (beta), trained as in `fit`.
    """
    check_settings(x, epochs, batch_size, learning_rate, prepare, generator, progress)
    expect_alike(models)
    weights = _weights(schedules, len(models), x)
    check_function("objective", objective, "trace", **weights)
    expect_room(models, min(batch_size, len(x)))
    together = SideBySide(models)
    expect_same(together, models, x)
    optimizer = torch.optim.Adam(together.parameters(), lr=learning_rate, fused=True)
    guard, record, ends = GuardOfMany(together), Record({}), {}
    bar = tqdm(total=epochs, unit="epoch", desc=f"{len(models)} models", disable=not progress)

    def watch_step(step, trace, values, loss):
        for number in guard.check(step, trace, loss.tolist()):
            ends[number] = len(record.rows)
        record.add(trace, values)

    def watch_epoch(epoch):
        record.end_epoch()
        guard.end_epoch()
        bar.update()
        return len(guard.diverged) == len(models)

    enter_training(together)
    try:
        gradient_steps(
            together,
            x,
            scheduled(objective, weights),
            optimizer,
            epochs=epochs,
            batch_size=int(batch_size),
            prepare=prepared(prepare),
            generator=generator,
            on_step=watch_step,
            on_epoch=watch_epoch,
        )
    finally:
        bar.close()
        guard.restore()
        together.give_back(models)
    history = record.history(interrupted=False)
    for number, reason in guard.diverged.items():
        warnings.warn(f"model {number}: {reason}", stacklevel=2)
    return tuple(
        _of_model(number, history, ends.get(number), guard.diverged.get(number))
        for number in range(len(models))
    )


def sweep(train, grid, together, *, folder=None, jobs=None, progress=True):
    r"""Train every point of a grid of settings, group by group; what is finished is kept.

    The points of a group differ in one axis, `together`, and are trained at once: `train` is called with all
    values of that axis and one value of every other,

        def train(latent_dim, seed, beta):                       # 4, 0, [0.5, 1.0, 2.0]
            models = [VAE(VAEConfig(64, latent_dim), Generator().manual_seed(seed)) for _ in beta]
            fit_many(models, x, schedules={"beta": beta}, ...)
            return [{"rate": evaluate(model, test_x).rate} for model in models]

        sweep(train, {"latent_dim": [2, 4], "seed": range(10), "beta": [0.5, 1.0, 2.0]}, "beta")

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `train` | callable | a group's settings -> a dict for each value of `together`: numbers, text, tensors |
    | `grid` | dict | axis, an argument of `train` -> its values |
    | `together` | name | the axis whose points are trained at once |
    | `folder` | path | a file for every finished group: a second call goes on where the first was stopped |
    | `jobs` | whole number | groups at a time, by joblib; -1 for one on each core |
    | `progress` | bool | show a progress bar |
    | returns | list of dict | settings and results of every point, in the order of the grid |

    A folder belongs to one `train`. Within `joblib.parallel_config(backend=...)` the groups run where that
    backend runs them: on the machines of a Dask or Ray cluster. Every one computes in this one's precision.

    Raises: ValueError for an empty grid, an unknown axis, results that do not fit; what `train` raises.
    Source: none.
    """
    _check_grid(train, grid, together)
    known = folder is None or isinstance(folder, str | os.PathLike)
    expect(known, "folder", "a path, or None to keep nothing", Shown(folder))
    known = jobs is None or (is_whole(jobs) and jobs != 0)
    expect(known, "jobs", "a whole number other than 0, or None", Shown(jobs))
    check_flag("progress", progress)
    from joblib import Parallel, delayed  # takes a moment to import

    others = [axis for axis in grid if axis != together]
    points = itertools.product(*(grid[axis] for axis in others))
    groups = [{**dict(zip(others, point)), together: list(grid[together])} for point in points]
    files = [None if folder is None else _file(folder, group, together) for group in groups]
    results = [_kept(file, group) for file, group in zip(files, groups)]
    missing = [number for number, result in enumerate(results) if result is None]
    bar = tqdm(total=len(groups), initial=len(groups) - len(missing), unit="group", disable=not progress)
    task = delayed(_train_group)
    with bar:
        for number, result in Parallel(n_jobs=jobs, return_as="generator_unordered")(
            task(number, train, groups[number], together, torch.get_default_dtype()) for number in missing
        ):
            results[number] = result
            _keep(files[number], groups[number], result)
            bar.update()
    return [
        {**group, together: value, **found}
        for group, result in zip(groups, results)
        for value, found in zip(group[together], result)
    ]


def _train_group(number, train, group, together, dtype):
    """One group's results, with its number: another process may compute them, in any order."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        result = train(**group)
    finally:
        torch.set_default_dtype(before)
    count = len(group[together])
    fits = isinstance(result, list) and len(result) == count and all(isinstance(row, dict) for row in result)
    expect(fits, "train", f"a list of {count} dicts, one for each {together}", Shown(result))
    return number, result


def _check_grid(train, grid, together):
    """Refuse a grid that is empty, or that `train` cannot be called with."""
    is_grid = isinstance(grid, dict) and len(grid) > 0
    expect(is_grid, "grid", "a dict of axes and their values", Shown(grid))
    for axis, values in grid.items():
        expect(isinstance(values, Sequence), "grid", f"a list of values of {axis!r}", Shown(values))
        expect(len(values) > 0, "grid", f"one value of {axis!r} or more", "none")
    check_choice("together", together, tuple(grid))
    expect(callable(train), "train", f"a function of {', '.join(grid)}", Shown(train))
    arguments = inspect.signature(train).parameters
    unknown = [axis for axis in grid if axis not in arguments]
    expect(not unknown, "grid", f"axes that train takes: {', '.join(arguments)}", ", ".join(unknown))
    needed = [name for name, argument in arguments.items() if argument.default is argument.empty]
    expect(set(needed) <= set(grid), "grid", f"an axis for each of {', '.join(needed)}", ", ".join(grid))


def _file(folder, group, together):
    """Where a group is kept: its name has the settings that its points share."""
    shared = ",".join(f"{axis}={value}" for axis, value in group.items() if axis != together)
    return Path(folder) / f"{quote(shared or 'all', safe='=,. ()')}.pt"


def _keep(file, group, result):
    """Write the results of a group. The file appears only when it is complete."""
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    torch.save({"group": group, "result": result}, partial)
    os.replace(partial, file)


def _kept(file, group):
    """The results of a group, if it has been trained with these very settings."""
    if file is None or not file.exists():
        return None
    found = torch.load(file, weights_only=True)
    return found["result"] if found["group"] == group else None


def _weights(schedules, count, x):
    """The schedules as functions of the step: a number for all models, or [M, 1], one for each."""
    schedules = {} if schedules is None else schedules
    expect(isinstance(schedules, Mapping), "schedules", "a dict", Shown(schedules))
    return {name: _weight(name, given, count, x) for name, given in schedules.items()}


def _weight(name, given, count, x):
    if callable(given):
        check_function("schedules", given, "step")
        return given
    expected = f"{count} values of {name!r}, one for each model"
    expect(isinstance(given, Sequence), "schedules", expected, Shown(given))
    expect(len(given) == count, "schedules", expected, len(given))
    for each in given:
        known = callable(each) or is_number(each)
        expect(known, "schedules", f"a number or a function of the step for {name!r}", Shown(each))
    if any(map(callable, given)):
        return lambda step: x.new_tensor([[each(step) if callable(each) else each] for each in given])
    constant = x.new_tensor(given).unsqueeze(-1)  # [M, 1]
    return lambda step: constant


def _of_model(number, history, end, reason):
    """One model's part of a History of all, [E, M], up to the epoch in which it broke."""
    if len(history.objective) == 0:
        return history._replace(diverged=reason)
    terms = history.objective[:end, number], history.log_px_given_z[:end, number], history.kl[:end, :, number]
    return History(*terms, history.interrupted, diverged=reason)
