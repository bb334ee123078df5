/** Mulberry32: the same small stream of numbers in [0, 1) for every side of the benchmark. */
export function stream(seed: number): () => number {
  // Signed, so that the engine keeps it as a small integer: start-up is measured, too.
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` numbers, uniform in [low, high). */
export function uniform(count: number, seed: number, low = -1, high = 1): Float32Array {
  const next = stream(seed);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = low + (high - low) * next();
  return numbers;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** An array with its shape, row-major. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const uniformValues = (
  shape: readonly number[],
  seed: number,
  low?: number,
  high?: number,
): Values => ({ shape, data: uniform(sizeOf(shape), seed, low, high) });

/** Moves axes: axis i of the result is axis `order[i]` of `values`. */
export function transpose({ shape, data }: Values, order: readonly number[]): Values {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const outShape = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  const [length, step] = [outShape.at(-1)!, steps.at(-1)!];
  const index = order.map(() => 0);
  let from = 0;
  for (let at = 0; at < out.length; at += length) {
    for (let i = 0; i < length; i++) out[at + i] = data[from + i * step];
    for (let axis = order.length - 2; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < outShape[axis]) break;
      from -= steps[axis] * outShape[axis];
      index[axis] = 0;
    }
  }
  return { shape: outShape, data: out };
}
