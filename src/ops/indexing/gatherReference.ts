import { outside } from "../../../kernels/indexing/outside.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** Reading and adding at indexed places of the middle axis of three, in JavaScript. */

type Visit = (from: number, to: number, j: number) => void;

/** Visits every index: its place in [outer, count, inner], and the place it names. */
export function eachIndex(
  index: TypedArray,
  sizes: readonly number[],
  n: number,
  visit: Visit,
): void {
  const [outer, count, inner] = sizes as [number, number, number];
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < inner; i++) {
        const at = (o * count + k) * inner + i;
        const j = index[at]!;
        visit(at, (o * n + j) * inner + i, j);
      }
    }
  }
}

export function gatherReference({ inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const [x, index] = inputs;
  const n = x!.shape[1]!;
  eachIndex(index!.data, outputs[0]!.shape, n, (at, from, j) => {
    if (j < 0 || j >= n) throw new IndexError(outside("gather", n));
    out[at] = x!.data[from]!;
  });
  return [out];
}

export function scatterAddReference({
  attrs,
  inputs,
  outputs,
  create,
}: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const [g, index] = inputs;
  const n = outputs[0]!.shape[1]!;
  eachIndex(index!.data, g!.shape, n, (at, to, j) => {
    if (j >= 0 && j < n) out[to]! += g!.data[at]!;
    else if (attrs.trusted !== true) throw new IndexError(outside("scatter", n));
  });
  return [out];
}
