"""Models whose log p(x) is known exactly."""

from hvae_lessons.oracles.autoregressive import Autoregressive
from hvae_lessons.oracles.grid import GridModel
from hvae_lessons.oracles.linear_gaussian import LinearGaussian
from hvae_lessons.oracles.tree import BinaryTree

__all__ = ["Autoregressive", "BinaryTree", "GridModel", "LinearGaussian"]
