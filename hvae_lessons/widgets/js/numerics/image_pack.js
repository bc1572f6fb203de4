// Images as hvae_lessons/widgets/vae_playground/image_pack.py packs them: five uint16 (side, training images, test images,
// bits of a training pixel, its largest value), training pixels of so many bits, test pixels of one bit, one byte per label.

import { unpackBits } from "./arrays.js";

/** bytes: Uint8Array -> { side, train: [N, D] in [0, 1], test: [T, D] of 0 and 1, labels: [T] } */
export function unpackImages(bytes) {
  const [side, trainCount, testCount, bits, most] = new Uint16Array(bytes.slice(0, 10).buffer);
  const pixels = side * side;
  const trainEnd = 10 + Math.ceil((trainCount * pixels * bits) / 8);
  const testEnd = trainEnd + Math.ceil((testCount * pixels) / 8);
  const train = Float32Array.from(unpackBits(bytes.subarray(10, trainEnd), bits, trainCount * pixels), (v) => v / most);
  const test = Float32Array.from(unpackBits(bytes.subarray(trainEnd, testEnd), 1, testCount * pixels));
  return { side, pixels, trainCount, testCount, train, test, labels: bytes.slice(testEnd, testEnd + testCount) };
}
