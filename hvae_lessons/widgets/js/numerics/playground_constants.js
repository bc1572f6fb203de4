// What the training thread and the page must agree on; a file of its own, so that the page does not load jax-js twice.

export const BATCH = 128;
export const RECONSTRUCTIONS = 10;
export const SAMPLES = 20;
export const GRID = 11; // decoded codes along each side
export const GRID_REACH = 2.5;
export const ACTIVE = 0.05; // nats; as measures.active_units

/** How many numbers all weights of a VAE with one hidden layer are. */
export const countOf = ({ pixels, latent, hidden }) =>
  hidden * (pixels + 1) + 2 * latent * (hidden + 1) + hidden * (latent + 1) + pixels * (hidden + 1);
