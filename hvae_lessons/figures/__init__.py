"""Figures: data in, matplotlib Figure out."""

from hvae_lessons.figures.chapters.elbo import (
    bound_against_likelihood,
    bound_and_posterior,
    gaps_over_x,
    kl_directions,
    latent_variable_model,
    prior_sampling_cost,
    training_bound,
    two_joints,
)
from hvae_lessons.figures.chapters.mhvae import (
    diffusion_steps,
    kl_over_seeds,
    kl_per_level,
    markov_graphs,
    resampling_grid,
    two_bounds,
)
from hvae_lessons.figures.chapters.topdown import (
    code_graphs,
    gradient_norms,
    nats_of_levels,
    prior_times_message,
    rounding_errors,
    sampling_steps,
    skip_graphs,
)
from hvae_lessons.figures.chapters.vae import (
    bound_gap,
    kl_spectrum,
    posterior_shapes,
    rate_distortion_by_class,
    training_curves,
    vae_architecture,
)
from hvae_lessons.figures.graphs import GraphicalModel, graphical_models
from hvae_lessons.figures.images import code_clouds, image_rows, latent_plane, latent_scatter

__all__ = [
    "GraphicalModel",
    "bound_against_likelihood",
    "bound_and_posterior",
    "bound_gap",
    "code_clouds",
    "code_graphs",
    "diffusion_steps",
    "gaps_over_x",
    "gradient_norms",
    "graphical_models",
    "image_rows",
    "kl_directions",
    "kl_over_seeds",
    "kl_per_level",
    "kl_spectrum",
    "latent_plane",
    "latent_scatter",
    "latent_variable_model",
    "markov_graphs",
    "nats_of_levels",
    "posterior_shapes",
    "prior_sampling_cost",
    "prior_times_message",
    "rate_distortion_by_class",
    "resampling_grid",
    "rounding_errors",
    "sampling_steps",
    "skip_graphs",
    "training_bound",
    "training_curves",
    "two_bounds",
    "two_joints",
    "vae_architecture",
]
