import type { CellName } from "../../../kernels/recurrent/cellTexts.ts";

/** One step of one unit of a recurrent cell in float64, and its derivative. */

/** A number for each gate, or for each block of what is saved. */
type Numbers = (index: number) => number;

interface Step {
  readonly state: number;
  readonly cell: number;
  /** What is saved for the derivative, without the state before the step, which comes last. */
  readonly saved: readonly number[];
}

interface Slopes {
  /** d/d(x) and d/d(the state's part) of each gate. */
  readonly x: readonly number[];
  readonly part: readonly number[];
  /** What goes to the state before, beside what comes through the gates. */
  readonly direct: number;
  /** What goes to the cell before. */
  readonly cell: number;
}

interface Cell {
  readonly gates: number;
  forward(x: Numbers, part: Numbers, h: number, c: number): Step;
  backward(saved: Numbers, dh: number, dc: number): Slopes;
}

const sigmoid = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
};

const lstm: Cell = {
  gates: 4,
  forward(x, part, _, c) {
    const sum = (gate: number) => x(gate) + part(gate);
    const [i, f, g, o] = [sigmoid(sum(0)), sigmoid(sum(1)), Math.tanh(sum(2)), sigmoid(sum(3))];
    const cell = f * c + i * g;
    return { state: o * Math.tanh(cell), cell, saved: [i, f, g, o, c] };
  },
  backward(saved, dh, dc) {
    const [i, f, g, o, c] = [saved(0), saved(1), saved(2), saved(3), saved(4)];
    const y = Math.tanh(f * c + i * g);
    const dcell = dc + dh * o * (1 - y * y);
    const [di, df] = [dcell * g * i * (1 - i), dcell * c * f * (1 - f)];
    const x = [di, df, dcell * i * (1 - g * g), dh * y * o * (1 - o)];
    return { x, part: x, direct: 0, cell: dcell * f };
  },
};

const gru: Cell = {
  gates: 3,
  forward(x, part, h) {
    const [r, z] = [sigmoid(x(0) + part(0)), sigmoid(x(1) + part(1))];
    const n = Math.tanh(x(2) + r * part(2));
    return { state: n + z * (h - n), cell: 0, saved: [r, z, n, part(2)] };
  },
  backward(saved, dh) {
    const [r, z, n, q, h] = [saved(0), saved(1), saved(2), saved(3), saved(4)];
    const fresh = dh * (1 - z) * (1 - n * n);
    const [dr, dz] = [fresh * q * r * (1 - r), dh * (h - n) * z * (1 - z)];
    return { x: [dr, dz, fresh], part: [dr, dz, fresh * r], direct: dh * z, cell: 0 };
  },
};

const elman = (rectified: boolean): Cell => ({
  gates: 1,
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

export const cellReference = (name: CellName): Cell =>
  name === "lstm" ? lstm : name === "gru" ? gru : elman(name === "relu");
