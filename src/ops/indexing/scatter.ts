import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { filledLike } from "../creation/creation.ts";
import { add, div } from "../elementwise/arithmetic.ts";
import { gt, where } from "../elementwise/compare.ts";
import { maximum } from "../elementwise/extrema.ts";
import { expand, reshape } from "../movement/movement.ts";
import { writeRegion } from "../movement/regions.ts";
import { narrow } from "../movement/slice.ts";
import { constantLike } from "../rules.ts";
import { scatterAdd3 } from "./gatherOps.ts";
import {
  around,
  axisOf,
  checkIndex,
  checkRanks,
  checkSource,
  fromEnd,
  isTrusted,
  line,
  reachable,
} from "./places.ts";
import { scatterFold3, write3 } from "./scatterOps.ts";

export type ScatterReduce = "sum" | "prod" | "mean" | "amax" | "amin";

type On3 = (x: Tensor, index: Tensor, source: Tensor, trusted: boolean) => Tensor;

/** Applies `f` to [outer, n, inner] around the axis, in the part of x that the index reaches. */
function scattered(
  op: string,
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  f: On3,
): Tensor {
  if (x.rank === 0) return reshape(scattered(op, line(x), axis, line(index), line(source), f), []);
  const at = axisOf(op, axis, x);
  checkRanks(op, x.shape, index.shape, at);
  checkSource(op, index.shape, source.shape);
  checkIndex(op, index, x.shape[at]!);
  if (index.size === 0) return x;
  const part = reachable(x, index.shape, at);
  const used = index.shape.reduce((t, n, d) => narrow(t, d, 0, n), source);
  const sizes = around(index.shape, at);
  const out = f(
    reshape(part, around(part.shape, at)),
    reshape(index, sizes),
    reshape(used, sizes),
    isTrusted(index),
  );
  const starts = x.shape.map(() => 0);
  const steps = starts.map(() => 1);
  return writeRegion(x, reshape(out, part.shape), starts, steps);
}

/**
 * torch.scatter: x with source[i, j, k] (or a number) written at [index[i, j, k], j, k] for axis
 * 0, and likewise for others. Where several land on one place the last one in the order of the
 * index wins, always. With `reduce` they are added or multiplied to what stands there.
 * @throws ShapeError, IndexError, ValueError for another `reduce`
 */
export function scatter(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: TensorLike,
  { reduce }: { readonly reduce?: "add" | "multiply" } = {},
): Tensor {
  const from = source instanceof Tensor ? source : filledLike(x, index.shape, source);
  if (reduce === "add") return scatterReduce(x, axis, index, from, "sum");
  if (reduce === "multiply") return scatterReduce(x, axis, index, from, "prod");
  if (reduce !== undefined) throw unknownReduce("scatter", reduce, "add, multiply");
  return scattered("scatter", x, axis, index, from, write3);
}

const unknownReduce = (op: string, got: string, known: string): ValueError =>
  new ValueError(`${op}: unknown reduce "${got}". Use one of ${known}.`);

/**
 * torch.scatter_reduce: at each place the sum, product, mean, largest or smallest of what lands
 * there and (with `includeSelf`, the default) of what stands there. Ties of amax and amin share
 * the gradient; that of prod is right at zeros (for more than 32 indices along the axis, second
 * derivatives between two zeros on one place are taken as 0).
 * @throws ShapeError, IndexError, ValueError for an unknown reduction
 */
export function scatterReduce(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduce,
  { includeSelf = true }: { readonly includeSelf?: boolean } = {},
): Tensor {
  const on3 = folding("scatterReduce", reduce, includeSelf);
  return scattered("scatterReduce", x, axis, index, source, on3);
}

/** A reduction on [outer, n, inner]. @throws ValueError for an unknown one */
export function folding(op: string, reduce: ScatterReduce, includeSelf: boolean): On3 {
  if (reduce === "sum" || reduce === "mean") return summing(reduce, includeSelf);
  if (reduce === "prod" || reduce === "amax" || reduce === "amin") {
    return (x, index, source, trusted) => {
      const shape = source.shape;
      const places = expand(index, shape);
      return scatterFold3(x, places, source, { fold: reduce, includeSelf, trusted });
    };
  }
  throw unknownReduce(op, reduce, "sum, prod, mean, amax, amin");
}

const summing =
  (reduce: "sum" | "mean", includeSelf: boolean): On3 =>
  (x, index, source, trusted) => {
    const [, size] = x.shape as [number, number];
    const places = expand(index, source.shape);
    const sums = scatterAdd3(source, places, { size, trusted });
    if (includeSelf && reduce === "sum") return add(x, sums);
    const ones = expand(constantLike(1, x, "float32"), index.shape);
    const counts = scatterAdd3(ones, index, { size, trusted });
    const landed = gt(counts, 0);
    if (reduce === "sum") return where(landed, sums, x);
    const total = includeSelf ? add(x, sums) : where(landed, sums, x);
    return div(total, includeSelf ? add(counts, 1) : maximum(counts, 1));
  };

/**
 * torch.put: the elements of `source` written into the flattened x at the places that `index`
 * names (negative ones count from the end), or added there with `accumulate`. The last one wins.
 * @throws ShapeError unless there are as many elements as indices
 */
export function put(
  x: Tensor,
  index: Tensor,
  source: Tensor,
  { accumulate = false }: { readonly accumulate?: boolean } = {},
): Tensor {
  if (index.size !== source.size) {
    throw new ShapeError(
      `put: there must be as many elements as indices; got ${show(source.shape)} for indices ` +
        `${show(index.shape)}. Make both equally large.`,
    );
  }
  const places = fromEnd("put", reshape(index, [index.size]), x.size);
  const [flat, values] = [reshape(x, [x.size]), reshape(source, [source.size])];
  const out = accumulate
    ? scatterReduce(flat, 0, places, values, "sum")
    : scatter(flat, 0, places, values);
  return reshape(out, x.shape);
}
