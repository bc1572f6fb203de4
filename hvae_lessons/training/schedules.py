"""Schedules: plain functions of the training step, for the `schedules` argument of `training.fit`."""

from hvae_lessons.checks import check_count, check_non_negative


def linear_warm_up(steps, start=0.0, end=1.0):
    r"""A weight that climbs in a straight line and stays: KL annealing when it is beta.

    $$\beta(t) = \text{start} + (\text{end} - \text{start}) \min(t / \text{steps}, 1)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `steps` | whole number | length of the climb in gradient steps |
    | `start`, `end` | numbers | weight at step 0, and from step `steps` on |
    | returns | callable | step (counted from 0) -> number |

    Raises: ValueError for a number of steps below 1, or a negative or infinite weight.
    Source: N4 21.4.1 (KL annealing); Sonderby et al. (2016), warm-up.
    """
    check_count("steps", steps)
    check_non_negative("start", start)
    check_non_negative("end", end)
    return lambda step: start + (end - start) * min(step / steps, 1.0)
