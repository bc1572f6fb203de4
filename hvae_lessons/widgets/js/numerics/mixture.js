// A Gaussian mixture with full covariances, as hvae_lessons/models/parts/mixture.py, and the plane that it is looked at in.

import { float32, float64 } from "./arrays.js";

const LOG_2PI = Math.log(2 * Math.PI);

/**
 * mixture({ size, centers, factors }) has clusters, and
 *
 *   logDensities(z)      log p(z | y) in nats, for every y
 *   mean(y)              the mean of p(z | y)
 *   sample(y, noise)     mean + L noise: a code of p(z | y)
 *
 * The factors are the lower triangles of the L, row by row.
 */
export function mixture({ size, centers, factors }) {
  const [means, triangles] = [float32(centers), float32(factors)];
  const entries = (size * (size + 1)) / 2;
  const clusters = means.length / size;

  function logDensity(z, y) {
    const white = new Float64Array(size); // L^-1 (z - m), from the first coordinate to the last
    let [sum, at] = [0, y * entries];
    for (let i = 0; i < size; i += 1) {
      let rest = z[i] - means[y * size + i];
      for (let j = 0; j < i; j += 1, at += 1) rest -= triangles[at] * white[j];
      white[i] = rest / triangles[at];
      sum -= 0.5 * (white[i] ** 2 + LOG_2PI) + Math.log(triangles[at]);
      at += 1;
    }
    return sum;
  }

  const mean = (y) => Array.from(means.subarray(y * size, (y + 1) * size));
  function sample(y, noise) {
    let at = y * entries;
    return mean(y).map((start, i) => {
      let value = start;
      for (let j = 0; j <= i; j += 1, at += 1) value += triangles[at] * noise[j];
      return value;
    });
  }
  return { clusters, mean, sample, logDensities: (z) => Array.from({ length: clusters }, (_, y) => logDensity(z, y)) };
}

/** softmax(logits / temperature) */
export function tempered(logits, temperature) {
  const top = Math.max(...logits);
  const weights = logits.map((value) => Math.exp((value - top) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((value) => value / sum);
}

/** plane({ size, down, lift }): place(z) is its shadow, moved(z, place) the code with that shadow and all else unchanged. */
export function plane({ size, down, lift }) {
  const [rows, back] = [float64(down), float64(lift)];
  const place = (z) => [0, 1].map((k) => z.reduce((sum, value, i) => sum + rows[k * size + i] * value, 0));
  function moved(z, to) {
    const [right, up] = place(z).map((value, k) => to[k] - value);
    return z.map((value, i) => value + right * back[i] + up * back[size + i]);
  }
  return { place, moved };
}
