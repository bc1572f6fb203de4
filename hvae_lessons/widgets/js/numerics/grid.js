// A model with one latent number, integrated on an even grid; the same sums as hvae_lessons/oracles/grid.py.

const LOG_2PI = Math.log(2 * Math.PI);

/** log N(z; mean, exp(logVar)) */
export const gaussianLogProb = (z, mean, logVar) =>
  -0.5 * (LOG_2PI + logVar + (z - mean) ** 2 / Math.exp(logVar));

export function logSumExp(values) {
  const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** p(x) and p(z | x) for one x; z and decoded are arrays over the grid. */
export function posteriorOf({ z, decoded, noiseLogVar }, x) {
  const step = z[1] - z[0];
  const logJoint = z.map((code, i) => gaussianLogProb(x, decoded[i], noiseLogVar) + gaussianLogProb(code, 0, 0));
  const logPx = logSumExp(logJoint) + Math.log(step);
  const logPosterior = logJoint.map((value) => value - logPx);
  let mean = 0;
  for (let i = 0; i < z.length; i += 1) mean += Math.exp(logPosterior[i]) * z[i] * step;
  let variance = 0;
  for (let i = 0; i < z.length; i += 1) variance += Math.exp(logPosterior[i]) * (z[i] - mean) ** 2 * step;
  return { z, step, logJoint, logPx, logPosterior, mean, logVar: Math.log(variance) };
}

/** ELBO, both divergences and the ELBO's gradient for q = N(mean, exp(logVar)); all in nats. */
export function measure({ z, step, logJoint, logPosterior }, mean, logVar) {
  let elbo = 0;
  let reverse = 0;
  let forward = 0;
  const gradient = [0, 0];
  const variance = Math.exp(logVar);
  for (let i = 0; i < z.length; i += 1) {
    const logQ = gaussianLogProb(z[i], mean, logVar);
    const q = Math.exp(logQ) * step;
    const reward = logJoint[i] - logQ;
    elbo += q * reward;
    reverse += q * (logQ - logPosterior[i]);
    forward += Math.exp(logPosterior[i]) * (logPosterior[i] - logQ) * step;
    // d/dphi of sum q (log p - log q) = sum q (log p - log q - 1) d(log q)/dphi.
    gradient[0] += (q * (reward - 1) * (z[i] - mean)) / variance;
    gradient[1] += 0.5 * q * (reward - 1) * ((z[i] - mean) ** 2 / variance - 1);
  }
  return { elbo, reverse, forward, gradient };
}

const LONGEST_STEP = 0.12;
const FLAT = 1e-6;

/**
 * One step up the ELBO in (mean, log variance), halved until it climbs; null where the ELBO is flat. The direction is the
 * natural gradient: measured in q's own spread, for the plain one zigzags when q is narrow.
 */
export function climb(posterior, { mean, logVar, rate = 0.1 }) {
  const { elbo, gradient } = measure(posterior, mean, logVar);
  const direction = [Math.exp(logVar) * gradient[0], 2 * gradient[1]];
  const slope = gradient[0] * direction[0] + gradient[1] * direction[1];
  const size = Math.hypot(...direction);
  if (size < FLAT) return null;
  let length = Math.min(2 * rate, LONGEST_STEP / size, 1);
  while (length * size > 1e-12) {
    const next = { mean: mean + length * direction[0], logVar: logVar + length * direction[1], rate: length };
    const gain = measure(posterior, next.mean, next.logVar).elbo - elbo;
    // Armijo's condition keeps the steps short enough not to swing across a narrow valley.
    if (gain >= 0.3 * length * slope) return next;
    length /= 2;
  }
  return null;
}
