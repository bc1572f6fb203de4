// Trained networks of the package in the page: affine maps with functions between, from packed weights.

import { float32, uint8, unpackBits } from "./arrays.js";

const FUNCTIONS = {
  relu: (value) => Math.max(0, value),
  tanh: Math.tanh,
  softplus: (value) => Math.max(0, value) + Math.log1p(Math.exp(-Math.abs(value))),
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),
};

/**
 * nets((name) => model.get(name)) is an object of functions, name -> net: [in] -> Float32Array [out].
 * The weights are whole numbers, map by map and row by row; each row has a scale and a bias. See packed_nets.py.
 */
export function nets(get) {
  const [bits, packed] = [get("bits"), uint8(get("weights"))];
  const numbers = unpackBits(packed, bits, Math.floor((8 * packed.length) / bits));
  const zero = 2 ** (bits - 1);
  const [scales, biases] = [float32(get("scales")), float32(get("biases"))];
  let [row, first] = [0, 0];
  const step = (kind) => {
    if (typeof kind === "string") return (input) => input.map(FUNCTIONS[kind]);
    const [size] = kind.slice(-1);
    const [scale, bias] = [scales.subarray(row, row + size), biases.subarray(row, row + size)];
    row += size;
    if (kind.length === 1) return (input) => input.map((value, i) => scale[i] * value + bias[i]);
    const deep = kind[0];
    const weight = Float32Array.from({ length: size * deep }, (_, j) => (numbers[first + j] - zero) * scale[Math.floor(j / deep)]);
    first += size * deep;
    return (input) =>
      bias.map((start, j) => {
        let sum = start;
        for (let k = 0, at = j * deep; k < deep; k += 1) sum += weight[at + k] * input[k];
        return sum;
      });
  };
  const made = Object.entries(get("nets")).map(([name, kinds]) => [name, kinds.map(step)]);
  return Object.fromEntries(
    made.map(([name, steps]) => [name, (input) => steps.reduce((values, next) => next(values), Float32Array.from(input))]),
  );
}
