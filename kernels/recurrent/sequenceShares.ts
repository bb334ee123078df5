import type { Target, Variant } from "../../src/core/ir.ts";
import { readersOf, sizeClass } from "../kernel.ts";
import type { CellName } from "./cellTexts.ts";
import type { SequenceSizes } from "./sequenceLayout.ts";

/** How the products of a step, a row's vector times the weights, are shared out. */
export interface Share extends Variant {
  /** Rows of the batch for each workgroup: every weight that a thread reads serves all of them. */
  readonly rows: number;
  /** Units that a thread takes at a time. */
  readonly width: number;
  /** Threads that share the terms of one sum. */
  readonly splits: number;
  readonly threads: number;
  /** The weights stay in registers for all steps. */
  readonly held: boolean;
  /** Threads of a subgroup that read the vector together; 1 where each thread reads all of it. */
  readonly passed: number;
  /**
   * What items keep and add up stands in workgroup memory, where there is room. Else in private
   * arrays, whose running indices a software adapter turns into comparisons: slow to compile.
   */
  readonly shared: boolean;
}

/** Numbers that the workgroup memory must hold, and those that it holds if there is room. */
interface Needs {
  readonly least: number;
  readonly more: number;
}

interface Wish {
  readonly rows: number;
  readonly width: number;
  readonly splits: number;
  readonly held?: boolean;
}

/** Products that a step must have before a text that is slow to compile is worth it. */
const LARGE = 1 << 20;

/** What decides about variants. */
export interface ShareProblem extends SequenceSizes {
  readonly kernel: "sequence" | "sequenceBackward";
  readonly name: CellName;
  readonly gates: number;
  /** Four neighbours of a row of the weights can be read at once. */
  readonly wide: boolean;
}

/** The way to share out the forward walk. */
export function forwardShare(problem: ShareProblem, target: Target): Share {
  const { gates, units, wide } = problem;
  const rows = mostRows(problem, target, 3 + (gates === 1 ? 1 : 4));
  const few = Math.min(rows, 4);
  const wishes = target.software
    ? largerFirst(problem, { rows, width: 2, splits: 1 }, { rows, width: 1, splits: 1 }).concat(
        { rows: few, width: 1, splits: 1 },
        { rows: few, width: 4, splits: 1 },
      )
    : // Neighbouring threads read a row of the weights side by side, four numbers each.
      [
        { rows, width: 1, splits: 4, held: true },
        { rows, width: 1, splits: 4 },
        { rows, width: 1, splits: 8 },
        { rows: 1, width: 1, splits: 8 },
        { rows, width: 1, splits: 1 },
      ];
  return choose(problem, target, wishes, (wish, threads) => {
    const { rows, width, splits } = wish;
    const perThread = (gates * units * units) / 4 / threads;
    if (splits > 1 && !(wide && (units / 4) % splits === 0)) return null;
    if (wish.held && !(threads / splits >= units && perThread <= 16)) return null;
    const sums = rows * width * threads * (gates === 1 ? 1 : 4);
    const least = 2 * rows * units + (splits > 1 ? sums : 0);
    return { least, more: rows * units + (splits > 1 ? 0 : sums) };
  });
}

/** The way to share out the walk back. */
export function backwardShare(problem: ShareProblem, target: Target): Share {
  const { gates, units, wide } = problem;
  const rows = mostRows(problem, target, gates + 2);
  const few = Math.min(rows, 4);
  const wishes = target.software
    ? largerFirst(
        problem,
        { rows, width: 8, splits: gates },
        { rows, width: 4, splits: gates },
      ).concat({ rows: few, width: 4, splits: 1 }, { rows, width: 1, splits: 1 })
    : [
        { rows, width: 1, splits: gates },
        { rows, width: 1, splits: 1 },
        { rows: 1, width: 1, splits: gates },
        { rows, width: 4, splits: gates },
      ];
  return choose(problem, target, wishes, ({ rows, width }) =>
    width > 1 && !wide ? null : { least: rows * gates * units, more: 2 * rows * units },
  );
}

/**
 * A software adapter has few cores; a GPU has hundreds, and each wants a workgroup first.
 * @param perUnit numbers in workgroup memory for a unit of a row
 */
function mostRows({ batch, units }: ShareProblem, target: Target, perUnit: number): number {
  const room = Math.floor(target.maxWorkgroupBytes / (4 * perUnit * units));
  const wanted = target.software ? Math.min(8, batch / 4) : Math.min(4, batch / 128);
  return Math.max(1, Math.min(room, Math.floor(wanted)));
}

/** Wide tiles run faster, narrow ones compile faster: work decides which comes first. */
const largerFirst = (
  { gates, units, batch, steps }: ShareProblem,
  large: Wish,
  small: Wish,
): Wish[] => (gates * units * units * batch * steps > LARGE * 16 ? [large, small] : [small, large]);

/** @param needs null where a wish is no way at all */
function choose(
  problem: ShareProblem,
  target: Target,
  wishes: readonly Wish[],
  needs: (wish: Wish, threads: number) => Needs | null,
): Share {
  const { kernel, name, units, batch } = problem;
  const shares = new Map<string, Share>();
  // The last needs the least memory: every size that is fused has it.
  for (const wish of [...wishes, { rows: 1, width: 1, splits: 1 }]) {
    const { rows, width, splits, held = false } = wish;
    if (units % width !== 0) continue;
    const threads = threadsFor(units / width, splits, target);
    const found = needs(wish, threads);
    const room = target.maxWorkgroupBytes / 4;
    if (found === null || found.least > room) continue;
    const shared = found.least + found.more <= room;
    const passed = passedOn(units / width, threads / splits, target);
    const ways = `${held ? " held" : ""}${passed > 1 ? " by subgroups" : ""}`;
    const label = `${rows}x${width}${splits > 1 ? ` in ${splits}` : ""}${ways}`;
    if (!shares.has(label))
      shares.set(label, { name: label, ...wish, threads, held, passed, shared });
  }
  const shapes = `${kernel} ${name} ${sizeClass(batch)}x${sizeClass(units)}`;
  return target.choose(shapes, [...shares.values()]);
}

/** Threads of a subgroup read together where all of them have the same to do. */
function passedOn(blocks: number, lanes: number, target: Target): number {
  const readers = readersOf(target);
  return blocks % lanes === 0 && lanes % readers === 0 ? readers : 1;
}

function threadsFor(blocks: number, splits: number, target: Target): number {
  const most = Math.min(target.software ? 128 : 256, target.maxInvocations);
  const lanes = target.software ? blocks : Math.ceil(blocks / 32) * 32;
  return Math.max(1, Math.min(lanes, Math.floor(most / splits))) * splits;
}
