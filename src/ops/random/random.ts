import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { Node } from "../../core/node.ts";
import { checkShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import { defaultDevice, NO_ATTRS, SCALAR } from "../../tensor/op.ts";
import { recorder } from "../../tensor/recorder.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { tensor } from "../creation/creation.ts";
import { iota } from "../creation/iota.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { lt, where } from "../elementwise/compare.ts";
import { reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { defaultGenerator, type Generator } from "./generator.ts";
import { randomNormal, randomPlace, randomUniform } from "./randomOps.ts";
import { normalNumber, threefry, unitNumber } from "./threefry.ts";

export { defaultGenerator, Generator, manualSeed } from "./generator.ts";

export interface RandomOptions {
  readonly generator?: Generator;
  readonly device?: Device;
  readonly requiresGrad?: boolean;
}

/** The key of one draw as uniforms; inside `compile` every replay draws anew. */
export function keyOf(generator: Generator, device: Node["device"]): [Tensor, Tensor] {
  const scalar = () => new Node(SCALAR, [], NO_ATTRS, "", [], "uint32", device);
  const [seed, draw] = [scalar(), scalar()];
  const draws = () => {
    seed.value = generator.seed;
    draw.value = generator.next();
  };
  if (recorder.capture === null) draws();
  else {
    const before = generator.draws;
    recorder.capture.effect(draws, [seed, draw], () => {
      generator.draws = before;
    });
  }
  return [new Tensor(seed), new Tensor(draw)];
}

type HostNumber = (index: number, seed: number, draw: number) => number;

/** Draws on the device, or on the host for a leaf that wants a gradient. */
function drawn(
  op: string,
  shape: Shape,
  options: RandomOptions,
  on: (index: Tensor, seed: Tensor, draw: Tensor) => Tensor,
  host: HostNumber,
): Tensor {
  checkShape(op, shape);
  const device = options.device ?? (defaultDevice(op) as Device);
  const generator = options.generator ?? defaultGenerator;
  if (options.requiresGrad === true) {
    // A leaf with a gradient holds data: the same numbers, drawn on the host.
    const draw = generator.next();
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      host(i, generator.seed, draw),
    );
    return tensor(values, { shape, device, requiresGrad: true });
  }
  const index = reshape(iota(sizeOf(shape), device, "uint32"), shape);
  return on(index, ...keyOf(generator, device));
}

const unitAt: HostNumber = (index, seed, draw) => unitNumber(threefry(index, 0, seed, draw)[0]);

/**
 * Uniform on [0, 1), float32: equal bits on every device.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  drawn("rand", shape, options, randomUniform, unitAt);

/** Standard normal, float32. @throws ShapeError for sizes that are no whole numbers */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  drawn("randn", shape, options, randomNormal, normalNumber);

export type PlainRandom = Omit<RandomOptions, "requiresGrad">;

/** Where a number or tensor of parameters says nothing about the device, the options do. */
export const onDeviceOf = (
  parameters: readonly TensorLike[],
  options: PlainRandom,
): PlainRandom => {
  const tensor = parameters.find((p) => p instanceof Tensor);
  return tensor instanceof Tensor ? { ...options, device: tensor.device } : options;
};

/**
 * Uniform on [low, high); both are numbers, or tensors that broadcast to the shape.
 * @throws ShapeError when a parameter does not broadcast to the shape
 */
export function uniform(
  shape: Shape,
  low: TensorLike = 0,
  high: TensorLike = 1,
  options: PlainRandom = {},
): Tensor {
  const width =
    low instanceof Tensor || high instanceof Tensor ? sub(high, low) : Number(high) - Number(low);
  return add(mul(rand(shape, onDeviceOf([low, high], options)), width), low);
}

/**
 * Normal with mean and standard deviation: numbers, or tensors that broadcast to the shape.
 * @throws ShapeError when a parameter does not broadcast to the shape
 */
export const normal = (
  shape: Shape,
  mean: TensorLike = 0,
  std: TensorLike = 1,
  options: PlainRandom = {},
): Tensor => add(mul(randn(shape, onDeviceOf([mean, std], options)), std), mean);

/** `rand` in the shape and on the device of another tensor. @throws nothing: every shape fits */
export const randLike = (x: Tensor, options: Omit<RandomOptions, "device"> = {}): Tensor =>
  rand(x.shape, { ...options, device: x.device });

/** `randn` in the shape and on the device of another tensor. @throws nothing: every shape fits */
export const randnLike = (x: Tensor, options: Omit<RandomOptions, "device"> = {}): Tensor =>
  randn(x.shape, { ...options, device: x.device });

/**
 * `randint` in the shape and on the device of another tensor.
 * @throws ValueError unless the range holds 1 to 2²⁴ whole numbers
 */
export const randintLike = (
  x: Tensor,
  low: number,
  high: number,
  options: Omit<PlainRandom, "device"> = {},
): Tensor => randint(low, high, x.shape, { ...options, device: x.device });

/** Whole numbers from `low` up to and without `high`, int32. Exactly uniform up to 2⁻²⁴·range. */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  options: PlainRandom = {},
): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || high - low > 2 ** 24) {
    throw new ValueError(
      `randint: the range must hold 1 to 2^24 whole numbers; got ${low} to ${high}. ` +
        "Give low < high.",
    );
  }
  const steps = cast(mul(rand(shape, options), high - low), "int32");
  return withRange(add(steps, low), [low, high - 1]);
}

/**
 * True with probability `p`, bool; p is a number or a tensor that broadcasts to the shape, which is
 * p's where it is left out.
 * @throws ShapeError when a parameter does not broadcast to the shape
 */
export const bernoulli = (
  p: TensorLike,
  shape: Shape = p instanceof Tensor ? p.shape : [],
  options: PlainRandom = {},
): Tensor => lt(rand(shape, onDeviceOf([p], options)), p);

/**
 * A random order of 0 … n - 1, int32 (or uint32): a keyed bijection, computed element by element
 * and equal on every device.
 * @throws ShapeError for an n that is no whole number
 */
export function randperm(
  n: number,
  options: PlainRandom & { readonly dtype?: DType } = {},
): Tensor {
  checkShape("randperm", [n]);
  const device = options.device ?? (defaultDevice("randperm") as Device);
  const [seed, draw] = keyOf(options.generator ?? defaultGenerator, device);
  const places = randomPlace(iota(n, device, "uint32"), n, seed, draw);
  return withRange(cast(places, options.dtype ?? "int32"), [0, Math.max(0, n - 1)]);
}

/**
 * x / (1 - p) with probability 1 - p, else 0, independently per element (Srivastava et al. 2014).
 * @throws ValueError unless 0 ≤ p ≤ 1
 */
export function dropout(
  x: Tensor,
  p = 0.5,
  training = true,
  options: { readonly generator?: Generator } = {},
): Tensor {
  if (!(p >= 0 && p <= 1)) {
    throw new ValueError(`dropout: p is not a probability; got ${p}. Use 0 to 1.`);
  }
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, 0);
  const kept = bernoulli(1 - p, x.shape, { ...options, device: x.device });
  return where(kept, div(x, 1 - p), 0);
}
