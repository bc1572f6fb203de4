// Two estimators of d/dmean E[f(z)], z = mean + sd * noise, sample by sample and in closed form.

const { cos, exp, PI, sin, sqrt } = Math;

/** `count` standard normal numbers, the same for the same seed; more of them begin with fewer. */
export function normalNoise(seed, count) {
  let state = (Math.imul(seed, 0x9e3779b1) + 0x85ebca6b) >>> 0;
  // 32 random bits from a counter, mixed by multiplications and shifts.
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (((bits ^ (bits >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  const noise = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = sqrt(-2 * Math.log(uniform()));
    const angle = 2 * PI * uniform();
    noise[i] = radius * cos(angle);
    if (i + 1 < count) noise[i + 1] = radius * sin(angle);
  }
  return noise;
}

const density = (t) => exp(-0.5 * t * t) / sqrt(2 * PI);

/** P(noise < t), by Simpson's rule from 0. */
function cumulative(t) {
  const parts = 200;
  const step = t / parts;
  let sum = density(0) + density(t);
  for (let i = 1; i < parts; i += 1) sum += (i % 2 ? 4 : 2) * density(i * step);
  return 0.5 + (sum * step) / 3;
}

const RATE = 3; // of the wave

/**
 * The integrands: value, slope, and for q = N(mean, sd^2): E f, E f e^2, E f^2 e^2, the exact gradient, and mean and variance
 * of the slope, which is the pathwise estimate.
 */
export const integrands = {
  square: {
    value: (z) => z * z,
    slope: (z) => 2 * z,
    exact: (m, s) => ({
      average: m ** 2 + s ** 2,
      times2: m ** 2 + 3 * s ** 2,
      square2: m ** 4 + 18 * m ** 2 * s ** 2 + 15 * s ** 4,
      gradient: 2 * m,
      path: { mean: 2 * m, variance: 4 * s ** 2 },
    }),
  },
  wave: {
    value: (z) => sin(RATE * z),
    slope: (z) => RATE * cos(RATE * z),
    exact: (m, s) => {
      const [damp, damp2] = [exp(-0.5 * (RATE * s) ** 2), exp(-2 * (RATE * s) ** 2)];
      const gradient = RATE * cos(RATE * m) * damp;
      const variance = 0.5 * RATE ** 2 * (1 + cos(2 * RATE * m) * damp2) - gradient ** 2;
      return {
        average: sin(RATE * m) * damp,
        times2: sin(RATE * m) * (1 - (RATE * s) ** 2) * damp,
        square2: 0.5 * (1 - cos(2 * RATE * m) * (1 - (2 * RATE * s) ** 2) * damp2),
        gradient,
        path: { mean: gradient, variance },
      };
    },
  },
  step: {
    value: (z) => (z > 0 ? 1 : 0),
    slope: () => 0,
    exact: (m, s) => {
      const t = m / s;
      const average = cumulative(t);
      const times2 = average - t * density(t);
      return { average, times2, square2: times2, gradient: density(t) / s, path: { mean: 0, variance: 0 } };
    },
  },
};

/** Gradient, baseline, and the one-sample variances of both estimators. */
export function exactly(name, mean, sd, withBaseline) {
  const { average, times2, square2, gradient, path } = integrands[name].exact(mean, sd);
  const b = withBaseline ? average : 0;
  const second = (square2 - 2 * b * times2 + b * b) / sd ** 2;
  return { gradient, baseline: b, path, score: { mean: gradient, variance: second - gradient ** 2 } };
}

export const pathwise = (name, mean, sd, noise) => integrands[name].slope(mean + sd * noise);

export const scoreFunction = (name, mean, sd, noise, baseline) =>
  ((integrands[name].value(mean + sd * noise) - baseline) * noise) / sd;

/** Mean and variance of both after each of `counts` (rising) samples. */
export function running(name, mean, sd, baseline, noise, counts) {
  const kinds = [(e) => pathwise(name, mean, sd, e), (e) => scoreFunction(name, mean, sd, e, baseline)];
  const results = kinds.map((estimate) => {
    const out = [];
    let [average, squares, next] = [0, 0, 0];
    for (let n = 1; n <= counts.at(-1); n += 1) {
      const value = estimate(noise[n - 1]);
      const step = value - average;
      average += step / n;
      squares += step * (value - average);
      if (n === counts[next]) {
        out.push({ count: n, mean: average, variance: n > 1 ? squares / (n - 1) : NaN });
        next += 1;
      }
    }
    return out;
  });
  return { path: results[0], score: results[1] };
}

/** About `most` whole numbers from `first` to `last`, evenly spaced on a logarithmic axis, both included. */
export function checkpoints(first, last, most = 90) {
  const places = Array.from({ length: most + 1 }, (_, i) => Math.round(first * (last / first) ** (i / most)));
  return [...new Set(places)];
}
