import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import { type AttentionShape, problemCount } from "./attentionShape.ts";
import { directWalk, tiledWalk, tileGlobals, tileRows, type Walk } from "./walk.ts";
import type { Way } from "./ways.ts";

/**
 * Threads that own rows of one side (queries or keys) and walk over the other. A thread owns
 * `own.length` rows.
 */
export interface Part {
  readonly rows: number;
  /** What the names of each row's variables end in. */
  readonly own: readonly string[];
  /** Statements before the walk; `row_a`, … are in scope. */
  readonly before: string;
  readonly walk: Walk;
  /** Statements for one row after the walk. */
  readonly after: (suffix: string) => string;
}

interface Team {
  readonly part: Part;
  readonly groups: number;
  /** Statements that find the problem, the thread's first row and whether there is one. */
  readonly found: string;
  readonly walk: string;
}

/** Several threads to a row of problems: they lie side by side. */
function directTeam(part: Part, problems: number, before: number, size: number): Team {
  const each = Math.ceil(part.rows / part.own.length);
  const threads = problems * each;
  return {
    part,
    groups: Math.ceil(threads / size),
    found: `
let thread = (group - ${before}u) * ${size}u + lid.x;
let inside = thread < ${threads}u;
let problem = min(thread / ${each}u, ${problems - 1}u);
let first = (thread % ${each}u) * ${part.own.length}u;`,
    walk: directWalk(part.walk),
  };
}

/** Workgroups that each take a block of one problem's rows. */
function tiledTeam(
  part: Part,
  problems: number,
  before: number,
  tile: number,
  threads: number,
): Team {
  const own = part.own.length;
  const blocks = Math.ceil(part.rows / (threads * own));
  return {
    part,
    groups: blocks * problems,
    found: `
let problem = (group - ${before}u) / ${blocks}u;
let block_first = ((group - ${before}u) % ${blocks}u) * ${threads * own}u;
let first = block_first + lid.x * ${own}u;
let inside = first < ${part.rows}u;`,
    walk: tiledWalk(part.walk, tile, threads, own),
  };
}

const ownRows = ({ rows, own }: Part): string =>
  own.map((s, r) => `let row_${s} = min(first + ${r}u, ${rows - 1}u);`).join("\n");

const stored = ({ rows, own, after }: Part): string =>
  own
    .map((s, r) => `if (inside${r === 0 ? "" : ` && first + ${r}u < ${rows}u`}) {\n${after(s)}\n}`)
    .join("\n");

/** The products of a pair of rows: 2 forward, 5 backward, of which threads repeat 2. */
function flopsOf(shape: AttentionShape, parts: number): number {
  const { queries, keys, width, valueWidth } = shape;
  const pairs = problemCount(shape) * queries * keys;
  return 2 * pairs * (parts === 1 ? width + valueWidth : 4 * width + 3 * valueWidth);
}

/** `declared` finds the rows of the problem whose number is `problem`. */
export function launch(
  call: KernelCall,
  label: string,
  shape: AttentionShape,
  { tiled, threads }: Way,
  declared: string,
  parts: readonly Part[],
): KernelSource {
  const problems = problemCount(shape);
  const kept = parts.some((p) => p.walk.kept !== undefined);
  const tile = tileRows(call, shape.width, shape.valueWidth, kept);
  let groups = 0;
  const texts = parts.map((part) => {
    const team = tiled
      ? tiledTeam(part, problems, groups, tile, threads)
      : directTeam(part, problems, groups, threads);
    groups += team.groups;
    const text = [team.found, declared, ownRows(part), part.before, team.walk, stored(part)];
    return `if (group < ${groups}u) {\n${text.join("\n")}\n}`;
  });
  const workgroups = gridFor(groups, call.target);
  return {
    label: `${label} ${shape.queries}x${shape.keys}x${shape.width}${tiled ? " tiled" : ""}`,
    workgroupSize: [threads, 1, 1],
    workgroups,
    flops: flopsOf(shape, parts.length),
    globals: tiled ? tileGlobals(tile, shape.width, shape.valueWidth, kept) : "",
    // A whole workgroup takes one branch, or none, so barriers may stand inside.
    body: `let group = ${linearWorkgroup(workgroups)};\n${texts.join(" else ")}`,
  };
}
