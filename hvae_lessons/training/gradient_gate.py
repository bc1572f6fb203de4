"""A gate that lets no step pass whose gradient is too large."""

import math

import numpy as np
import torch

from hvae_lessons.checks import Shown, expect, is_number


class GradientGate:
    """Keeps an optimizer from steps whose whole gradient has too large a norm, and counts them.

    An infinite norm, or one that is not a number, is above every limit but infinity: with that one every step
    is taken, and the norms are recorded.
    """

    columns = ("gradient_norm", "skipped")  # of the training record

    def __init__(self, optimizer, limit):
        expect(
            is_number(limit) and limit > 0,
            "skip_gradients_above",
            "a number above 0, or infinity",
            Shown(limit),
        )
        self.limit, self.norms = limit, []
        self.weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        optimizer.register_step_pre_hook(self._before_step)

    def _before_step(self, optimizer, *_):
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        self.norms.append(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).item())
        if not self._allows(self.norms[-1]):
            optimizer.zero_grad()  # without a gradient a weight stays as it is, and so do its averages

    def _allows(self, norm):
        return self.limit == math.inf or norm <= self.limit  # False for a norm that is not a number

    def end_epoch(self):
        """The largest norm of the epoch, and the number of steps not taken."""
        skipped = sum(not self._allows(norm) for norm in self.norms)
        row = {"gradient_norm": np.max(self.norms), "skipped": skipped}
        self.norms.clear()
        return row
