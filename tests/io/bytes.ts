/** Builds a safetensors file by hand, so that the tests do not trust the writer they test. */
export function fileOf(header: string | Uint8Array, data: Uint8Array = new Uint8Array()) {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

/** The header of one tensor "x". */
export function headerOf(dtype: string, shape: string, offsets: string): string {
  return `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Mulberry32: a small generator with a seed, so that a failing sweep can be repeated. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
