import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { eq, ge, gt, le, logicalAnd, lt, ne, where } from "../elementwise/compare.ts";
import { clamp, clampMin } from "../elementwise/extrema.ts";
import { logAddExp } from "../elementwise/logarithms.ts";
import { gather } from "../indexing/indexing.ts";
import { cat, stack } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { withRange } from "../range.ts";
import { constantLike } from "../rules.ts";

/** The logarithm of 0: finite, so that no derivative of it is NaN. */
const NONE = -1e30;

/** Labels [N, S] with `blank` between them and at both ends, [N, 2S + 1]. */
export function statesOf(labels: Tensor, blank: number): Tensor {
  const [examples, count] = labels.shape as [number, number];
  const filler = (width: number) => expand(constantLike(blank, labels), [examples, width]);
  const pairs = reshape(stack([filler(count), labels], 2), [examples, 2 * count]);
  return cat([pairs, filler(1)], 1);
}

/** Each state's neighbour `by` places before it. */
function shifted(x: Tensor, by: number, filler: number): Tensor {
  const [examples, states] = x.shape as [number, number];
  const front = expand(constantLike(filler, x), [examples, by]);
  return cat([front, narrow(x, 1, 0, states - by)], 1);
}

/**
 * -ln of the probability of all paths through a lattice, step by step; see kernels/rows/ctc.ts.
 * @param emissions [T, N, 2S + 1]  @param labels [N, S]  @param lengths [2, N]  @returns [N]
 */
export function ctcComposed([emissions, labels, lengths]: readonly Tensor[]): Tensor {
  const [steps] = emissions!.shape as [number];
  const x = clampMin(emissions!, NONE);
  const row = (t: number) => reshape(narrow(x, 0, t, 1), x.shape.slice(1));
  const length = (which: number) => reshape(narrow(lengths!, 0, which, 1), [-1, 1]);
  const last = mul(length(1), 2);
  const place = indexAlong(row(0), 1);
  const alive = le(place, last);
  const states = statesOf(labels!, -1);
  const skips = logicalAnd(ge(states, 0), ne(states, shifted(states, 2, -1)));
  const jumps = logicalAnd(skips, gt(place, 2));
  let alpha = where(logicalAnd(alive, lt(place, 2)), row(0), NONE);
  for (let t = 1; t < steps; t++) {
    const near = logAddExp(alpha, shifted(alpha, 1, NONE));
    const reached = logAddExp(near, where(jumps, shifted(alpha, 2, NONE), NONE));
    const moved = where(alive, add(reached, row(t)), NONE);
    alpha = where(gt(length(0), t), moved, alpha);
  }
  const bound = x.shape[2]! - 1;
  const at = (place: Tensor) => gather(alpha, 1, withRange(clamp(place, 0, bound), [0, bound]));
  const final = at(last);
  const other = where(gt(last, 0), at(sub(last, 1)), NONE);
  const loss = neg(logAddExp(final, other));
  const started = where(eq(length(0), 0), where(eq(last, 0), 0, -NONE), loss);
  return reshape(where(gt(started, -NONE / 10), Infinity, started), [-1]);
}
