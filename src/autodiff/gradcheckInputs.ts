import { type DType, isFloat } from "../core/dtype.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import { type HostData, readHost } from "../ops/creation/hostData.ts";
import type { Device } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A tensor of any device, nested arrays (float32; booleans: bool) or a typed array. */
export type GradcheckInput = Tensor | HostData;

/** An input as the check holds it: on the host, in float64. */
export interface HostInput {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Float64Array;
}

/** Copies one input to the host. */
export async function hostInput(input: GradcheckInput, name: string): Promise<HostInput> {
  if (input instanceof Tensor) {
    const values = Float64Array.from(await input.data());
    return { name, shape: input.shape, dtype: input.dtype, values };
  }
  const { values, shape, dtype } = readHost(input);
  return { name, shape, dtype, values: Float64Array.from(values) };
}

/** A leaf of the check's own device. */
export function leafOn(device: Device, input: HostInput, values = input.values): Tensor {
  const { shape, dtype } = input;
  return tensor(values, { shape, dtype, device, requiresGrad: isFloat(dtype) });
}

/** Fixed numbers of size 0.5 to 1.5 and either sign: no element is lost in a projection. */
export function randomWeights(size: number, seed: number): Float64Array {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const next = (): number => {
    // A congruential generator (Knuth 1997, TAOCP 2, 3.3.4): high bits are random enough here.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  for (let warm = 0; warm < 8; warm++) next();
  return Float64Array.from({ length: size }, () => (next() < 0.5 ? -1 : 1) * (0.5 + next()));
}

/** The place of a flat index, one number per axis. */
export function placeOf(flat: number, shape: Shape): number[] {
  let rest = flat;
  let step = sizeOf(shape);
  return shape.map((n) => {
    step /= n;
    const at = Math.floor(rest / step);
    rest -= at * step;
    return at;
  });
}
