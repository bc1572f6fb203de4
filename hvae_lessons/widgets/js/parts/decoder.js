// A decoder of the package in the page: linear layers and an activation between them, from packed weights.

import { float32, int16, int8 } from "./arrays.js";

const activations = {
  relu: (value) => Math.max(0, value),
  tanh: Math.tanh,
  softplus: (value) => Math.max(0, value) + Math.log1p(Math.exp(-Math.abs(value))),
};
const sigmoid = (value) => 1 / (1 + Math.exp(-value));

/**
 * decoder({ widths, bits, weights, scales, biases, activation, output }) is a function of a code: pixel means.
 * The weights are whole numbers, layer by layer and row by row; each row has a scale and a bias. See packed_decoder.py.
 */
export function decoder({ widths, bits, weights, scales, biases, activation, output }) {
  const numbers = (bits === 8 ? int8 : int16)(weights);
  const [scale, bias] = [float32(scales), float32(biases)];
  let [row, first] = [0, 0];
  const layers = widths.slice(1).map((wide, i) => {
    const deep = widths[i];
    const weight = Float32Array.from({ length: wide * deep }, (_, j) => numbers[first + j] * scale[row + Math.floor(j / deep)]);
    const layer = { deep, weight, bias: bias.subarray(row, row + wide) };
    [row, first] = [row + wide, first + wide * deep];
    return layer;
  });
  const between = activations[activation];
  const last = output === "sigmoid" ? sigmoid : (value) => value;
  return (code) =>
    layers.reduce((input, { deep, weight, bias: offset }, i) => {
      const finish = i === layers.length - 1 ? last : between;
      return offset.map((start, j) => {
        let sum = start;
        for (let k = 0, at = j * deep; k < deep; k += 1) sum += weight[at + k] * input[k];
        return finish(sum);
      });
    }, Float32Array.from(code));
}
