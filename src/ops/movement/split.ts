import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { knownValues } from "../creation/known.ts";
import { narrow } from "./slice.ts";

/**
 * Parts of the given sizes along `axis`; one number means parts of that size, the last smaller.
 * @throws ShapeError when the sizes do not add up to the axis
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const at = normalizeAxis("split", axis, x.rank);
  const n = x.shape[at]!;
  const list = typeof sizes === "number" ? evenSizes(n, sizes) : sizes;
  if (list.some((m) => m < 0) || list.reduce((a, b) => a + b, 0) !== n) {
    throw new ShapeError(
      `split: the sizes do not add up to axis ${at}; got ${show(list)} for ${show(x.shape)}. ` +
        `Make their sum ${n}.`,
    );
  }
  let start = 0;
  return list.map((size) => {
    const part = narrow(x, at, start, size);
    start += size;
    return part;
  });
}

/** PyTorch's other name of `split` with a list of sizes. */
export const splitWithSizes: (x: Tensor, sizes: readonly number[], axis?: number) => Tensor[] =
  split;

function evenSizes(n: number, size: number): number[] {
  if (n === 0 && size === 0) return [0];
  if (!Number.isInteger(size) || size < 1) {
    throw new ShapeError(`split: part size ${size} is not a whole number above 0. Use 1 or more.`);
  }
  if (n === 0) return [0];
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size));
}

function checkParts(op: string, parts: number): void {
  if (Number.isInteger(parts) && parts >= 1) return;
  throw new ShapeError(`${op}: ${parts} parts is not a whole number above 0. Use 1 or more.`);
}

/**
 * At most `parts` parts of equal size along `axis`, the last smaller, as in PyTorch.
 * @throws ShapeError for fewer than one part
 */
export function chunk(x: Tensor, parts: number, axis = 0): Tensor[] {
  const at = normalizeAxis("chunk", axis, x.rank);
  checkParts("chunk", parts);
  const n = x.shape[at]!;
  // An axis without elements still gives all the parts.
  if (n === 0) return split(x, new Array<number>(parts).fill(0), at);
  return split(x, Math.ceil(n / parts), at);
}

/** A number of parts, the places where parts begin, or a tensor of either that the host knows. */
export type Cuts = number | readonly number[] | Tensor;

/**
 * torch.tensor_split: exactly `cuts` parts along `axis`, the first ones larger by one where the
 * axis does not divide; or parts between the places of a list, which stop at the ends as slices do.
 * @throws ShapeError for fewer than one part, or a tensor of cuts that only the device knows
 */
export function tensorSplit(x: Tensor, cuts: Cuts, axis = 0): Tensor[] {
  const at = normalizeAxis("tensorSplit", axis, x.rank);
  const n = x.shape[at]!;
  const found = cuts instanceof Tensor ? cutsOf(cuts) : cuts;
  const ends = typeof found === "number" ? evenEnds(n, found) : [...found, n];
  const clamp = (i: number) => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : clamp(ends[i - 1]!);
    return narrow(x, at, start, Math.max(0, clamp(end) - start));
  });
}

function evenEnds(n: number, parts: number): number[] {
  checkParts("tensorSplit", parts);
  const [size, more] = [Math.floor(n / parts), n % parts];
  return Array.from({ length: parts }, (_, i) => (i + 1) * size + Math.min(i + 1, more));
}

function cutsOf(cuts: Tensor): number | number[] {
  const values = knownValues(cuts);
  if (values === null || cuts.rank > 1) {
    throw new ShapeError(
      `tensorSplit: the cuts must be a scalar or a list that the host knows; got ${cuts.dtype} ` +
        `${show(cuts.shape)}. Pass [...await cuts.data()].`,
    );
  }
  return cuts.rank === 0 ? values[0]! : Array.from(values);
}

function along(op: string, x: Tensor, rank: number, cuts: Cuts, axis: number): Tensor[] {
  if (x.rank < rank) {
    throw new ShapeError(
      `${op}: the tensor needs at least ${rank} axes; got ${show(x.shape)}. Use tensorSplit.`,
    );
  }
  if (typeof cuts === "number" && cuts >= 1 && x.shape[axis]! % cuts !== 0) {
    throw new ShapeError(
      `${op}: axis ${axis} does not divide into ${cuts} parts; got ${show(x.shape)}. Use ` +
        "tensorSplit, which makes some larger.",
    );
  }
  return tensorSplit(x, cuts, axis);
}

/**
 * Equal parts, or parts at places, side by side: along axis 1, of vectors along axis 0.
 * @throws ShapeError for a scalar, or parts that do not divide
 */
export const hsplit = (x: Tensor, cuts: Cuts): Tensor[] =>
  along("hsplit", x, 1, cuts, x.rank === 1 ? 0 : 1);

/**
 * Equal parts, or parts at places, along axis 0 of at least two axes.
 * @throws ShapeError for fewer than two axes, or parts that do not divide
 */
export const vsplit = (x: Tensor, cuts: Cuts): Tensor[] => along("vsplit", x, 2, cuts, 0);

/**
 * Equal parts, or parts at places, along axis 2.
 * @throws ShapeError for fewer than three axes, or parts that do not divide
 */
export const dsplit = (x: Tensor, cuts: Cuts): Tensor[] => along("dsplit", x, 3, cuts, 2);
