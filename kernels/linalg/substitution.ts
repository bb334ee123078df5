import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import { arrays, type SmallMatrix, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * Triangular systems. A workgroup solves for a block of columns of one right side, which it keeps
 * in workgroup memory; as soon as a row is known, all others take it off at once.
 */

/** Rows times columns of a block: half of the workgroup memory. */
const BLOCK = 2048;
/** The largest system: one column then is a block. */
export const MOST_ROWS = BLOCK;

interface Pass {
  /** WGSL of an element of the triangle. */
  readonly at: (i: string, j: string) => string;
  readonly upper: boolean;
  /** The diagonal is 1 and is not read. */
  readonly unit: boolean;
}

interface Block {
  readonly small: SmallMatrix;
  readonly n: number;
  /** Columns of a block. */
  readonly width: number;
}

/** Solves with a triangle in place, from its first known row on. */
function passText({ at, upper, unit }: Pass, { small, n, width }: Block): string {
  const row = upper ? `${n - 1}u - s` : "s";
  const divide = spread(small, "c", `${width}u`, `x[i * ${width}u + c] /= ${at("i", "i")};`);
  return wgsl`
for (var s = 0u; s < ${n}u; s++) {
  let i = ${row};
  #if ${!unit}
  ${divide}
  ${small.sync} // row i is known
  #endif
  ${spread(
    small,
    "e",
    `(${n - 1}u - s) * ${width}u`,
    `let r = e / ${width}u${upper ? "" : " + s + 1u"};
let c = e % ${width}u;
x[r * ${width}u + c] -= ${at("r", "i")} * x[i * ${width}u + c];`,
  )}
  ${small.sync} // all other rows have taken it off
}`;
}

interface Text {
  readonly label: string;
  readonly passes: readonly Pass[];
  /** WGSL of the row of the right side that is read into row r, and of the row where r goes. */
  readonly from: (r: string) => string;
  readonly to: (r: string) => string;
  /** WGSL of one thread per matrix. */
  readonly check?: string;
}

function solveKernel(call: KernelCall, b: Operand, text: Text): KernelSource {
  const [count, n, columns] = b.shape as [number, number, number];
  const width = Math.max(1, Math.min(columns, 16, Math.floor(BLOCK / n)));
  const blocks = Math.ceil(columns / width);
  const small = smallMatrix(call, n * width);
  const grid = gridFor(count * blocks, call.target);
  const place = `let r = e / ${width}u;\nlet c = first + e % ${width}u;`;
  const passes = text.passes.map((pass) => passText(pass, { small, n, width }));
  return {
    label: `${text.label} ${n}x${columns} x${count}`,
    workgroupSize: [small.threads, 1, 1],
    workgroups: grid,
    globals: arrays(small, { x: ["f32", n * width] }),
    // The condition is the same for the whole workgroup, so barriers may stand inside.
    body: wgsl`
let block = ${linearWorkgroup(grid)};
if (block < ${count * blocks}u) {
let z = block / ${blocks}u;
let first = (block % ${blocks}u) * ${width}u;
${text.check ?? ""}
${spread(
  small,
  "e",
  `${n * width}u`,
  `${place}
x[e] = 0.0;
if (c < ${columns}u) { let row = ${text.from("r")}; x[e] = ${b.at(["z", "row", "c"])}; }`,
)}
${small.sync} // the right side is there
${passes.join("\n")}
${spread(
  small,
  "e",
  `${n * width}u`,
  `${place}
if (c < ${columns}u) { let row = ${text.to("r")}; ${call.outputs[0]!.store(["z", "row", "c"], "x[e]")} }`,
)}
}`,
  };
}

/** T X = B for a triangle T [z, n, n] and B [z, n, k]; what lies beyond the triangle is not read. */
export function triangularSolveKernel(call: KernelCall): KernelSource {
  const [t, b] = call.inputs as [Operand, Operand];
  const { upper, unit } = call.attrs as { upper: boolean; unit: boolean };
  const at = (i: string, j: string) => t.at(["z", i, j]);
  const same = (r: string) => r;
  return solveKernel(call, b, {
    label: "triangularSolve",
    passes: [{ at, upper, unit }],
    from: same,
    to: same,
  });
}

/**
 * A X = B, or Aᵀ X = B (`adjoint`), from the factors and the row order of A [z, n, n].
 * Inputs: A, which only the derivative needs; factors; order; B [z, n, k].
 */
export function luSolveKernel(call: KernelCall, singular: string): KernelSource {
  const [, factors, order, b] = call.inputs as [Operand, Operand, Operand, Operand];
  const n = factors.shape[1]!;
  const at = (i: string, j: string) => factors.at(["z", i, j]);
  const turned = (i: string, j: string) => at(j, i);
  const same = (r: string) => r;
  const ordered = (r: string) => `u32(${order.at(["z", r])})`;
  const check = wgsl`
if (lid.x == 0u && first == 0u) {
  for (var i = 0u; i < ${n}u; i++) {
    if (${at("i", "i")} == 0.0) { ${call.report(singular, "linalg")} }
  }
}`;
  const [low, high] = [false, true];
  if (call.attrs.adjoint === true) {
    return solveKernel(call, b, {
      label: "luSolve transposed",
      check,
      passes: [
        { at: turned, upper: low, unit: false },
        { at: turned, upper: high, unit: true },
      ],
      from: same,
      to: ordered,
    });
  }
  return solveKernel(call, b, {
    label: "luSolve",
    check,
    passes: [
      { at, upper: low, unit: true },
      { at, upper: high, unit: false },
    ],
    from: ordered,
    to: same,
  });
}
