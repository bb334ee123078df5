import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { zeros } from "../creation/creation.ts";
import { iota } from "../creation/iota.ts";
import { cast } from "../elementwise/cast.ts";
import { ge, logicalAnd, lt, where } from "../elementwise/compare.ts";
import { scatterAdd } from "../indexing/indexing.ts";
import { reshape } from "../movement/movement.ts";
import { rangeOf, withRange } from "../range.ts";
import { max, min } from "../reduce/reduceExtrema.ts";
import { diff } from "../scan/differences.ts";
import { searchsorted } from "./search.ts";
import { sort } from "./sort.ts";

/** How often each of 0 … length - 1 is among whole numbers; others do not count. int32 [length]. */
export function occurrences(places: Tensor, length: number): Tensor {
  const flat = reshape(places, [places.size]);
  if (flat.size === 0 || length === 0) {
    return zeros([length], { dtype: "int32", device: places.device });
  }
  // The bounds of equal elements, once they stand side by side.
  return diff(searchsorted(sort(flat).values, iota(length + 1, places.device)));
}

/** The weights of each of 0 … length - 1, summed; weights at other places do not count. */
export function weighted(places: Tensor, weights: Tensor, length: number): Tensor {
  const none = zeros([length], { device: weights.device });
  if (places.size === 0 || length === 0) return none;
  const inside = logicalAnd(ge(places, 0), lt(places, length));
  const line = (t: Tensor) => reshape(t, [places.size]);
  const safe = withRange(where(inside, places, 0), [0, length - 1]);
  return scatterAdd(none, 0, line(safe), line(where(inside, cast(weights, "float32"), 0)));
}

export interface BincountOptions {
  /** What each element counts, in the shape of x; 1 when left out. The result is float32 then. */
  readonly weights?: Tensor | null;
  /** The least size of the result. */
  readonly minlength?: number;
  /** The size of the result, which then needs nothing from the device: other elements are left out. */
  readonly length?: number;
}

/**
 * How often each whole number from 0 on is in x, or the sum of its weights. The size of the result
 * is the largest element plus 1, which has to be read from the device: a promise, unless `length`
 * is given.
 * @param x int32 or uint32 [n]  @returns [length], int32, or float32 with weights
 * @throws ShapeError, DTypeError; ValueError for negative elements
 */
export function bincount(x: Tensor, options: BincountOptions & { readonly length: number }): Tensor;
export function bincount(x: Tensor, options?: BincountOptions): Promise<Tensor>;
export function bincount(x: Tensor, options: BincountOptions = {}): Tensor | Promise<Tensor> {
  const { weights = null, minlength = 0, length } = options;
  checkCounted(x, weights, length ?? minlength);
  const places = x.dtype === "uint32" ? withRange(cast(x, "int32"), rangeOf(x)) : x;
  const known = rangeOf(x);
  if (known !== null && known[0] < 0 && x.size > 0) throw negative(known[0]);
  const count = (size: number) =>
    weights === null ? occurrences(places, size) : weighted(places, weights, size);
  return length === undefined ? lengthOf(places, minlength).then(count) : count(length);
}

async function lengthOf(x: Tensor, minlength: number): Promise<number> {
  if (x.size === 0) return minlength;
  const [low, high] = await Promise.all([min(x).item(), max(x).item()]);
  if (low < 0) throw negative(low);
  return Math.max(minlength, high + 1);
}

const negative = (low: number) =>
  new ValueError(`bincount: an element is negative; got ${low}. Count numbers from 0 on.`);

function checkCounted(x: Tensor, weights: Tensor | null, size: number): void {
  if (isFloat(x.dtype) || x.dtype === "bool") {
    throw new DTypeError(
      `bincount: it counts whole numbers; got ${x.dtype}. Convert with x.cast("int32").`,
    );
  }
  if (x.rank !== 1 || (weights !== null && !sameShape(weights.shape, x.shape))) {
    const beside = weights === null ? "" : ` and weights ${show(weights.shape)}`;
    throw new ShapeError(
      `bincount: it takes one line, and as many weights; got ${show(x.shape)}${beside}. Flatten it.`,
    );
  }
  if (Number.isInteger(size) && size >= 0) return;
  throw new ValueError(`bincount: a length is a whole number from 0 on; got ${size}.`);
}
