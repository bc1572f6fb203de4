// Arrays that travel as bytes: a Bytes trait of Python arrives as a DataView. All are little-endian, as is every browser.

const view = (Type) => (data) => {
  // A copy, because a typed array must start at a multiple of its item size and a message's buffer need not.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return new Type(bytes.buffer);
};

export const float64 = view(Float64Array);
export const float32 = view(Float32Array);
export const uint8 = view(Uint8Array);

/** The rows of an array [n, wide], as views of it. */
export const rows = (array, wide) => Array.from({ length: array.length / wide }, (_, i) => array.subarray(i * wide, (i + 1) * wide));

/** For the way back to Python: model.set("weights", toBytes(array)). */
export const toBytes = (array) => new DataView(array.buffer, array.byteOffset, array.byteLength);

/** Whole numbers of so many bits each, one after the other, the highest bit first. */
export function unpackBits(bytes, bits, count) {
  const values = new Uint16Array(count);
  let buffer = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    while (held < bits) {
      buffer = (buffer << 8) | bytes[at];
      at += 1;
      held += 8;
    }
    held -= bits;
    values[i] = (buffer >> held) & ((1 << bits) - 1);
    buffer &= (1 << held) - 1;
  }
  return values;
}
