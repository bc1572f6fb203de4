"""What happens when the loss is no longer finite: the run ends, and the model gets good weights back."""

import math

import torch


class TrainingDiverged(RuntimeError):
    """The loss stopped being finite. The model is back at weights whose loss was finite, or as it began.

    Attributes: `step` (counted from 0), `term` (what broke), `last_loss` (None if no loss was finite),
    `kept_step` (the step that the model's weights are from).
    """

    def __init__(self, step, term, last_loss, kept_step):
        self.step, self.term, self.last_loss, self.kept_step = step, term, last_loss, kept_step
        before = (
            "no step was finite before it"
            if last_loss is None
            else f"the last finite loss was {last_loss:.4f}"
        )
        super().__init__(
            f"step {step}: {term} is not finite; {before}; the weights of step {kept_step} are kept"
        )


class DivergenceGuard:
    """Looks at every loss before its gradient is taken, and keeps a copy of the weights of one step an epoch.

    That step is the epoch's first, once its loss has proved finite: the weights at the end of an epoch may be
    broken already, by a finite loss with an infinite gradient. To copy the weights at every step would lose
    less of a broken run, but took seven percent of the time of all others (784-200-200-10, one thread).
    """

    def __init__(self, model):
        self.tensors = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self.copies = [tensor.clone() for tensor in self.tensors]
        self.kept_step, self.last_loss, self.copy_is_due = 0, None, True

    def check(self, step, trace, loss):
        """Raise TrainingDiverged, with good weights back in the model, unless the loss is finite."""
        if not math.isfinite(loss):
            with torch.no_grad():
                torch._foreach_copy_(self.tensors, self.copies)
            raise TrainingDiverged(step, _broken_term(trace), self.last_loss, self.kept_step)
        self.last_loss = loss
        if self.copy_is_due:
            torch._foreach_copy_(self.copies, self.tensors)
            self.kept_step, self.copy_is_due = step, False

    def end_epoch(self):
        """The next step is the first of an epoch."""
        self.copy_is_due = True


class GuardOfMany:
    """The guard of M models side by side: one that breaks goes on with NaN, and reaches no other.

    What it has kept for it, `restore` puts back when all have finished.
    """

    def __init__(self, together):
        state = together.state_dict().values()
        self.tensors = [tensor for tensor in state if tensor.is_floating_point()]  # [M, ...] each
        self.copies = [tensor.clone() for tensor in self.tensors]
        self.kept_steps, self.last_losses = [0] * together.count, [None] * together.count
        self.diverged = {}  # number of the model -> TrainingDiverged
        self.copy_is_due = True

    def check(self, step, trace, losses):
        """Note which models have broken: the numbers of those that had not before."""
        broken = [number for number, loss in enumerate(losses) if not math.isfinite(loss)]
        broken = [number for number in broken if number not in self.diverged]
        for number in broken:
            past = self.last_losses[number], self.kept_steps[number]
            self.diverged[number] = TrainingDiverged(step, _broken_term(trace, number), *past)
        if self.copy_is_due:
            sound = [number for number in range(len(losses)) if number not in self.diverged]
            for copy, tensor in zip(self.copies, self.tensors):
                copy[sound] = tensor[sound]
            for number in sound:
                self.kept_steps[number] = step
            self.copy_is_due = False
        self.last_losses = losses
        return broken

    def end_epoch(self):
        """The next step is the first of an epoch."""
        self.copy_is_due = True

    @torch.no_grad()
    def restore(self):
        """Put good weights back into the models that have broken."""
        for copy, tensor in zip(self.copies, self.tensors):
            tensor[list(self.diverged)] = copy[list(self.diverged)]


def _broken_term(trace, number=...):
    """What is not finite in a Trace, or in that of one of the models side by side."""
    if not torch.isfinite(trace.log_px_given_z[number]).all():
        return "log_px_given_z"
    for level, layer in enumerate(trace.layers, start=1):
        if not torch.isfinite(layer.kl[number]).all():
            return f"the KL of layer {level}"
    return "the objective"
