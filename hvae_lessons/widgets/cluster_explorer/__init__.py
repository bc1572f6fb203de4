"""A latent space with its learned clusters: draw digits from each, and ask any code to which it belongs."""

from hvae_lessons.widgets.cluster_explorer.widget import ClusterExplorer

__all__ = ["ClusterExplorer"]
