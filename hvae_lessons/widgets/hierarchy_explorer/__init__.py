"""A trained hierarchy to take apart: which levels of a digit's code say what."""

from hvae_lessons.widgets.hierarchy_explorer.widget import HierarchyExplorer

__all__ = ["HierarchyExplorer"]
