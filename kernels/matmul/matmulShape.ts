import type { KernelCall, MatmulShape, Operand, Target } from "../../src/core/ir.ts";
import { range, unravel } from "../indexText.ts";

export const productsOf = ({ batch }: MatmulShape): number => batch.reduce((x, y) => x * y, 1);

/**
 * Workgroups along y and z: a batch that is longer than one dimension may be goes on along y.
 * @returns WGSL of the indices in the batch and of the row of blocks, and of what ends spare ones
 */
export function batchGrid(shape: MatmulShape, rows: number, target: Target) {
  const count = productsOf(shape);
  const layers = Math.max(1, Math.ceil(count / target.maxWorkgroupsPerDimension));
  const depth = Math.ceil(count / layers);
  const workgroups = [rows * layers, depth] as const;
  const z = layers === 1 ? "wid.z" : `(wid.y / ${rows}u * ${depth}u + wid.z)`;
  const guard = layers === 1 ? "" : `if (${z} >= ${count}u) { return; }`;
  const y = layers === 1 ? "wid.y" : `(wid.y % ${rows}u)`;
  return { width: null, workgroups, batch: unravel(z, shape.batch), y, guard };
}

/** An operand as loops read it: its own axis is the rows of A, or the columns of B. */
export interface Factor {
  readonly input: number;
  /** What names in WGSL begin with. */
  readonly name: string;
  readonly operand: Operand;
  /** Length of its own axis, and of the contracted one. */
  readonly size: number;
  readonly k: number;
  /** Four elements are read at once along its own axis, along k, or not at all. */
  readonly mode: "own" | "k" | "scalar";
  /** Array indices between neighbours along k. */
  readonly step: number;
  /** WGSL of the array index where `own` begins. */
  pointer(own: string): string;
}

/**
 * @param at the indices in the batch
 * @param alone each thread reads one place of its own axis, not four neighbours
 */
export function factorOf(
  call: KernelCall,
  shape: MatmulShape,
  input: number,
  at: readonly string[],
  alone = false,
): Factor {
  const { batch, m, n, k } = shape;
  const operand = call.inputs[input];
  const kFirst = input === 0 ? shape.ta : !shape.tb;
  const [own, along] = [batch.length + (kFirst ? 1 : 0), batch.length + (kFirst ? 0 : 1)];
  const neighbours = !alone && operand.vec4(own);
  const mode = neighbours ? "own" : operand.vec4(along) ? "k" : "scalar";
  // With one step there is no neighbour, and its stride need not be a multiple of 4.
  const stride = k === 1 ? 0 : operand.strides[along];
  return {
    input,
    name: input === 0 ? "a" : "b",
    operand,
    size: input === 0 ? m : n,
    k,
    mode,
    // Unsigned arithmetic wraps, so that a flipped operand's negative stride is right.
    step: (mode === "own" ? stride / 4 : stride) >>> 0,
    pointer: (i) =>
      operand.pointer([...at, ...(kFirst ? ["0u", i] : [i, "0u"])], mode === "scalar" ? 1 : 4),
  };
}

/**
 * WGSL that names where `count` of an operand's own places begin, neighbours or `apart`; past the
 * edge the last ones repeat.
 */
export function pointers(f: Factor, first: string, count: number, apart = 1): string[] {
  const width = f.mode === "own" ? 4 : 1;
  return range(count / width).map((i) => {
    const at = `min(${first} + ${width * i * apart}u, ${f.size - width}u)`;
    return `let ${f.name}p${i} = ${f.pointer(at)};`;
  });
}

/**
 * WGSL of four elements side by side, zero past the end of k: k to k + 3 of neighbour `i`, or
 * where the mode is own, k + q of neighbours 4 i to 4 i + 3.
 */
export function four({ mode, name, operand, step, k }: Factor, i: number, q = 0): string {
  const load = (at: number, width: 1 | 4) => {
    const element = operand.element(`${name}p${i} + (k + ${at}u) * ${step}u`, width);
    const zero = width === 4 ? "vec4<f32>()" : "0.0";
    return k % 4 > 0 && at >= k % 4 ? `select(${zero}, ${element}, k + ${at}u < ${k}u)` : element;
  };
  if (mode === "k") return operand.element(`${name}p${i} + (k >> 2u)`, 4);
  return mode === "own" ? load(q, 4) : `vec4<f32>(${range(4).map((at) => load(at, 1))})`;
}

/** WGSL of a matrix of k to k + 3 (columns) of neighbours 4 i to 4 i + 3 (rows). */
export function block(f: Factor, i = 0): string {
  const own = f.mode === "own";
  const vectors = range(4).map((q) => (own ? four(f, i, q) : four(f, 4 * i + q)));
  const matrix = `mat4x4<f32>(\n${vectors.join(",\n")})`;
  return own ? matrix : `transpose(${matrix})`;
}
