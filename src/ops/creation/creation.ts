import { checkDType, type DType, isFloat, toDType } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { Node } from "../../core/node.ts";
import { checkShape, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import { constantNode, defaultDevice, NO_ATTRS, numberNode, SOURCE } from "../../tensor/op.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { eq } from "../elementwise/compare.ts";
import { expand, reshape } from "../movement/movement.ts";
import { type HostData, integerRange, readHost } from "./hostData.ts";
import { iota } from "./iota.ts";
import { remember, sharedList } from "./known.ts";
import { leafTensor } from "./leaf.ts";

export interface TensorOptions {
  /** The default: bool for booleans, int32 for integer arrays, else float32. */
  readonly dtype?: DType;
  readonly device?: Device;
  /** Whether `backward()` leaves a gradient in `grad`. Only for floats. */
  readonly requiresGrad?: boolean;
}

export const deviceOf = (op: string, device: Device | undefined): Device =>
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
  const device = deviceOf("tensor", options.device);
  checkDType("tensor", dtype, device);
  const node = new Node(SOURCE, [], NO_ATTRS, "", shape, dtype, device);
  node.range = integerRange(host.values, dtype);
  remember(node, host.values, dtype);
  node.storage = device.upload(host.values, dtype);
  return leafTensor(node, options.requiresGrad);
}

/** Whole numbers that an op needs on the device, as int32; equal lists are one tensor. */
export const indexList = (values: readonly number[], device: Device): Tensor =>
  sharedList(values, device, (list) => tensor(Int32Array.from(list), { device, dtype: "int32" }));

const notData = (what: string) => new DTypeError(`tensor: the data ${what}.`);

function filled(op: string, shape: Shape, value: number, options: TensorOptions): Tensor {
  checkShape(op, shape);
  const { dtype = "float32" } = options;
  const device = deviceOf(op, options.device);
  checkDType(op, dtype, device);
  if (options.requiresGrad === true) {
    const values = new Float32Array(sizeOf(shape)).fill(value);
    return tensor(values, { ...options, shape });
  }
  const node =
    op === "full"
      ? numberNode(isFloat(dtype) ? toDType(value, dtype) : value, dtype, device)
      : constantNode(value, dtype, device);
  if (!isFloat(dtype) && op !== "full") node.range = [value, value];
  return expand(new Tensor(node), shape);
}

/**
 * Zeros of a shape; float32 unless another dtype is given. They take no memory until used.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor =>
  filled("zeros", shape, 0, options);

/**
 * Ones of a shape; float32 unless another dtype is given. They take no memory until used.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const ones = (shape: Shape, options: TensorOptions = {}): Tensor =>
  filled("ones", shape, 1, options);

/**
 * `value` everywhere. The number may change from run to run without a new plan.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor =>
  filled("full", shape, value, options);

type LikeOptions = Pick<TensorOptions, "dtype" | "requiresGrad">;
const like = (x: Tensor, options: LikeOptions): TensorOptions => ({
  dtype: x.dtype,
  device: x.device,
  ...options,
});

/** Zeros of the shape, dtype and device of x. @throws DTypeError for an unknown dtype */
export const zerosLike = (x: Tensor, options: LikeOptions = {}): Tensor =>
  zeros(x.shape, like(x, options));

/** Ones of the shape, dtype and device of x. @throws DTypeError for an unknown dtype */
export const onesLike = (x: Tensor, options: LikeOptions = {}): Tensor =>
  ones(x.shape, like(x, options));

/**
 * `value` everywhere, in the shape, dtype and device of x.
 * @throws DTypeError for an unknown dtype
 */
export const fullLike = (x: Tensor, value: number, options: LikeOptions = {}): Tensor =>
  full(x.shape, value, like(x, options));

/** A number given to an op beside x: of x's dtype, on its device. */
export const filledLike = (x: Tensor, shape: Shape, value: number | boolean): Tensor =>
  full(shape, Number(value), { dtype: x.dtype, device: x.device });

/**
 * Ones on the diagonal: [rows, columns], square unless `columns` is given.
 * @throws ShapeError for sizes that are no whole numbers
 */
export function eye(rows: number, columns = rows, options: TensorOptions = {}): Tensor {
  checkShape("eye", [rows, columns]);
  const device = deviceOf("eye", options.device);
  const hit = eq(reshape(iota(rows, device), [rows, 1]), iota(columns, device));
  return cast(hit, options.dtype ?? "float32");
}
