import type { TypedArray } from "../core/dtype.ts";
import { type Shape, sizeOf } from "../core/shape.ts";

/**
 * A plain nested loop over a shape, for several operands with strides of their own. Axes that
 * every operand crosses in one stride are one loop; the innermost loop is left to the caller.
 */
export interface Walk {
  /** Sizes of the outer loops, and how often the innermost one runs in all. */
  readonly outer: readonly number[];
  readonly rows: number;
  /** Elements of the innermost loop. */
  readonly length: number;
  /** Per operand: its stride in the innermost loop, and those of the outer loops. */
  readonly steps: readonly number[];
  readonly jumps: readonly (readonly number[])[];
}

export function planWalk(shape: Shape, operands: readonly (readonly number[])[]): Walk {
  const sizes: number[] = [];
  const strides = operands.map((): number[] => []);
  for (let d = 0; d < shape.length; d++) {
    const n = shape[d]!;
    if (n === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && operands.every((s, k) => strides[k]![last] === s[d]! * n)) {
      sizes[last]! *= n;
      operands.forEach((s, k) => {
        strides[k]![last] = s[d]!;
      });
    } else {
      sizes.push(n);
      operands.forEach((s, k) => {
        strides[k]!.push(s[d]!);
      });
    }
  }
  const outer = sizes.slice(0, -1);
  return {
    outer,
    rows: sizeOf(shape) === 0 ? 0 : sizeOf(outer),
    length: sizes.at(-1) ?? 1,
    steps: strides.map((s) => s.at(-1) ?? 0),
    jumps: strides.map((s) => s.slice(0, -1)),
  };
}

/** Calls `row` with the address of each operand's first element, once per innermost loop. */
export function forEachRow(
  walk: Walk,
  starts: readonly number[],
  row: (at: readonly number[]) => void,
): void {
  const { outer, rows, jumps } = walk;
  const at = [...starts];
  const index = new Array<number>(outer.length).fill(0);
  for (let r = 0; r < rows; r++) {
    row(at);
    for (let d = outer.length - 1; d >= 0; d--) {
      index[d]!++;
      const ends = index[d] === outer[d];
      for (let k = 0; k < at.length; k++) {
        at[k]! += ends ? jumps[k]![d]! * (1 - outer[d]!) : jumps[k]![d]!;
      }
      if (!ends) break;
      index[d] = 0;
    }
  }
}

/** out[walk] = source[walk]: operand 0 is written, operand 1 read. */
export function copyAlong(
  walk: Walk,
  out: TypedArray,
  outStart: number,
  source: TypedArray,
  sourceStart: number,
): void {
  const { length } = walk;
  const [so, si] = walk.steps as [number, number];
  forEachRow(walk, [outStart, sourceStart], (at) => {
    let o = at[0]!;
    let i = at[1]!;
    for (let k = 0; k < length; k++, o += so, i += si) out[o] = source[i]!;
  });
}

/** Row-major strides of `from` as seen from `to`: 0 where it repeats (NumPy's broadcasting). */
export function repeatStrides(from: Shape, to: Shape): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let step = 1;
  for (let d = from.length - 1; d >= 0; d--) {
    const n = from[d]!;
    if (n !== 1) strides[to.length - from.length + d] = step;
    step *= n;
  }
  return strides;
}
