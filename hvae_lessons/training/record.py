"""The record of a training run: averages over the examples of every epoch."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch

from hvae_lessons.checks import Shown, check_functions, expect, is_number
from hvae_lessons.training.divergence import TrainingDiverged

OWN_COLUMNS = ("objective", "log_px_given_z", "kl")


class History(NamedTuple):
    """Training record: one entry per completed epoch, averages over the epoch's examples, in nats."""

    objective: np.ndarray  # [E] what was maximized
    log_px_given_z: np.ndarray  # [E]
    kl: np.ndarray  # [E, L] one column per stochastic layer
    interrupted: bool  # True if the run was stopped
    columns: Mapping = MappingProxyType({})  # name -> [E], what else `fit` was asked to record
    diverged: TrainingDiverged | None = None  # why a model of `fit_many` stopped before the others


class Record:
    """Sums the terms of every step; a row of averages per epoch. Of M models side by side, M of each.

    `columns` names functions Trace -> [B] or []. An average over the batch, [], counts as often as the batch
    has examples, so that a last batch that is smaller weighs less.
    """

    def __init__(self, columns, gate=None):
        self.columns, self.gate, self.rows = columns, gate, []
        check_functions("columns", columns, "a Trace")
        for name in columns:
            free = isinstance(name, str) and name not in OWN_COLUMNS
            expect(free, "columns", f"names other than {', '.join(OWN_COLUMNS)}", Shown(name))
        self._clear()

    def _clear(self):
        self.count, self.totals, self.extra = 0, 0, dict.fromkeys(self.columns, 0.0)

    @torch.no_grad()
    def add(self, trace, values):
        """Add the examples of a step."""
        terms = torch.stack([values, trace.log_px_given_z, *(layer.kl for layer in trace.layers)])
        self.totals = self.totals + terms.sum(-1, dtype=torch.float64)
        self.count += values.shape[-1]
        for name, column in self.columns.items():
            value = column(trace)
            of_torch = is_number(value) or isinstance(value, torch.Tensor)
            expect(of_torch, "columns", f"a number or a tensor from {name!r}", Shown(value))
            value = torch.as_tensor(value)
            fits = value.shape in ((), values.shape)
            expect(fits, "columns", f"one number or {len(values)} from {name!r}", tuple(value.shape))
            self.extra[name] += value.double().expand(len(values)).sum().item()

    def end_epoch(self):
        """Close the epoch and return its row: name -> average."""
        objective, log_px_given_z, *kl = (self.totals / self.count).tolist()
        row = {"objective": objective, "log_px_given_z": log_px_given_z, "kl": np.array(kl)}
        row |= {name: total / self.count for name, total in self.extra.items()}
        row |= self.gate.end_epoch() if self.gate else {}
        self.rows.append(row)
        self._clear()
        return row

    def history(self, interrupted):
        """All rows as a History."""
        names = (*self.columns, *(self.gate.columns if self.gate else ()))
        table = {name: np.array([row[name] for row in self.rows]) for name in (*OWN_COLUMNS, *names)}
        kl = table["kl"] if self.rows else np.empty((0, 1))
        columns = {name: table[name] for name in names}
        return History(table["objective"], table["log_px_given_z"], kl, interrupted, columns)
