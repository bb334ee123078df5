import { gatherKernel, outside } from "../../../kernels/indexing/gather.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { Attrs, ReferenceCall } from "../../core/ir.ts";
import { kernel } from "../../tensor/op.ts";

/** Reading at indexed places of the middle axis of three. */

export interface GatherAttrs extends Attrs {
  /** Host data told that every index is a place: the device need not look. */
  readonly trusted: boolean;
}

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

function gatherReference({ inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const [x, index] = inputs;
  const n = x!.shape[1]!;
  eachIndex(index!.data, outputs[0]!.shape, n, (at, from, j) => {
    if (j < 0 || j >= n) throw new IndexError(outside("gather", n));
    out[at] = x!.data[from]!;
  });
  return [out];
}

export const gatherForward = kernel({
  family: "gather",
  outputs: (_, [x, index]) => [{ shape: index!.shape, dtype: x!.dtype }],
  strided: () => true,
  source: gatherKernel,
  reference: gatherReference,
});
