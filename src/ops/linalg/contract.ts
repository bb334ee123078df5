import { isFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { matmul } from "./matmul.ts";

/** A tensor with a name for each axis; no name stands twice. */
export interface Labelled {
  readonly x: Tensor;
  readonly axes: readonly string[];
}

/** Σ over the axes that `keep` does not name. */
export function sumOut({ x, axes }: Labelled, keep: ReadonlySet<string>): Labelled {
  const gone = axes.flatMap((name, d) => (keep.has(name) ? [] : [d]));
  if (gone.length === 0) return { x, axes };
  return { x: sum(x, gone), axes: axes.filter((name) => keep.has(name)) };
}

/** The axes in another order. */
export const ordered = ({ x, axes }: Labelled, order: readonly string[]): Tensor =>
  permute(
    x,
    order.map((name) => axes.indexOf(name)),
  );

const sizesOf = ({ x, axes }: Labelled): [string, number][] =>
  axes.map((name, d) => [name, x.shape[d]!]);

/** Repeats axes of size 1 to the size that the other operand has there. */
function fitted(op: string, part: Labelled, other: Labelled): Labelled {
  const sizes = new Map(sizesOf(other));
  const shape = part.axes.map((name, d) => {
    const [n, m] = [part.x.shape[d]!, sizes.get(name) ?? 1];
    if (n !== m && n !== 1 && m !== 1) throw unequal(op, part.x.shape, other.x.shape, n, m);
    return n === 1 ? m : n;
  });
  return { x: expand(part.x, shape), axes: part.axes };
}

const unequal = (op: string, a: Shape, b: Shape, n: number, m: number) =>
  new ShapeError(
    `${op}: axes that are multiplied have sizes ${n} and ${m}; got ${show(a)} and ${show(b)}. ` +
      "Make them equal, or make one of them 1.",
  );

/**
 * Products of two tensors over the axes that both have, summed over all axes that `keep` does not
 * name: one batched matrix product, or an element-wise one where no axis is summed.
 */
export function contract(
  op: string,
  first: Labelled,
  second: Labelled,
  keep: ReadonlySet<string>,
): Labelled {
  const own = (p: Labelled, q: Labelled) =>
    sumOut(p, new Set([...keep, ...q.axes.filter((name) => p.axes.includes(name))]));
  const [p, q] = [own(first, second), own(second, first)];
  const [a, b] = [fitted(op, p, q), fitted(op, q, p)];
  const shared = a.axes.filter((name) => b.axes.includes(name));
  const batch = shared.filter((name) => keep.has(name));
  const inner = shared.filter((name) => !keep.has(name));
  const rows = a.axes.filter((name) => !b.axes.includes(name));
  const columns = b.axes.filter((name) => !a.axes.includes(name));
  const axes = [...batch, ...rows, ...columns];
  const multiplies = inner.length > 0 && isFloat(a.x.dtype) && isFloat(b.x.dtype);
  if (!multiplies) return byElements(a, b, axes, inner);
  const size = new Map([...sizesOf(a), ...sizesOf(b)]);
  const count = (names: readonly string[]) => sizeOf(names.map((name) => size.get(name)!));
  const lead = batch.length === 0 ? [] : [count(batch)];
  const left = reshape(ordered(a, [...batch, ...rows, ...inner]), [
    ...lead,
    count(rows),
    count(inner),
  ]);
  const right = reshape(ordered(b, [...batch, ...inner, ...columns]), [
    ...lead,
    count(inner),
    count(columns),
  ]);
  return {
    x: reshape(
      matmul(left, right),
      axes.map((name) => size.get(name)!),
    ),
    axes,
  };
}

/** The product of all pairs by broadcasting, and its sum. */
function byElements(a: Labelled, b: Labelled, axes: readonly string[], inner: readonly string[]) {
  const all = [...axes, ...inner];
  const spread = (p: Labelled): Tensor => {
    const present = all.filter((name) => p.axes.includes(name));
    const moved = ordered(p, present);
    let d = 0;
    return reshape(
      moved,
      all.map((name) => (p.axes.includes(name) ? moved.shape[d++]! : 1)),
    );
  };
  const product = mul(spread(a), spread(b));
  const last = inner.map((_, i) => axes.length + i);
  return { x: last.length === 0 ? product : sum(product, last), axes };
}
