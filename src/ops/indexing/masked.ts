import { DTypeError, ShapeError } from "../../core/errors.ts";
import { broadcast, type Shape, show, sizeOf } from "../../core/shape.ts";
import { refuseInside } from "../../tensor/realize.ts";
import { recorder } from "../../tensor/recorder.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { filledLike, indexList, tensor } from "../creation/creation.ts";
import { knownValues } from "../creation/known.ts";
import { sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { where } from "../elementwise/compare.ts";
import { clamp } from "../elementwise/extrema.ts";
import { unbind } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { cumsum } from "../scan/scans.ts";
import { rowsAt } from "./indexing.ts";

function checkMask(op: string, mask: Tensor): void {
  if (mask.dtype === "bool") return;
  throw new DTypeError(
    `${op}: the mask is not bool; got dtype ${mask.dtype}. Compare (gt, ne, …), or cast it.`,
  );
}

/**
 * x with `value` where the mask holds; the mask broadcasts.
 * @param value a number, or a tensor with one element
 * @throws DTypeError for a mask that is not bool, ShapeError for a value of more elements
 */
export function maskedFill(x: Tensor, mask: Tensor, value: TensorLike): Tensor {
  checkMask("maskedFill", mask);
  if (value instanceof Tensor && value.rank !== 0) {
    throw new ShapeError(
      `maskedFill: the value is not a scalar; got ${show(value.shape)}. Use where for tensors.`,
    );
  }
  const filler = value instanceof Tensor ? cast(value, x.dtype) : filledLike(x, [], value);
  return where(mask, filler, x);
}

/** The places, row by row, where a tensor is not 0; read from the device unless the host knows. */
async function places(x: Tensor): Promise<number[]> {
  if (recorder.capture !== null) refuseInside("a shape that depends on data");
  const values = knownValues(x) ?? (await x.data());
  return truePlaces(values);
}

export function truePlaces(values: ArrayLike<number>): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) found.push(i);
  return found;
}

/** Places in a mask of this shape broadcast to another, as places of the latter. */
async function broadcastPlaces(mask: Tensor, shape: Shape): Promise<number[]> {
  const own = new Set(await places(mask));
  if (mask.size === sizeOf(shape)) return [...own];
  const index = reshapeIndex(mask.shape, shape);
  return index.flatMap((from, to) => (own.has(from) ? [to] : []));
}

/** For each place of a shape the place that it repeats of a smaller one. */
function reshapeIndex(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  let index = [0];
  to.forEach((n, d) => {
    const size = d < lead ? 1 : from[d - lead]!;
    index = index.flatMap((at) =>
      Array.from({ length: n }, (_, i) => at * size + (size === 1 ? 0 : i)),
    );
  });
  return index;
}

/**
 * The elements of x where the mask holds, row by row, as a vector; both broadcast. Its size depends
 * on data: a mask that only the device knows is read back first.
 * @throws DTypeError for a mask that is not bool; CompileError inside `compile`
 */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  checkMask("maskedSelect", mask);
  const shape = broadcast("maskedSelect", [x.shape, mask.shape]);
  const found = await broadcastPlaces(mask, shape);
  const flat = reshape(expand(x, shape), [sizeOf(shape)]);
  return rowsAt("maskedSelect", flat, indexList(found, x.device));
}

/**
 * x with the elements of `source`, one after the other, where the mask holds, row by row; x and the
 * mask broadcast.
 * @throws DTypeError for a mask that is not bool, ShapeError when host data tells that the source
 * has too few elements
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  checkMask("maskedScatter", mask);
  const shape = broadcast("maskedScatter", [x.shape, mask.shape]);
  const size = sizeOf(shape);
  const wide = expand(x, shape);
  const count = knownValues(mask) === null ? 0 : truePlaces(knownValues(mask)!).length;
  const needed = mask.size === 0 ? 0 : count * (size / mask.size);
  if (needed > source.size) {
    throw new ShapeError(
      `maskedScatter: the source has too few elements; got ${source.size} for ${needed} places ` +
        "of the mask. Give as many.",
    );
  }
  if (size === 0 || source.size === 0) return wide;
  const flat = reshape(expand(mask, shape), [size]);
  const taken = rowsAt("maskedScatter", reshape(source, [source.size]), before(flat, source.size));
  return where(mask, reshape(taken, shape), wide);
}

/** For each place how many true ones stand before it, within the source. */
function before(mask: Tensor, limit: number): Tensor {
  const counts = sub(cumsum(mask, 0), 1);
  return withRange(clamp(counts, 0, limit - 1), [0, limit - 1]);
}

/**
 * Where x is not 0: [count, rank] int32, a row of indices for each element. No gradient. Its size
 * depends on data: what only the device knows is read back first.
 * @throws CompileError inside `compile`
 */
export async function nonzero(x: Tensor): Promise<Tensor> {
  const found = await places(x);
  const rows = found.flatMap((at) => coordinates(at, x.shape));
  const shape = [found.length, x.rank];
  return tensor(Int32Array.from(rows), { shape, dtype: "int32", device: x.device });
}

/** PyTorch's other name of `nonzero`. No gradient. */
export const argwhere = nonzero;

/**
 * As `nonzero`, one vector of indices for each axis: torch.where of a condition alone. No gradient.
 */
export async function whereNonzero(x: Tensor): Promise<Tensor[]> {
  return unbind(await nonzero(x), 1);
}

export function coordinates(at: number, shape: Shape): number[] {
  const place = new Array<number>(shape.length);
  let rest = at;
  for (let d = shape.length - 1; d >= 0; d--) {
    place[d] = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return place;
}
