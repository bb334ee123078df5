import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { gt, where } from "../elementwise/compare.ts";
import { sigmoid, tanh } from "../elementwise/elementwise.ts";
import { relu } from "../elementwise/extrema.ts";
import { linear } from "../linalg/products.ts";
import { cat, select, stack, unsqueeze } from "../movement/join.ts";
import { chunk } from "../movement/split.ts";
import { constantLike } from "../rules.ts";

/** Recurrent sequences from plain ops, step by step: what the kernels are held against. */

/** What a sequence has beside its first state. */
export interface Walk {
  /** [T, N, gates·H], or [N, T, gates·H]: what the steps get from the input. */
  readonly x: Tensor;
  readonly reverse: boolean;
  /** Sequences are [N, T, …], not [T, N, …]. */
  readonly batchFirst: boolean;
  /** int32 [N], or null. */
  readonly lengths: Tensor | null;
}

/** Calls `step` in the order of the walk; results stand in order of time. */
function walk<R>({ x, reverse, batchFirst }: Walk, step: (x: Tensor, t: number) => R): R[] {
  const time = axisOf(batchFirst);
  const steps = x.shape[time]!;
  const found = new Array<R>(steps);
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    found[t] = step(select(x, time, t), t);
  }
  return found;
}

/** The axis of time. */
const axisOf = (batchFirst: boolean): number => (batchFirst ? 1 : 0);

/** The new state, or the one before where the example has ended. */
function kept(fresh: Tensor, before: Tensor, t: number, { lengths }: Walk): Tensor {
  if (lengths === null) return fresh;
  return where(unsqueeze(gt(lengths, constantLike(t, lengths)), 1), fresh, before);
}

/** What a walk gives: every state, and what a derivative needs of every step, [T, N, …]. */
export interface Steps {
  readonly states: Tensor;
  readonly saved: Tensor;
}

/** Saved: i, f, g, o, the cell before and the state before. */
export function lstmSteps(
  given: Walk,
  h0: Tensor,
  c0: Tensor,
  weightHh: Tensor,
  weightHr: Tensor | null = null,
): Steps & { readonly cells: Tensor } {
  let [h, c] = [h0, c0];
  const found = walk(given, (x, t) => {
    const [before, cellBefore] = [h, c];
    const [zi, zf, zg, zo] = chunk(add(x, linear(h, weightHh)), 4, -1) as Four;
    const [i, f, g, o] = [sigmoid(zi), sigmoid(zf), tanh(zg), sigmoid(zo)];
    const cell = add(mul(f, c), mul(i, g));
    const out = mul(o, tanh(cell));
    h = kept(weightHr === null ? out : linear(out, weightHr), before, t, given);
    c = kept(cell, cellBefore, t, given);
    return { h, c, saved: [i, f, g, o, cellBefore, before] };
  });
  const cells = stack(
    found.map((s) => s.c),
    axisOf(given.batchFirst),
  );
  return { ...joined(found, given), cells };
}

/** Saved: r, z, n, U_n h + b_n and the state before. The bias b is given at every step. */
export function gruSteps(given: Walk, h0: Tensor, weightHh: Tensor, bias: Tensor | null): Steps {
  let h = h0;
  const found = walk(given, (x, t) => {
    const before = h;
    const part = linear(h, weightHh);
    const [xr, xz, xn] = chunk(x, 3, -1) as Three;
    const all = bias === null ? part : add(part, select(bias, axisOf(given.batchFirst), t));
    const [hr, hz, hn] = chunk(all, 3, -1) as Three;
    const [r, z] = [sigmoid(add(xr, hr)), sigmoid(add(xz, hz))];
    const n = tanh(add(xn, mul(r, hn)));
    // n + z·(h - n), which is (1 - z)·n + z·h.
    h = kept(add(n, mul(z, sub(h, n))), before, t, given);
    return { h, saved: [r, z, n, hn, before] };
  });
  return joined(found, given);
}

/** Saved: the new state (also where it is not kept) and the state before. */
export function rnnSteps(given: Walk, h0: Tensor, weightHh: Tensor, rectified: boolean): Steps {
  let h = h0;
  const found = walk(given, (x, t) => {
    const before = h;
    const sum = add(x, linear(h, weightHh));
    const fresh = rectified ? relu(sum) : tanh(sum);
    h = kept(fresh, before, t, given);
    return { h, saved: [fresh, before] };
  });
  return joined(found, given);
}

type Three = [Tensor, Tensor, Tensor];
type Four = [...Three, Tensor];

function joined(
  found: readonly { readonly h: Tensor; readonly saved: Tensor[] }[],
  { batchFirst }: Walk,
): Steps {
  const inTime = (parts: Tensor[]) => stack(parts, axisOf(batchFirst));
  return {
    states: inTime(found.map((s) => s.h)),
    get saved() {
      return inTime(found.map((s) => cat(s.saved, -1)));
    },
  };
}
