import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { cellReference } from "./cellReference.ts";
import {
  type BackwardAttrs,
  backwardNames,
  forwardNames,
  type SequenceAttrs,
  sizesBy,
} from "./sequenceInputs.ts";

/** The recurrent kernels in plain loops. */

/** Step t of row n; `row` is its place in a sequence. */
interface Place {
  readonly t: number;
  readonly n: number;
  readonly row: number;
}

function walk(
  [steps, batch]: readonly number[],
  { reverse, batchFirst }: SequenceAttrs,
  run: (at: Place) => void,
): void {
  for (let i = 0; i < steps!; i++) {
    const t = reverse ? steps! - 1 - i : i;
    for (let n = 0; n < batch!; n++) {
      run({ t, n, row: batchFirst ? n * steps! + t : t * batch! + n });
    }
  }
}

const finder = (names: readonly string[], inputs: ReferenceCall["inputs"]) => (name: string) =>
  inputs[names.indexOf(name)]?.data ?? null;

/** out[j] = Σ_k matrix[j, k]·vector[k] */
function product(matrix: TypedArray, vector: ArrayLike<number>): Float64Array {
  const out = new Float64Array(matrix.length / vector.length);
  for (let j = 0; j < out.length; j++) {
    for (let k = 0; k < vector.length; k++) out[j]! += matrix[j * vector.length + k]! * vector[k]!;
  }
  return out;
}

/** out[k] = Σ_j vector[j]·matrix[j, k] */
function transposedProduct(matrix: TypedArray, vector: ArrayLike<number>): Float64Array {
  const columns = matrix.length / vector.length;
  const out = new Float64Array(columns);
  for (let j = 0; j < vector.length; j++) {
    for (let k = 0; k < columns; k++) out[k]! += vector[j]! * matrix[j * columns + k]!;
  }
  return out;
}

export function sequenceReference(call: ReferenceCall): TypedArray[] {
  const { inputs, outputs, create } = call;
  const attrs = call.attrs as SequenceAttrs;
  const find = finder(forwardNames(attrs), inputs);
  const [x, weight, bias, lengths] = [find("x")!, find("weight")!, find("bias"), find("lengths")];
  const [steps, batch, columns] = sizesBy(attrs, inputs[0]!.shape);
  const cell = cellReference(attrs.cell);
  const units = columns / cell.gates;
  const results = outputs.map(create);
  const [states, saved, cells] = results as [TypedArray, TypedArray, TypedArray | undefined];
  const [h, c] = ["h0", "c0"].map((start) => {
    const made = create({ shape: [batch, units], dtype: "float32" });
    made.set(find(start) ?? []);
    return made;
  }) as [TypedArray, TypedArray];
  walk([steps, batch], attrs, ({ t, n, row }) => {
    const parts = product(weight, h.subarray(n * units, (n + 1) * units));
    for (let k = 0; k < columns; k++) parts[k]! += bias?.[row * columns + k] ?? 0;
    const runs = lengths === null || t < lengths[n]!;
    for (let j = 0; j < units; j++) {
      const at = n * units + j;
      const gate = (list: TypedArray, start: number) => (g: number) => list[start + g * units + j]!;
      const made = cell.forward(gate(x, row * columns), gate(parts, 0), h[at]!, c[at]!);
      const kept = [...made.saved, h[at]!];
      for (const [b, value] of kept.entries()) saved[(row * kept.length + b) * units + j] = value;
      if (runs) [h[at], c[at]] = [made.state, made.cell];
      states[row * units + j] = h[at]!;
      if (cells !== undefined) cells[row * units + j] = c[at]!;
    }
  });
  return results;
}

export function sequenceBackwardReference(call: ReferenceCall): TypedArray[] {
  const { inputs, outputs, create } = call;
  const attrs = call.attrs as BackwardAttrs;
  const find = finder(backwardNames(attrs), inputs);
  const [g, weight, saved, lengths] = [
    find("g")!,
    find("weight")!,
    find("saved")!,
    find("lengths"),
  ];
  const [steps, batch, units] = sizesBy(attrs, inputs[0]!.shape);
  const cell = cellReference(attrs.cell);
  const columns = cell.gates * units;
  const results = outputs.map(create);
  const [dx, dh, third] = results as [TypedArray, TypedArray, TypedArray];
  const dc = attrs.cell === "lstm" ? third : create(outputs[1]!);
  const blocks = inputs.at(-1)!.shape[2]! / units;
  const back = { ...attrs, reverse: !attrs.reverse };
  walk([steps, batch], back, ({ t, n, row }) => {
    const incoming = attrs.of === "states" ? dh : dc;
    for (let j = 0; j < units; j++) incoming[n * units + j]! += g[row * units + j]!;
    if (lengths !== null && t >= lengths[n]!) return;
    const parts = new Float64Array(columns);
    for (let j = 0; j < units; j++) {
      const at = n * units + j;
      const slopes = cell.backward((b) => saved[(row * blocks + b) * units + j]!, dh[at]!, dc[at]!);
      for (let k = 0; k < cell.gates; k++) {
        dx[row * columns + k * units + j] = slopes.x[k]!;
        parts[k * units + j] = slopes.part[k]!;
      }
      [dh[at], dc[at]] = [slopes.direct, slopes.cell];
    }
    if (attrs.cell === "gru") third.set(parts, row * columns);
    const through = transposedProduct(weight, parts);
    for (let j = 0; j < units; j++) dh[n * units + j]! += through[j]!;
  });
  return results;
}
