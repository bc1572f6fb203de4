"""A trained decoder to walk in: a code moves, the digit follows."""

from hvae_lessons.widgets.latent_explorer.widget import LatentExplorer

__all__ = ["LatentExplorer"]
