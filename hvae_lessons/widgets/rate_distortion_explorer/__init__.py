"""A trained sweep over beta and the latent size, as points of the rate-distortion plane."""

from hvae_lessons.widgets.rate_distortion_explorer.widget import RateDistortionExplorer

__all__ = ["RateDistortionExplorer"]
