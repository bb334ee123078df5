import type { Sink, Target } from "../../src/core/ir.ts";

/** C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n], with either operand stored transposed. */
export interface MatmulShape {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored [k, m], B is stored [n, k]. */
  readonly ta: boolean;
  readonly tb: boolean;
}

/** Indices into an operand stored as it is or transposed. */
export const stored = (
  batch: readonly string[],
  row: string,
  col: string,
  transposed: boolean,
): string[] => (transposed ? [...batch, col, row] : [...batch, row, col]);

/**
 * Workgroups along y and z: a batch that is longer than one dimension may be goes on along y.
 * @returns WGSL of the place in the batch and of the row of blocks, and of what ends spare ones
 */
export function batchGrid({ batch }: MatmulShape, rows: number, target: Target) {
  const count = batch.reduce((x, y) => x * y, 1);
  const layers = Math.max(1, Math.ceil(count / target.maxWorkgroupsPerDimension));
  const depth = Math.ceil(count / layers);
  const workgroups: [number, number] = [rows * layers, depth];
  if (layers === 1) return { workgroups, z: "wid.z", y: "wid.y", guard: "" };
  const z = `(wid.y / ${rows}u * ${depth}u + wid.z)`;
  return { workgroups, z, y: `(wid.y % ${rows}u)`, guard: `if (${z} >= ${count}u) { return; }` };
}

/** WGSL of the batch indices from the workgroup's z. */
export function batchIndices(batch: readonly number[], linear: string): string[] {
  let step = 1;
  const indices = new Array<string>(batch.length);
  for (let d = batch.length - 1; d >= 0; d--) {
    indices[d] = batch[d] === 1 ? "0u" : `((${linear} / ${step}u) % ${batch[d]}u)`;
    step *= batch[d];
  }
  return indices;
}

/** Indices of a sum over the contracted axis of an operand, in the shape the sink has. */
export const sumIndices = (sink: Sink, index: string): string[] =>
  sink.shape.length === 1 ? [index] : sink.shape[0] === 1 ? ["0u", index] : [index, "0u"];
