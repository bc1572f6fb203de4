"""The playground of the chapters on the VAE and on beta: a VAE that trains in the page."""

from hvae_lessons.widgets.vae_playground.widget import VAEPlayground

__all__ = ["VAEPlayground"]
