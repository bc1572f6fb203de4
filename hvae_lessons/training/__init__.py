"""Training: the loop, and what goes with it."""

from hvae_lessons.training.divergence import TrainingDiverged
from hvae_lessons.training.loop import fit
from hvae_lessons.training.record import History
from hvae_lessons.training.sweep import fit_many, sweep

__all__ = ["History", "TrainingDiverged", "fit", "fit_many", "sweep"]
