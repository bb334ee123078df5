import type { KernelCall, KernelSource, Variant } from "../../src/core/ir.ts";
import { gridFor, linearIndex, sizeClass } from "../kernel.ts";

/** How many neighbours along the last axis a thread makes. */
interface Run extends Variant {
  readonly count: number;
}

/** Threads of a workgroup. */
const THREADS = 64;
/** Longest run of a thread. */
const LONGEST = 8;

/**
 * One by one, neighbouring threads load and store neighbours, as a GPU wants it. Several in one
 * thread share the division of its number into indices, which is dear on software adapters.
 */
function runOf({ target }: KernelCall, label: string, shape: readonly number[]): Run {
  const size = shape.at(-1)!;
  const pieces = Math.ceil(size / LONGEST);
  const one = { name: "one by one", count: 1 };
  const several = { name: "runs", count: Math.ceil(size / pieces) };
  if (several.count === 1) return one;
  const variants = target.software ? [several, one] : [one, several];
  const elements = sizeClass(shape.reduce((a, b) => a * b, 1));
  return target.choose(`${label} ${elements} of ${sizeClass(size)}`, variants);
}

/** Threads over all elements of `shape`; `body` is for one, with its indices row, p0, p1 and p2. */
export function perElement(
  call: KernelCall,
  label: string,
  shape: readonly number[],
  body: string,
): KernelSource {
  const [rows, a, b, c] = shape as readonly [number, number, number, number];
  const { count } = runOf(call, label, shape);
  const pieces = Math.ceil(c / Math.max(count, 1));
  const size = rows * a * b * pieces;
  const grid = gridFor(Math.ceil(size / THREADS), call.target);
  const loop =
    count === 1
      ? `let p2 = piece;\n${body}`
      : `let end = min((piece + 1u) * ${count}u, ${c}u);
for (var p2 = piece * ${count}u; p2 < end; p2++) {\n${body}\n}`;
  return {
    label: `${label} ${shape.join("x")}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    body: `
let at = ${linearIndex(grid, THREADS)};
if (at >= ${size}u) { return; }
let line = at / ${pieces}u;
let piece = at - line * ${pieces}u;
let plane = line / ${b}u;
let p1 = line - plane * ${b}u;
let row = plane / ${a}u;
let p0 = plane - row * ${a}u;
${loop}`,
  };
}
