import type { KernelCall, Operand, Variant } from "../../src/core/ir.ts";
import { readersOf } from "../kernel.ts";
import type { ConvShape } from "./convShape.ts";

/** Longest kernel along the last axis that one thread takes whole. */
const LONGEST = 7;
/** Sums that a thread keeps. */
const MOST_SUMS = 96;
/** Of the channels that the threads of a subgroup take, so many have to exist. */
const MOSTLY = 2 / 3;

/** What one thread of a weight's gradient makes, and how the work is dealt to workgroups. */
export interface WeightGradTile extends Variant {
  readonly groups: number;
  /** Channels of a group, of g and of x. */
  readonly rows: number;
  readonly columns: number;
  /** Channels of g and of x, and taps of the last axis, whose products a thread sums. */
  readonly tm: number;
  readonly tc: number;
  readonly tk: number;
  /** Neighbouring places that it takes in one turn of its loop. */
  readonly places: number;
  readonly threads: number;
  /**
   * The threads are a subgroup, and take different channels of x: each reads some channels of g,
   * and passes them on. Else they take the same channels, and deal the places among them.
   */
  readonly shared: boolean;
  readonly workgroups: readonly [number, number, number];
}

/**
 * Tiles of several sizes for software adapters. GPUs get one with many threads to a workgroup,
 * whose pieces of rows are neighbours.
 */
export function weightGradTiles(call: KernelCall): WeightGradTile[] {
  const { output } = call.attrs as unknown as ConvShape;
  const dividing = (all: number[]) => all.find((n) => output.at(-1)! % n === 0) ?? 4;
  if (!call.target.software) return [tileOf(call, 4, 4, dividing([4, 3, 2]), 64)];
  // Long pieces save loads, but are long texts: what fits a driver's registers comes first.
  const wide = dividing([4, 7, 5, 6, 3, 2]);
  const narrow = dividing([4, 2, 3, 5, 7]);
  const sizes = [
    [8, 8, narrow],
    [8, 8, wide],
    [4, 8, narrow],
  ] as const;
  const tiles = [
    ...subgroupTiles(call, wide),
    ...sizes.map(([rows, columns, places]) => tileOf(call, rows, columns, places, 0)),
  ];
  return tiles.filter(({ name }, i) => tiles.findIndex((t) => t.name === name) === i);
}

/** Workgroups that keep the cores of a software adapter busy. */
const BUSY = 8;

/** Tiles of subgroups whose threads mostly find a channel of x each. */
function subgroupTiles(call: KernelCall, places: number): WeightGradTile[] {
  const readers = readersOf(call.target);
  if (readers === 1) return [];
  return [2, 1].flatMap((each) => {
    const tile = tileOf(call, 8, each, places, readers);
    const { columns, tc, workgroups } = tile;
    const across = Math.ceil(columns / (tc * readers));
    const [down, , rest] = workgroups;
    const isFull = columns >= across * tc * readers * MOSTLY && down * across * rest >= BUSY;
    if (!isFull || tc < each) return [];
    const name = `row ${tile.tm}x${tc * readers} by ${places} by a subgroup`;
    return { ...tile, name, shared: true, workgroups: [down, across, rest] as const };
  });
}

/** Up to so many channels of g and of x; with 0 threads as many as there is work for. */
function tileOf(
  call: KernelCall,
  mostRows: number,
  mostColumns: number,
  places: number,
  threads: number,
): WeightGradTile {
  const { groups, kernel } = call.attrs as unknown as ConvShape;
  const [x, g] = call.inputs as [Operand, Operand];
  const [rows, columns] = [g.shape[1]! / groups, x.shape[1]! / groups];
  const taps = kernel.at(-1)!;
  // The sums of many threads have to fit into workgroup memory: 64 x (4 x 4 x 3 + 4) do.
  const tk = threads > 0 ? Math.min(taps, 3) : taps <= LONGEST ? taps : 4;
  const tm = Math.min(rows >= 8 ? 8 : rows >= 3 ? 4 : rows, mostRows);
  const most = [8, 4, 2, 1].find((n) => n * tm * tk <= MOST_SUMS)!;
  const tc = Math.min(most, columns, mostColumns);
  const outer = kernel.slice(0, -1).reduce((a, b) => a * b, 1);
  const workgroups = [
    Math.ceil(rows / tm),
    Math.ceil(columns / tc),
    groups * outer * Math.ceil(taps / tk),
  ] as const;
  // Few workgroups have the more threads.
  const fitting = workgroups.reduce((a, b) => a * b, 1) >= 32 ? 8 : 16;
  return {
    name: `row ${tm}x${tc} by ${places}`,
    ...{ groups, rows, columns, tm, tc, tk, workgroups, places, shared: false },
    threads: threads || fitting,
  };
}
