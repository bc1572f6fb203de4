"""Objectives: functions of a Trace, one value per example, in nats, higher is better.

The mean over the batch is taken once, in the loss: `loss = -elbo(trace).mean()`. Pixels and latent
coordinates are summed, never averaged: an average on one side only would be a hidden beta.

Shapes: [.., B], as in `trace`. Where an objective itself needs a mean over the batch, it is one over B alone,
for each model and each sample by itself: so M models batched are M models.

    bound              the ELBO and its weighted relatives
    levels             free bits and KL balancing, for hierarchies
    info               InfoVAE: the divergence of all codes from the prior
    total_correlation  beta-TCVAE, which charges the dependence between coordinates
"""

from hvae_lessons.objectives.bound import beta_elbo, elbo, reconstruction, weighted_elbo
from hvae_lessons.objectives.info import info_vae, mmd_to_prior
from hvae_lessons.objectives.levels import balanced_elbo, balancing_weights, free_bits
from hvae_lessons.objectives.total_correlation import beta_tc_elbo

__all__ = [
    "balanced_elbo",
    "balancing_weights",
    "beta_elbo",
    "beta_tc_elbo",
    "elbo",
    "free_bits",
    "info_vae",
    "mmd_to_prior",
    "reconstruction",
    "weighted_elbo",
]
