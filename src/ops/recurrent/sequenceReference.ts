import type { CellName } from "../../../kernels/recurrent/cellTexts.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** The recurrent kernels in plain loops; inputs and outputs as in kernels/recurrent/. */

const sigmoid = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
};

/** One step of one unit: `x` and `part` by gate; values to save, before the state itself. */
interface Step {
  readonly state: number;
  readonly cell: number;
  readonly saved: readonly number[];
}

type Gates = (gate: number) => number;

interface Cell {
  readonly gates: number;
  readonly saved: number;
  forward(x: Gates, part: Gates, h: number, c: number): Step;
  /** d/dx and d/d(state's part) of each gate, what goes to the state before directly, d/dc. */
  backward(saved: Gates, dh: number, dc: number): Slopes;
}

interface Slopes {
  readonly x: readonly number[];
  readonly part: readonly number[];
  readonly direct: number;
  readonly cell: number;
}

const lstm: Cell = {
  gates: 4,
  saved: 6,
  forward(x, part, _, c) {
    const [i, f, o] = [0, 1, 3].map((k) => sigmoid(x(k) + part(k))) as [number, number, number];
    const g = Math.tanh(x(2) + part(2));
    const cell = f * c + i * g;
    return { state: o * Math.tanh(cell), cell, saved: [i, f, g, o, c] };
  },
  backward(saved, dh, dc) {
    const [i, f, g, o, c] = [0, 1, 2, 3, 4].map(saved) as [number, number, number, number, number];
    const y = Math.tanh(f * c + i * g);
    const dcell = dc + dh * o * (1 - y * y);
    const x = [
      dcell * g * i * (1 - i),
      dcell * c * f * (1 - f),
      dcell * i * (1 - g * g),
      dh * y * o * (1 - o),
    ];
    return { x, part: x, direct: 0, cell: dcell * f };
  },
};

const gru: Cell = {
  gates: 3,
  saved: 5,
  forward(x, part, h) {
    const [r, z] = [sigmoid(x(0) + part(0)), sigmoid(x(1) + part(1))];
    const n = Math.tanh(x(2) + r * part(2));
    return { state: n + z * (h - n), cell: 0, saved: [r, z, n, part(2)] };
  },
  backward(saved, dh) {
    const [r, z, n, q, h] = [0, 1, 2, 3, 4].map(saved) as [number, number, number, number, number];
    const fresh = dh * (1 - z) * (1 - n * n);
    const x = [fresh * q * r * (1 - r), dh * (h - n) * z * (1 - z), fresh];
    return { x, part: [x[0]!, x[1]!, fresh * r], direct: dh * z, cell: 0 };
  },
};

const elman = (rectified: boolean): Cell => ({
  gates: 1,
  saved: 2,
  forward(x, part) {
    const sum = x(0) + part(0);
    const state = rectified ? Math.max(sum, 0) : Math.tanh(sum);
    return { state, cell: 0, saved: [state] };
  },
  backward(saved, dh) {
    const y = saved(0);
    const slope = rectified ? (y !== 0 ? dh : 0) : dh * (1 - y * y);
    return { x: [slope], part: [slope], direct: 0, cell: 0 };
  },
});

const cellOf = (name: CellName): Cell =>
  name === "lstm" ? lstm : name === "gru" ? gru : elman(name === "relu");

interface Attrs {
  readonly cell: CellName;
  readonly reverse: boolean;
  readonly masked: boolean;
}

/** Step number i of the walk, at every row. */
function eachRow(steps: number, batch: number, reverse: boolean, run: (at: Place) => void): void {
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    for (let n = 0; n < batch; n++) run({ t, n, row: t * batch + n });
  }
}

interface Place {
  readonly t: number;
  readonly n: number;
  /** t·N + n */
  readonly row: number;
}

export function sequenceReference({ attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const { cell: name, reverse, masked } = attrs as unknown as Attrs;
  const [x, h0, weight, extra] = inputs.map((i) => i.data) as [
    TypedArray,
    TypedArray,
    TypedArray,
    TypedArray,
  ];
  const [steps, batch, columns] = inputs[0]!.shape as [number, number, number];
  const cell = cellOf(name);
  const units = columns / cell.gates;
  const results = outputs.map(create);
  const [states, saved, cells] = results as [TypedArray, TypedArray, TypedArray];
  const h = create(inputs[1]!);
  h.set(h0);
  const c = create(inputs[1]!);
  if (name === "lstm") c.set(extra);
  const lengths = masked ? inputs.at(-1)!.data : null;
  eachRow(steps, batch, reverse, ({ t, n, row }) => {
    const before = h.slice(n * units, (n + 1) * units);
    const parts = new Float64Array(columns);
    for (let k = 0; k < units; k++) {
      for (let o = 0; o < columns; o++) parts[o]! += before[k]! * weight[k * columns + o]!;
    }
    const bias = (o: number) => (name === "gru" ? extra[row * columns + o]! : 0);
    const runs = lengths === null || t < lengths[n]!;
    for (let j = 0; j < units; j++) {
      const at = n * units + j;
      const made = cell.forward(
        (g) => x[row * columns + g * units + j]!,
        (g) => bias(g * units + j) + parts[g * units + j]!,
        h[at]!,
        c[at]!,
      );
      [...made.saved, h[at]!].forEach((value, b) => {
        saved[(row * cell.saved + b) * units + j] = value;
      });
      if (runs) [h[at], c[at]] = [made.state, made.cell];
      states[row * units + j] = h[at]!;
      if (name === "lstm") cells[row * units + j] = c[at]!;
    }
  });
  return results;
}

export function sequenceBackwardReference(call: ReferenceCall): TypedArray[] {
  const { inputs, outputs, create } = call;
  const attrs = call.attrs as unknown as Attrs & { readonly of: "states" | "cells" };
  const [g, weight, saved] = [0, 3, inputs.length - 1].map((i) => inputs[i]!.data) as [
    TypedArray,
    TypedArray,
    TypedArray,
  ];
  const [steps, batch, units] = inputs[0]!.shape as [number, number, number];
  const cell = cellOf(attrs.cell);
  const columns = cell.gates * units;
  const results = outputs.map(create);
  const [dx, dh, third] = results as [TypedArray, TypedArray, TypedArray];
  const dc = attrs.cell === "lstm" ? third : create(outputs[1]!);
  const lengths = attrs.masked ? inputs.at(-2)!.data : null;
  eachRow(steps, batch, !attrs.reverse, ({ t, n, row }) => {
    const parts = new Float64Array(columns);
    const runs = lengths === null || t < lengths[n]!;
    for (let j = 0; j < units; j++) {
      const at = n * units + j;
      (attrs.of === "states" ? dh : dc)[at]! += g[row * units + j]!;
      if (!runs) continue;
      const value = (b: number) => saved[(row * cell.saved + b) * units + j]!;
      const slopes = cell.backward(value, dh[at]!, dc[at]!);
      for (let k = 0; k < cell.gates; k++) {
        dx[row * columns + k * units + j] = slopes.x[k]!;
        parts[k * units + j] = slopes.part[k]!;
        if (attrs.cell === "gru") third[row * columns + k * units + j] = slopes.part[k]!;
      }
      [dh[at], dc[at]] = [slopes.direct, slopes.cell];
    }
    if (!runs) return;
    for (let o = 0; o < columns; o++) {
      for (let j = 0; j < units; j++) dh[n * units + j]! += parts[o]! * weight[o * units + j]!;
    }
  });
  return results;
}
