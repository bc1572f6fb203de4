// Training one VAE on one set of images, in slices short enough that a change of the settings takes effect at once.

import { ACTIVE, BATCH, GRID, GRID_REACH, RECONSTRUCTIONS, SAMPLES } from "./playground_constants.js";
import { random } from "./random.js";
import { initial, trainer } from "./vae.js";

/** The weight of the KL at a step: hvae_lessons.training.schedules.linear_warm_up, times beta. */
export const betaAt = ({ beta, warmUp }, step, stepsPerEpoch) =>
  warmUp > 0 ? beta * Math.min(step / (warmUp * stepsPerEpoch), 1) : beta;

/** The two coordinates to look at: the first two that are active, or else the first ones. */
export function shownOf(kl) {
  const order = Array.from(kl.keys()).sort((a, b) => Number(kl[b] > ACTIVE) - Number(kl[a] > ACTIVE) || a - b);
  return order.slice(0, 2).sort((a, b) => a - b);
}

/** Codes on a square grid in the plane of two coordinates, the others 0, row by row; of a single one, along its line. */
export function gridCodes(latent, [first, second]) {
  const codes = new Float32Array(GRID * GRID * latent);
  if (second === undefined) return codes.map((_, i) => GRID_REACH * ((2 * i) / (codes.length - 1) - 1));
  const place = (i) => GRID_REACH * ((2 * i) / (GRID - 1) - 1);
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const start = (row * GRID + column) * latent;
      codes[start + first] = place(column);
      codes[start + second] = -place(row);
    }
  }
  return codes;
}

/** settings() is read before every step: { beta, warmUp, nats, rate }. given: flat weights to start from, or null. */
export function training({ images, latent, hidden, seed, given = null }, settings) {
  const source = random(seed);
  const config = { pixels: images.pixels, latent, hidden };
  const fresh = initial(config, source);
  const model = trainer(config, given ?? fresh);
  const stepsPerEpoch = Math.floor(images.trainCount / BATCH);
  // The noise of the pictures stays, so that what moves in them is the model.
  const still = random(seed + 10_000);
  const testNoise = still.normals(images.testCount * latent);
  const sampleCodes = still.normals(SAMPLES * latent);
  const epochs = []; // [log p(x | z), KL] averaged over each epoch, and the beta with which it ended
  let rows = null;
  let sums = [0, 0];
  let score = null;

  /** One step: the images of an epoch are binarized anew, and those left over wait for the next one. */
  function step() {
    const place = model.steps() % stepsPerEpoch;
    if (place === 0) rows = source.order(images.trainCount);
    const x = new Float32Array(BATCH * images.pixels);
    for (let i = 0; i < BATCH; i += 1) {
      const from = rows[place * BATCH + i] * images.pixels;
      for (let d = 0; d < images.pixels; d += 1) {
        const gray = images.train[from + d];
        x[i * images.pixels + d] = gray > 0 && source.uniform() < gray ? 1 : 0;
      }
    }
    const noise = source.normals(BATCH * latent);
    const now = settings();
    const beta = betaAt(now, model.steps(), stepsPerEpoch);
    const { logPx, kl } = model.step({ x, noise, rows: BATCH, beta, nats: now.nats, rate: now.rate });
    sums = [sums[0] + logPx, sums[1] + kl.reduce((a, b) => a + b, 0)];
    if (place === stepsPerEpoch - 1) {
      epochs.push([...sums.map((sum) => sum / stepsPerEpoch), now.beta]);
      sums = [0, 0];
    }
  }

  /** Everything that the reader sees of the model as it is now; its score on the test images on demand, or as it was. */
  function snapshot({ knownEpochs = 0, judged = true } = {}) {
    const { kl, means } = model.look(images.test, images.testCount);
    if (judged || !score) {
      const logPx = model.score(images.test, testNoise, images.testCount);
      score = { logPx, rate: kl.reduce((a, b) => a + b, 0) };
    }
    const shown = shownOf(kl);
    const codes = [gridCodes(latent, shown), sampleCodes, means.slice(0, RECONSTRUCTIONS * latent)];
    const counts = [GRID * GRID, SAMPLES, RECONSTRUCTIONS];
    const all = new Float32Array(counts.reduce((a, b) => a + b, 0) * latent);
    let start = 0;
    for (const part of codes) {
      all.set(part, start);
      start += part.length;
    }
    const drawn = model.draw(all, all.length / latent);
    const cut = counts.map((count, i) => {
      const from = counts.slice(0, i).reduce((a, b) => a + b, 0) * images.pixels;
      return drawn.slice(from, from + count * images.pixels);
    });
    const places = new Float32Array(images.testCount * 2);
    for (let i = 0; i < images.testCount; i += 1) {
      places[2 * i] = means[i * latent + shown[0]];
      if (shown.length > 1) places[2 * i + 1] = means[i * latent + shown[1]];
    }
    return {
      steps: model.steps(),
      epoch: epochs.length,
      beta: betaAt(settings(), model.steps(), stepsPerEpoch),
      score, kl, shown, places,
      grid: cut[0], samples: cut[1], reconstructions: cut[2],
      history: epochs.slice(knownEpochs),
    };
  }

  return { step, snapshot, weights: model.weights, steps: model.steps, close: model.close, stepsPerEpoch };
}
