import { isFloat } from "../../core/dtype.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { checkShape, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { le, lt, where } from "../elementwise/compare.ts";
import { pow } from "../elementwise/power.ts";
import { reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { constantLike } from "../rules.ts";
import { deviceOf, type TensorOptions, tensor, zeros } from "./creation.ts";
import { iota } from "./iota.ts";

type Plain = Omit<TensorOptions, "requiresGrad">;

/**
 * start, start + step, … up to (without) `end`; int32 where all three are whole numbers.
 * `arange(n)` is 0 … n - 1.
 * @throws ShapeError for a step of 0 or one that leads away from `end`
 */
export function arange(start: number, end?: number, step = 1, options: Plain = {}): Tensor {
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
  if (whole && !isFloat(dtype) && from === 0 && step === 1) return cast(index, dtype);
  const places = whole ? index : cast(index, "float32");
  const ends = [from, from + (count - 1) * step];
  const out = cast(add(mul(places, step), from), dtype);
  return dtype === "int32" && whole && count > 0
    ? withRange(out, [Math.min(...ends), Math.max(...ends)])
    : out;
}

/**
 * `count` numbers from `start` to `end`, both included, at equal distances; float32. Each half is
 * counted from its own end, so that both ends are exact.
 * @throws ShapeError for a count that is no whole number
 */
export function linspace(start: number, end: number, count: number, options: Plain = {}): Tensor {
  checkShape("linspace", [count]);
  const index = cast(iota(count, deviceOf("linspace", options.device)), "float32");
  if (count === 1) return cast(add(mul(index, 0), start), options.dtype ?? "float32");
  const step = (end - start) / (count - 1);
  const last = constantLike(count - 1, index);
  const up = add(mul(index, step), start);
  const down = sub(end, mul(sub(last, index), step));
  const early = lt(index, constantLike(count / 2, index));
  return cast(where(early, up, down), options.dtype ?? "float32");
}

/**
 * base^start to base^end in `count` steps of equal ratio; float32.
 * @throws ShapeError for a count that is no whole number
 */
export const logspace = (
  start: number,
  end: number,
  count: number,
  { base = 10, ...options }: Plain & { readonly base?: number } = {},
): Tensor => {
  const powers = pow(base, linspace(start, end, count, { device: options.device }));
  return cast(powers, options.dtype ?? "float32");
};

/**
 * `count` numbers from `start` to `end`, both included, each the same multiple of the one before.
 * @throws ValueError unless both ends have one sign and are not 0
 */
export function geomspace(start: number, end: number, count: number, options: Plain = {}): Tensor {
  if (!(start * end > 0)) {
    throw new ValueError(
      `geomspace: both ends must be on one side of 0; got ${start} and ${end}. Use linspace.`,
    );
  }
  checkShape("geomspace", [count]);
  // On the host, in float64: the power of a ratio loses digits in float32.
  const ratio = Math.log(end / start) / Math.max(count - 1, 1);
  const value = (i: number) => (i === count - 1 && count > 1 ? end : start * Math.exp(ratio * i));
  return fromFunction([count], (i) => value(i!), options);
}

/**
 * A matrix with ones on and below a diagonal, zeros above.
 * @throws ShapeError for sizes that are no whole numbers
 */
export function tri(
  rows: number,
  columns = rows,
  { diagonal = 0, ...options }: Plain & { readonly diagonal?: number } = {},
): Tensor {
  checkShape("tri", [rows, columns]);
  const device = deviceOf("tri", options.device);
  const row = reshape(iota(rows, device), [rows, 1]);
  const edge = add(row, constantLike(diagonal, row));
  return cast(le(iota(columns, device), edge), options.dtype ?? "float32");
}

/**
 * A tensor of this shape and unknown content: here zeros, which cost nothing until used.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const empty = (shape: Shape, options: TensorOptions = {}): Tensor => zeros(shape, options);

/** As `empty`, with the shape and dtype of another tensor. */
export const emptyLike = (x: Tensor, options: Omit<TensorOptions, "device"> = {}): Tensor =>
  zeros(x.shape, { dtype: x.dtype, device: x.device, ...options });

/**
 * A tensor whose element at [i, j, …] is `value(i, j, …)`, computed once on the host.
 * @throws ShapeError for sizes that are no whole numbers
 */
export function fromFunction(
  shape: Shape,
  value: (...place: number[]) => number,
  options: TensorOptions = {},
): Tensor {
  checkShape("fromFunction", shape);
  const place = shape.map(() => 0);
  const values = Array.from({ length: sizeOf(shape) }, () => {
    const found = value(...place);
    for (let d = place.length - 1; d >= 0 && ++place[d]! >= shape[d]!; d--) place[d] = 0;
    return found;
  });
  if (values.every((v) => typeof v === "number")) {
    return tensor(Float64Array.from(values), { dtype: "float32", ...options, shape });
  }
  throw new ValueError(
    `fromFunction: the function gave what is no number for a shape ${show(shape)}. Return one.`,
  );
}
