"""The widget of the chapter on the reparameterization trick."""

from hvae_lessons.widgets.reparameterization.widget import Reparameterization

__all__ = ["Reparameterization"]
