import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** A matrix in the middle of a decomposition. */
export class Grid {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;

  constructor(rows: number, columns: number, data = new Float64Array(rows * columns)) {
    this.rows = rows;
    this.columns = columns;
    this.data = data;
  }

  get(i: number, j: number): number {
    return this.data[i * this.columns + j]!;
  }

  set(i: number, j: number, value: number): void {
    this.data[i * this.columns + j] = value;
  }

  add(i: number, j: number, value: number): void {
    this.data[i * this.columns + j]! += value;
  }

  swapRows(i: number, j: number): void {
    const { columns, data } = this;
    const held = data.slice(i * columns, (i + 1) * columns);
    data.copyWithin(i * columns, j * columns, (j + 1) * columns);
    data.set(held, j * columns);
  }

  static identity(n: number): Grid {
    const grid = new Grid(n, n);
    for (let i = 0; i < n; i++) grid.set(i, i, 1);
    return grid;
  }
}

/** Matrix number z of an input [z, m, n]. */
export function gridOf({ inputs }: ReferenceCall, input: number, z: number): Grid {
  const { data, shape } = inputs[input]!;
  const [, m, n] = shape as [number, number, number];
  return new Grid(m, n, Float64Array.from(data.subarray(z * m * n, (z + 1) * m * n)));
}

/** A reference that works on one matrix after the other; each gives all outputs as lists. */
export const byMatrix =
  (one: (call: ReferenceCall, z: number) => readonly ArrayLike<number>[]) =>
  (call: ReferenceCall): TypedArray[] => {
    const outs = call.outputs.map((spec) => call.create(spec));
    const count = call.inputs[0]!.shape[0]!;
    for (let z = 0; z < count; z++) {
      one(call, z).forEach((values, i) => {
        const out = outs[i]!;
        for (let e = 0; e < values.length; e++) out[z * values.length + e] = values[e]!;
      });
    }
    return outs;
  };
