import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";

/**
 * Decompositions of small matrices: one workgroup per matrix, which it keeps in workgroup memory.
 * On a software adapter a workgroup is one thread, for which the same text needs no barriers.
 */

/** Words of workgroup memory that every device has. */
export const WORKGROUP_WORDS = 4096;

/** Words from one row to the next: odd, so that a column lies in different banks. */
export const pitchOf = (columns: number): number => columns | 1;

/** Words of a matrix in workgroup memory. */
export const wordsOf = (rows: number, columns: number): number => rows * pitchOf(columns);

/** Words that a thread of every device may have for itself. */
const PRIVATE_WORDS = 2048;

export interface SmallMatrix {
  /** Threads of the workgroup that has the matrix. */
  readonly threads: number;
  /** WGSL of a barrier; nothing where one thread works alone. */
  readonly sync: string;
}

export function smallMatrix({ target }: KernelCall, parallel: number): SmallMatrix {
  if (target.software) return { threads: 1, sync: "" };
  let threads = 32;
  while (threads < Math.min(parallel, target.maxInvocations, 128)) threads *= 2;
  return { threads, sync: "workgroupBarrier();" };
}

/** The arrays that a workgroup works in: WGSL type and length by name. */
type Arrays = Readonly<Record<string, readonly ["f32" | "u32" | "vec2<f32>", number]>>;

/**
 * Declares arrays in workgroup memory. One thread alone keeps them to itself where it may, for
 * SwiftShader takes seconds to compile a large array in workgroup memory.
 */
export function arrays({ threads }: SmallMatrix, wanted: Arrays): string {
  const list = Object.entries(wanted);
  const words = list.reduce(
    (n, [, [type, count]]) => n + count * (type === "vec2<f32>" ? 2 : 1),
    0,
  );
  const space = threads === 1 && words <= PRIVATE_WORDS ? "private" : "workgroup";
  return list
    .map(([name, [type, count]]) => `var<${space}> ${name}: array<${type}, ${count}>;`)
    .join("\n");
}

/** WGSL that runs `body` once for each of `count` places, `name` being the place. */
export const spread = (
  { threads }: SmallMatrix,
  name: string,
  count: string,
  body: string,
  from = "0u",
): string =>
  `for (var ${name} = ${from} + lid.x; ${name} < ${count}; ${name} += ${threads}u) {\n${body}\n}`;

/** WGSL that copies matrix `z` of an operand to `name` in workgroup memory. */
export const load = (small: SmallMatrix, name: string, x: Operand): string => {
  const [, rows, columns] = x.shape as [number, number, number];
  return spread(
    small,
    "e",
    `${rows * columns}u`,
    wgsl`let r = e / ${columns}u;
let c = e % ${columns}u;
${name}[r * ${pitchOf(columns)}u + c] = ${x.at(["z", "r", "c"])};`,
  );
};

/** A kernel whose workgroup number `z` works on matrix `z` of `count`. */
export function perMatrix(
  call: KernelCall,
  { threads }: SmallMatrix,
  text: { readonly label: string; readonly count: number; globals: string; body: string },
): KernelSource {
  const grid = gridFor(text.count, call.target);
  return {
    label: `${text.label} x${text.count}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: text.globals,
    // The condition is the same for the whole workgroup, so barriers may stand inside.
    body: wgsl`
let z = ${linearWorkgroup(grid)};
if (z < ${text.count}u) {
${text.body}
}`,
  };
}
