// The VAE of hvae_lessons/models/vae.py with one hidden layer, its objective and Adam, in jax-js: arrays are reference
// counted, so every use but the last says .ref.

import { jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import "./wasm_instances.js";

/** Weights are 8 arrays in the order of the torch model's state_dict: two affine maps of the encoder, two of the decoder. */
export const shapes = ({ pixels, latent, hidden }) => [
  [hidden, pixels], [hidden], [2 * latent, hidden], [2 * latent],
  [hidden, latent], [hidden], [pixels, hidden], [pixels],
];

const size = (shape) => shape.reduce((a, b) => a * b, 1);

/** torch's rule for linear layers: uniform up to 1 / sqrt(inputs). One flat Float32Array. */
export function initial(config, { uniform }) {
  const inputs = [config.pixels, config.hidden, config.latent, config.hidden];
  const parts = shapes(config).map((shape, i) => {
    const bound = 1 / Math.sqrt(inputs[i >> 1]);
    return Array.from({ length: size(shape) }, () => bound * (2 * uniform() - 1));
  });
  return Float32Array.from(parts.flat());
}

export const matrix = (values, rows) => np.array(values).reshape([rows, values.length / rows]);

export const scalar = (value) => np.array(value);

/** The 8 arrays of a flat Float32Array. */
export function unflatten(config, flat) {
  let start = 0;
  return shapes(config).map((shape) => {
    const values = flat.slice(start, (start += size(shape)));
    return np.array(values).reshape(shape);
  });
}

/** One flat Float32Array; the arrays stay. */
export function flatten(arrays) {
  const parts = arrays.map((array) => array.ref.dataSync());
  const flat = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    flat.set(part, start);
    start += part.length;
  }
  return flat;
}

const affine = (x, weight, bias) => np.matmul(x, np.transpose(weight)).add(bias);
const mlp = (x, [weight0, bias0, weight1, bias1]) => affine(nn.relu(affine(x, weight0, bias0)), weight1, bias1);

function encode(weights, x) {
  const output = mlp(x, weights.slice(0, 4)); // [B, 2Z]
  const latent = output.shape[1] / 2;
  return [output.ref.slice([], [0, latent]), output.slice([], [latent, 2 * latent])];
}

const decode = (weights, z) => mlp(z, weights.slice(4)); // [B, D] logits

/** log p(x | z) per example: x a - log(1 + e^a), written so that e^a cannot overflow. */
function logLikelihood(x, logits) {
  const softplus = np.maximum(logits.ref, 0).add(np.log1p(np.exp(np.negative(np.absolute(logits.ref)))));
  return x.mul(logits).sub(softplus).sum(-1); // [B]
}

/** KL of each coordinate to N(0, 1), averaged over the batch: [Z] */
const averageKl = (mean, logVar) =>
  np.exp(logVar.ref).add(np.square(mean)).sub(1).sub(logVar).mul(0.5).mean(0);

/** Minus the objective free_bits(trace, nats, per="dimension", clamp="batch", beta): with nats 0 minus the beta-ELBO. */
function loss(weights, x, noise, beta, nats) {
  const [mean, logVar] = encode(weights, x.ref);
  const z = mean.ref.add(np.exp(logVar.ref.mul(0.5)).mul(noise));
  const logPx = logLikelihood(x, decode(weights, z)).mean();
  const kl = averageKl(mean, logVar);
  const charge = kl.ref.add(nn.relu(nats.sub(kl.ref))).sum();
  return [beta.mul(charge).sub(logPx.ref), [logPx, kl]];
}

/** [[loss, [log p(x | z), KL per coordinate]], gradient] */
export const lossAndGradient = valueAndGrad(loss, { hasAux: true });

function adam(weights, first, second, gradient, rate, [correct1, correct2]) {
  first = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), first, tree.ref(gradient));
  second = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), second, gradient);
  const move = (w, m, v) => w.sub(rate.ref.mul(m.div(correct1.ref)).div(np.sqrt(v.div(correct2.ref)).add(1e-8)));
  weights = tree.map(move, weights, tree.ref(first), tree.ref(second));
  tree.dispose([rate, correct1, correct2]);
  return [weights, first, second];
}

/** A model in training: step(batch) changes it, look, score and draw only read. Close it in the end. */
export function trainer(config, flat) {
  let weights = unflatten(config, flat);
  let first = tree.map((w) => np.zeros(w.shape), weights);
  let second = tree.map((w) => np.zeros(w.shape), weights);
  let steps = 0;

  const update = jit((w, m, v, x, noise, beta, nats, rate, correct1, correct2) => {
    const [[value, aux], gradient] = lossAndGradient(tree.ref(w), x, noise, beta, nats);
    return [...adam(w, m, v, gradient, rate, [correct1, correct2]), value, aux];
  });
  const infer = jit((w, x) => {
    for (const unused of w.slice(4)) unused.dispose();
    const [mean, logVar] = encode(w, x);
    return [averageKl(mean.ref, logVar), mean];
  });
  const judge = jit((w, x, noise) => {
    const [mean, logVar] = encode(w, x.ref);
    return logLikelihood(x, decode(w, mean.add(np.exp(logVar.mul(0.5)).mul(noise)))).mean();
  });
  const paint = jit((w, z) => {
    for (const unused of w.slice(0, 4)) unused.dispose();
    return nn.sigmoid(decode(w, z));
  });

  return {
    config,
    /** One step of Adam. x [B, D], noise [B, Z]: flat Float32Arrays. Throws, unchanged, if the loss is not finite. */
    step({ x, noise, rows, beta, nats, rate }) {
      const t = steps + 1;
      const scalars = [beta, nats, rate, 1 - 0.9 ** t, 1 - 0.999 ** t].map(scalar);
      const old = [weights, first, second];
      const [w, m, v, value, [logPx, kl]] = update(...tree.ref(old), matrix(x, rows), matrix(noise, rows), ...scalars);
      const result = { loss: value.dataSync()[0], logPx: logPx.dataSync()[0], kl: kl.dataSync() };
      if (!Number.isFinite(result.loss)) {
        tree.dispose([w, m, v]);
        throw Object.assign(new RangeError(`step ${t}: the loss is not finite`), { step: t });
      }
      tree.dispose(old);
      [weights, first, second, steps] = [w, m, v, t];
      return result;
    },
    /** The KL of each coordinate, averaged over images x, and the mean of q for each. */
    look(x, rows) {
      const [kl, means] = infer(tree.ref(weights), matrix(x, rows));
      return { kl: kl.dataSync(), means: means.dataSync() };
    },
    /** log p(x | z), averaged over images x with one sample each. */
    score: (x, noise, rows) => judge(tree.ref(weights), matrix(x, rows), matrix(noise, rows)).dataSync()[0],
    /** Probabilities of the pixels for codes z [rows, Z]. */
    draw: (z, rows) => paint(tree.ref(weights), matrix(z, rows)).dataSync(),
    weights: () => flatten(weights),
    steps: () => steps,
    close() {
      tree.dispose([weights, first, second]);
      for (const f of [update, infer, judge, paint]) f.dispose();
    },
  };
}
