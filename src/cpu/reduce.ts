import { type TypedArray, toDType } from "../core/dtype.ts";
import type { ProgramNode, Reduction, Spec } from "../core/ir.ts";
import { sizeOf, stridesOf } from "../core/shape.ts";
import { elementOf } from "./javascript.ts";
import { createArray, type Precision } from "./storage.ts";
import type { Evaluate } from "./views.ts";
import { copyAlong, planWalk } from "./walk.ts";

type Combine = (a: number, b: number) => number;

/** Below this many elements a sum runs straight on; above it is split in halves. */
const BLOCK = 64;

/**
 * out[o] = combine over r of in[o, r]. Partial results are JavaScript numbers, so a float32 sum
 * is rounded once, at the end; halving keeps long float64 sums accurate as well.
 */
export function prepareReduction(
  node: ProgramNode,
  forward: Reduction,
  input: Spec,
  precision: Precision,
): Evaluate {
  const from = input.shape;
  const axes = node.attrs.axes as readonly number[];
  const kept = from.map((_, d) => d).filter((d) => !axes.includes(d));
  const order = [...kept, ...[...axes].sort((a, b) => a - b)];
  const rows = toRows(input, order, precision);
  const length = sizeOf(axes.map((d) => from[d]!));
  const identity = forward.identity(node.dtype);
  const combine = combineOf(node, forward);
  return (data) => {
    const source = rows(data!);
    const out = createArray(sizeOf(node.shape), node.dtype, precision);
    for (let o = 0; o < out.length; o++) {
      out[o] = toDType(tree(source, o * length, length, combine, identity), node.dtype);
    }
    return out;
  };
}

/** Integers wrap at every step, as they do on a device; otherwise a long product loses bits. */
function combineOf(node: ProgramNode, forward: Reduction): Combine {
  const f = elementOf(node.op, forward)(node.dtype);
  return node.dtype === "float32" ? f : (a, b) => toDType(f(a, b), node.dtype);
}

function tree(
  data: TypedArray,
  start: number,
  length: number,
  combine: Combine,
  identity: number,
): number {
  if (length > BLOCK) {
    const half = Math.ceil(length / 2);
    const left = tree(data, start, half, combine, identity);
    return combine(left, tree(data, start + half, length - half, combine, identity));
  }
  let sum = identity;
  for (let i = start; i < start + length; i++) sum = combine(sum, data[i]!);
  return sum;
}

/** Puts the axes in this order, the reduced ones last; no copy when they are there already. */
function toRows(
  { shape: from, dtype }: Spec,
  axes: readonly number[],
  precision: Precision,
): (data: TypedArray) => TypedArray {
  const order = axes.filter((d) => from[d] !== 1);
  if (order.every((d, i) => i === 0 || order[i - 1]! < d)) return (data) => data;
  const own = stridesOf(from);
  const shape = order.map((d) => from[d]!);
  const walk = planWalk(shape, [stridesOf(shape), order.map((d) => own[d]!)]);
  return (data) => {
    const rows = createArray(data.length, dtype, precision);
    copyAlong(walk, rows, 0, data, 0);
    return rows;
  };
}
