"""Training: the loop, and what goes with it."""

from hvae_lessons.training.loop import History, TrainingDiverged, fit

__all__ = ["History", "TrainingDiverged", "fit"]
