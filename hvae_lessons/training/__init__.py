"""Training: the loop, and what goes with it."""

from hvae_lessons.training.divergence import TrainingDiverged
from hvae_lessons.training.loop import fit
from hvae_lessons.training.record import History

__all__ = ["History", "TrainingDiverged", "fit"]
