import type { TypedArray } from "../../core/dtype.ts";
import { normalizeAxis } from "../../core/shape.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensor, zeros } from "../creation/creation.ts";
import { iota } from "../creation/iota.ts";
import { cast } from "../elementwise/cast.ts";
import { ne } from "../elementwise/compare.ts";
import { take } from "../indexing/indexing.ts";
import { cat } from "../movement/join.ts";
import { permute, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { withRange } from "../range.ts";
import { cumsum } from "../scan/scans.ts";
import { occurrences } from "./counts.ts";
import { ascending } from "./order.ts";
import { searchsorted } from "./search.ts";
import { sort } from "./sort.ts";

export interface UniqueOptions {
  /** Compares whole slices along this axis; all elements when left out. */
  readonly axis?: number | null;
}

export interface Unique {
  /** The distinct elements [m], or slices with m along the axis. */
  readonly values: Tensor;
  /** For each element, or slice, the number of its value: int32 in the shape of x, or [n]. */
  readonly inverse: Tensor;
  /** How often each value is there: int32 [m]. */
  readonly counts: Tensor;
}

/** Elements as they stand after each other, and where these were. */
interface Sequence {
  readonly changes: Tensor;
  readonly order: Tensor | null;
}

/** Groups a sequence by its changes: one number is read, how many groups there are. */
async function grouped(x: Tensor, { changes, order }: Sequence): Promise<Unique> {
  const n = changes.size + 1;
  const [groups, count] = noGrad(() => {
    const later = cumsum(changes, 0);
    const all = cat([zeros([1], { dtype: "int32", device: x.device }), later]);
    return [all, narrow(all, 0, n - 1, 1)] as const;
  });
  const m = (await count.item()) + 1;
  const starts = withRange(searchsorted(groups, iota(m, x.device)), [0, n - 1]);
  const places = order === null ? starts : take(order, starts);
  const numbers = withRange(groups, [0, m - 1]);
  // Places in order of the elements: what an element's place in the sorted sequence belongs to.
  const inverse = order === null ? numbers : take(numbers, sort(order).indices);
  return {
    values: take(x, withRange(places, [0, n - 1])),
    inverse: withRange(inverse, [0, m - 1]),
    counts: occurrences(numbers, m),
  };
}

/** x[k] ≠ x[k + 1] for a line [n]. */
const changesOf = (x: Tensor): Tensor => {
  const n = x.shape[0]!;
  return cast(ne(narrow(x, 0, 1, n - 1), narrow(x, 0, 0, n - 1)), "int32");
};

function nothing(x: Tensor, shape: readonly number[]): Unique {
  const none = (sizes: readonly number[]) => zeros(sizes, { dtype: "int32", device: x.device });
  return { values: x, inverse: none(shape), counts: none([0]) };
}

/**
 * The distinct elements in ascending order, or the distinct slices along an axis in the order of
 * their elements. NaN equals nothing, so each is one of its own. The gradient goes to the first of
 * equal elements. How many there are has to be read from the device.
 * @throws ShapeError for an unknown axis
 */
export async function unique(x: Tensor, { axis = null }: UniqueOptions = {}): Promise<Unique> {
  if (axis !== null) return uniqueSlices("unique", x, axis, true);
  const flat = reshape(x, [x.size]);
  if (x.size === 0) return { ...nothing(flat, x.shape), values: flat };
  const { values, indices } = noGrad(() => sort(flat));
  const found = await grouped(flat, { changes: changesOf(values), order: indices });
  return { ...found, inverse: withRange(reshape(found.inverse, x.shape), [0, x.size - 1]) };
}

/**
 * As `unique`, where only neighbours count as equal: runs of equal elements become one, in place.
 */
export async function uniqueConsecutive(
  x: Tensor,
  { axis = null }: UniqueOptions = {},
): Promise<Unique> {
  if (axis !== null) return uniqueSlices("uniqueConsecutive", x, axis, false);
  const flat = reshape(x, [x.size]);
  if (x.size === 0) return { ...nothing(flat, x.shape), values: flat };
  const found = await grouped(flat, { changes: noGrad(() => changesOf(flat)), order: null });
  return { ...found, inverse: withRange(reshape(found.inverse, x.shape), [0, x.size - 1]) };
}

/** Rows [n, width] in order, the first of equal ones before the others, and where one is new. */
function orderedRows(data: TypedArray, n: number, width: number, sorted: boolean) {
  const each = (a: number, b: number, f: (x: number, y: number) => number): number => {
    for (let i = 0; i < width; i++) {
      const order = f(data[a * width + i]!, data[b * width + i]!);
      if (order !== 0) return order;
    }
    return 0;
  };
  const order = Array.from({ length: n }, (_, k) => k);
  if (sorted) order.sort((a, b) => each(a, b, ascending) || a - b);
  const differ = (x: number, y: number) => Number(x !== y);
  return { order, isNew: (j: number) => j === 0 || each(order[j - 1]!, order[j]!, differ) !== 0 };
}

/** Slices are compared on the host, element by element. */
async function uniqueSlices(op: string, x: Tensor, axis: number, sorted: boolean): Promise<Unique> {
  const at = normalizeAxis(op, axis, x.rank);
  const n = x.shape[at]!;
  if (n === 0) return nothing(x, [0]);
  const rest = x.shape.flatMap((_, d) => (d === at ? [] : [d]));
  const data = await noGrad(() => permute(x, [at, ...rest])).data();
  const { order, isNew } = orderedRows(data, n, x.size / n, sorted);
  const inverse = new Int32Array(n);
  const [firsts, counts]: [number[], number[]] = [[], []];
  order.forEach((k, j) => {
    if (isNew(j)) counts[firsts.push(k) - 1] = 0;
    inverse[k] = firsts.length - 1;
    counts[firsts.length - 1]!++;
  });
  const whole = (values: ArrayLike<number>) =>
    tensor(Int32Array.from(values), { device: x.device });
  return { values: take(x, whole(firsts), at), inverse: whole(inverse), counts: whole(counts) };
}
