// Arrays that travel as bytes: a Bytes trait of Python arrives as a DataView. All are little-endian, as is every browser.

const view = (Type) => (data) => {
  // A copy, because a typed array must start at a multiple of its item size and a message's buffer need not.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return new Type(bytes.buffer);
};

export const float64 = view(Float64Array);
export const float32 = view(Float32Array);
export const uint8 = view(Uint8Array);
export const int8 = view(Int8Array);
export const int16 = view(Int16Array);
export const uint16 = view(Uint16Array);

/** For the way back to Python: model.set("weights", toBytes(array)). */
export const toBytes = (array) => new DataView(array.buffer, array.byteOffset, array.byteLength);
