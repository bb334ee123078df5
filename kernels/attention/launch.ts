import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import { type AttentionShape, problemCount } from "./attentionShape.ts";
import { directWalk, tiledWalk, tileGlobals, tileRows, type Walk } from "./walk.ts";

/**
 * Threads that own rows of one side (queries or keys) and walk over the other. A thread owns
 * `own.length` rows on a software adapter, which so saves loads, and one on a GPU.
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

/** Threads of a workgroup on a software adapter. */
const THREADS = 64;

interface Team {
  readonly part: Part;
  readonly groups: number;
  /** Statements that find the problem, the thread's first row and whether there is one. */
  readonly found: string;
  readonly walk: string;
}

/** Several threads to a row of problems: they lie side by side. */
function directTeam(part: Part, problems: number, before: number): Team {
  const each = Math.ceil(part.rows / part.own.length);
  const threads = problems * each;
  return {
    part,
    groups: Math.ceil(threads / THREADS),
    found: `
let thread = (group - ${before}u) * ${THREADS}u + lid.x;
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
  const blocks = Math.ceil(part.rows / threads);
  return {
    part,
    groups: blocks * problems,
    found: `
let problem = (group - ${before}u) / ${blocks}u;
let block_first = ((group - ${before}u) % ${blocks}u) * ${threads}u;
let first = block_first + lid.x;
let inside = first < ${part.rows}u;`,
    walk: tiledWalk(part.walk, tile, threads),
  };
}

const groupSize = (rows: number): number => (rows <= 32 ? 32 : 64);

const ownRows = ({ rows, own }: Part): string =>
  own.map((s, r) => `let row_${s} = min(first + ${r}u, ${rows - 1}u);`).join("\n");

const stored = ({ rows, own, after }: Part): string =>
  own
    .map((s, r) => `if (inside${r === 0 ? "" : ` && first + ${r}u < ${rows}u`}) {\n${after(s)}\n}`)
    .join("\n");

/** `declared` finds the rows of the problem whose number is `problem`. */
export function launch(
  call: KernelCall,
  label: string,
  shape: AttentionShape,
  declared: string,
  parts: readonly Part[],
): KernelSource {
  const { software } = call.target;
  const problems = problemCount(shape);
  const kept = parts.some((p) => p.walk.kept !== undefined);
  const tile = tileRows(call, shape.width, shape.valueWidth, kept);
  const threads = software ? THREADS : groupSize(Math.max(...parts.map((p) => p.rows)));
  let groups = 0;
  const texts = parts.map((part) => {
    const team = software
      ? directTeam(part, problems, groups)
      : tiledTeam(part, problems, groups, tile, threads);
    groups += team.groups;
    const text = [team.found, declared, ownRows(part), part.before, team.walk, stored(part)];
    return `if (group < ${groups}u) {\n${text.join("\n")}\n}`;
  });
  const workgroups = gridFor(groups, call.target);
  return {
    label: `${label} ${shape.queries}x${shape.keys}x${shape.width}${software ? "" : " tiled"}`,
    workgroupSize: [threads, 1, 1],
    workgroups,
    globals: software ? "" : tileGlobals(tile, shape.width, shape.valueWidth, kept),
    // A whole workgroup takes one branch, or none, so barriers may stand inside.
    body: `let group = ${linearWorkgroup(workgroups)};\n${texts.join(" else ")}`,
  };
}
