import { ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { full, zeros } from "../creation/creation.ts";
import { iota } from "../creation/iota.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, isFinite as finite, le, logicalAnd, where } from "../elementwise/compare.ts";
import { clampMax } from "../elementwise/extrema.ts";
import { floor } from "../elementwise/rounding.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { sum } from "../reduce/reduce.ts";
import { max, min } from "../reduce/reduceExtrema.ts";
import { diff } from "../scan/differences.ts";
import { occurrences, weighted } from "./counts.ts";
import { searchsorted } from "./search.ts";

/** Lowest and highest value; numbers of the host, or scalars that the device finds. */
type Limits = readonly [Tensor, Tensor];

const MOST_BINS = 2 ** 24;

function checkBins(op: string, bins: number): void {
  if (Number.isInteger(bins) && bins > 0 && bins <= MOST_BINS) return;
  throw new ValueError(`${op}: bins is a whole number from 1 on; got ${bins}. Use 100.`);
}

/** The range that is given, or that of the data; a range of one value is widened by 1, or ½. */
function limitsOf(op: string, x: Tensor, low: number, high: number, widening: number): Limits {
  if (!(low <= high) || !Number.isFinite(high - low)) {
    throw new ValueError(
      `${op}: the range must be finite and in order; got ${low} to ${high}. Swap both ends.`,
    );
  }
  const scalar = (value: number) => full([], value, { device: x.device });
  const own = low === high;
  const ends = own && x.size > 0 ? [min(x), max(x)] : [scalar(low), scalar(high)];
  const [least, most] = ends as [Tensor, Tensor];
  const flat = eq(least, most);
  return [where(flat, sub(least, widening), least), where(flat, add(most, widening), most)];
}

export interface HistcOptions {
  readonly bins?: number;
  /** The range; both 0, the default, mean the smallest and largest element. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * How many elements lie in each of `bins` (100) equal parts of a range, whose end belongs to the
 * last part. Elements outside and NaN are left out. No gradient.
 * @returns float32 [bins]  @throws ValueError for a wrong number of bins or a range upside down
 */
export function histc(
  x: Tensor,
  { bins = 100, min: low = 0, max: high = 0 }: HistcOptions = {},
): Tensor {
  checkBins("histc", bins);
  return noGrad(() => {
    const values = cast(x, "float32");
    const [least, most] = limitsOf("histc", values, low, high, 1);
    const inside = logicalAnd(le(least, values), le(values, most));
    const part = mul(div(sub(values, least), sub(most, least)), bins);
    const place = clampMax(floor(part), bins - 1);
    const places = where(logicalAnd(inside, finite(values)), cast(place, "int32"), -1);
    return cast(occurrences(places, bins), "float32");
  });
}

export interface HistogramOptions {
  /** How many equal parts, or their edges in ascending order [parts + 1]. */
  readonly bins?: number | Tensor;
  /** From where to where the equal parts reach; the default is the range of the data. */
  readonly range?: readonly [number, number] | null;
  /** What each element counts, in the shape of x. */
  readonly weight?: Tensor | null;
  /** Divides by the sum and by the widths, so that the integral is 1. */
  readonly density?: boolean;
}

/**
 * How many elements, or how much weight, lie between each two edges; the last edge belongs to the
 * last part. Elements outside and NaN are left out. No gradient.
 * @returns float32 `hist` [parts] and the `edges` [parts + 1]
 * @throws ShapeError, ValueError
 */
export function histogram(x: Tensor, options: HistogramOptions = {}) {
  const { bins = 100, range = null, weight = null, density = false } = options;
  if (weight !== null && !sameShape(weight.shape, x.shape)) {
    throw new ShapeError(
      `histogram: the weights differ in shape from x; got ${show(weight.shape)} for ` +
        `${show(x.shape)}. Give one weight per element.`,
    );
  }
  return noGrad(() => {
    const values = reshape(cast(x, "float32"), [x.size]);
    const edges = bins instanceof Tensor ? checkEdges(bins) : evenEdges(values, bins, range);
    const counts = between(values, edges, weight);
    if (!density) return { hist: counts, edges };
    return { hist: div(div(counts, sum(counts)), diff(edges)), edges };
  });
}

function checkEdges(edges: Tensor): Tensor {
  if (edges.rank === 1 && edges.size >= 2) return cast(edges, "float32");
  throw new ShapeError(
    `histogram: edges are one line of at least two; got ${show(edges.shape)}. Give [parts + 1].`,
  );
}

function evenEdges(x: Tensor, bins: number, range: readonly [number, number] | null): Tensor {
  checkBins("histogram", bins);
  const [low, high] = range ?? [0, 0];
  const [least, most] = limitsOf("histogram", x, low, high, 0.5);
  const index = iota(bins + 1, x.device);
  const step = div(sub(most, least), bins);
  const edges = add(mul(cast(index, "float32"), step), least);
  return where(eq(index, bins), most, edges);
}

function between(x: Tensor, edges: Tensor, weight: Tensor | null): Tensor {
  const parts = edges.size - 1;
  if (x.size === 0) return zeros([parts], { device: x.device });
  const part = sub(searchsorted(edges, x, { right: true }), 1);
  const last = eq(x, narrow(edges, 0, parts, 1));
  const places = where(last, parts - 1, part);
  if (weight !== null) return weighted(places, reshape(weight, [x.size]), parts);
  return cast(occurrences(places, parts), "float32");
}
