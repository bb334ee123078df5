import { checkDType, type DType } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { Node } from "../../core/node.ts";
import { checkShape, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import { constantNode, defaultDevice, NO_ATTRS, numberNode, SOURCE } from "../../tensor/op.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq } from "../elementwise/compare.ts";
import { expand, reshape } from "../movement/movement.ts";
import { type HostData, integerRange, readHost } from "./hostData.ts";
import { iota } from "./iota.ts";
import { leafTensor } from "./leaf.ts";

export interface TensorOptions {
  /** The default: bool for booleans, int32 for integer arrays, else float32. */
  readonly dtype?: DType;
  readonly device?: Device;
  /** Whether `backward()` leaves a gradient in `grad`. Only for float32. */
  readonly requiresGrad?: boolean;
}

const deviceOf = (op: string, device: Device | undefined): Device =>
  device ?? (defaultDevice(op) as Device);

/**
 * A tensor with the given elements, copied to the device at once.
 * @param data a number or boolean, nested arrays of them, or a typed array with `shape`
 * @throws ShapeError for ragged arrays or a shape that does not fit; DTypeError for elements that
 * the dtype cannot hold
 */
export function tensor(
  data: HostData,
  options: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  if (data instanceof Tensor) throw notData("is already a tensor; use it as it is, or x.cast()");
  const host = readHost(data);
  const shape = options.shape ?? host.shape;
  checkShape("tensor", shape);
  if (sizeOf(shape) !== host.values.length) {
    throw new ShapeError(
      `tensor: the shape has ${sizeOf(shape)} places; got ${host.values.length} elements for ` +
        `${show(shape)}. Make both equal.`,
    );
  }
  const dtype = options.dtype ?? host.dtype;
  checkDType("tensor", dtype);
  const device = deviceOf("tensor", options.device);
  const node = new Node(SOURCE, [], NO_ATTRS, "", shape, dtype, device);
  node.range = integerRange(host.values, dtype);
  node.storage = device.upload(host.values, dtype);
  return leafTensor(node, options.requiresGrad);
}

const notData = (what: string) => new DTypeError(`tensor: the data ${what}.`);

function filled(op: string, shape: Shape, value: number, options: TensorOptions): Tensor {
  checkShape(op, shape);
  const { dtype = "float32" } = options;
  checkDType(op, dtype);
  if (options.requiresGrad === true) {
    const values = new Float32Array(sizeOf(shape)).fill(value);
    return tensor(values, { ...options, shape });
  }
  const node =
    op === "full"
      ? numberNode(value, dtype, deviceOf(op, options.device))
      : constantNode(value, dtype, deviceOf(op, options.device));
  const integral = dtype !== "float32" && op !== "full";
  if (integral) node.range = [value, value];
  return expand(new Tensor(node), shape);
}

/** Zeros of a shape; float32 unless another dtype is given. They take no memory until used. */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor =>
  filled("zeros", shape, 0, options);

export const ones = (shape: Shape, options: TensorOptions = {}): Tensor =>
  filled("ones", shape, 1, options);

/** `value` everywhere. The number may change from run to run without a new plan. */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor =>
  filled("full", shape, value, options);

type LikeOptions = Pick<TensorOptions, "dtype" | "requiresGrad">;
const like = (x: Tensor, options: LikeOptions): TensorOptions => ({
  dtype: x.dtype,
  device: x.device,
  ...options,
});

export const zerosLike = (x: Tensor, options: LikeOptions = {}): Tensor =>
  zeros(x.shape, like(x, options));

export const onesLike = (x: Tensor, options: LikeOptions = {}): Tensor =>
  ones(x.shape, like(x, options));

export const fullLike = (x: Tensor, value: number, options: LikeOptions = {}): Tensor =>
  full(x.shape, value, like(x, options));

/**
 * start, start + step, … up to and without `end`; int32 where all three are whole numbers.
 * `arange(n)` is 0 … n - 1.
 * @throws ShapeError for a step of 0 or one that leads away from `end`
 */
export function arange(
  start: number,
  end?: number,
  step = 1,
  options: Omit<TensorOptions, "requiresGrad"> = {},
): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const count = Math.ceil((to - from) / step);
  if (!Number.isFinite(count) || count < 0) {
    throw new ShapeError(
      `arange: step ${step} does not lead from ${from} to ${to}. Give a step with the right sign.`,
    );
  }
  const whole = [from, to, step].every(Number.isInteger);
  const dtype = options.dtype ?? (whole ? "int32" : "float32");
  const index = iota(count, deviceOf("arange", options.device));
  if (whole && dtype !== "float32" && from === 0 && step === 1) return cast(index, dtype);
  const places = whole ? index : cast(index, "float32");
  return cast(add(mul(places, step), from), dtype);
}

/** `count` numbers from `start` to `end`, both included, at equal distances; float32. */
export function linspace(
  start: number,
  end: number,
  count: number,
  options: Omit<TensorOptions, "requiresGrad" | "dtype"> = {},
): Tensor {
  checkShape("linspace", [count]);
  const index = cast(iota(count, deviceOf("linspace", options.device)), "float32");
  return add(mul(index, count > 1 ? (end - start) / (count - 1) : 0), start);
}

/** Ones on the diagonal: [rows, columns], square unless `columns` is given. */
export function eye(rows: number, columns = rows, options: TensorOptions = {}): Tensor {
  checkShape("eye", [rows, columns]);
  const device = deviceOf("eye", options.device);
  const hit = eq(reshape(iota(rows, device), [rows, 1]), iota(columns, device));
  return cast(hit, options.dtype ?? "float32");
}
