import type { KernelCall, Operand } from "../../src/core/ir.ts";
import type { ConvShape } from "./convShape.ts";

/** Longest kernel along the last axis that one thread takes whole. */
const LONGEST = 7;
/** Sums that a thread keeps. */
const MOST_SUMS = 96;
/** Products that are written out: drivers take long over more. */
const MOST_PRODUCTS = 512;

/** What one thread of a weight's gradient makes, and how the work is dealt to workgroups. */
export interface WeightGradTile {
  /** Channels of a group, of g and of x. */
  readonly rows: number;
  readonly columns: number;
  /** Channels of g and of x, and taps of the last axis, whose products a thread sums. */
  readonly tm: number;
  readonly tc: number;
  readonly tk: number;
  /** Neighbouring places that it takes in one turn of its loop. */
  readonly places: number;
  /** Channels of g in one vector. */
  readonly vector: number;
  readonly threads: number;
  readonly workgroups: readonly [number, number, number];
}

export function weightGradTile(call: KernelCall): WeightGradTile {
  const { groups, kernel, output } = call.attrs as unknown as ConvShape;
  const [x, g] = call.inputs as [Operand, Operand];
  const [rows, columns] = [g.shape[1]! / groups, x.shape[1]! / groups];
  const taps = kernel.at(-1)!;
  const tk = taps <= LONGEST ? taps : 4;
  const tm = rows >= 8 ? 8 : rows >= 3 ? 4 : rows;
  const most = [8, 4, 2, 1].find((n) => n * tm * tk <= MOST_SUMS)!;
  const tc = Math.min(most, columns);
  const fits = (n: number) => output.at(-1)! % n === 0 && n * tm * tc * tk <= MOST_PRODUCTS;
  const outer = kernel.slice(0, -1).reduce((a, b) => a * b, 1);
  const workgroups = [
    Math.ceil(rows / tm),
    Math.ceil(columns / tc),
    groups * outer * Math.ceil(taps / tk),
  ] as const;
  return {
    ...{ rows, columns, tm, tc, tk, workgroups },
    places: [4, 5, 6, 7, 3, 2].find(fits) ?? 4,
    vector: Math.min(tm, 4),
    // Few workgroups have the more threads.
    threads: workgroups.reduce((a, b) => a * b, 1) >= 32 ? 4 : 16,
  };
}
