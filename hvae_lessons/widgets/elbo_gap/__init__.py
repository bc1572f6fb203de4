"""The widget of the chapter on the evidence lower bound."""

from hvae_lessons.widgets.elbo_gap.widget import ElboGap

__all__ = ["ElboGap"]
