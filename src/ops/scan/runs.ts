import { gatherKernel } from "../../../kernels/indexing/gather.ts";
import { defineOp, keepDType, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { indexAlong } from "../creation/iota.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, where } from "../elementwise/compare.ts";
import { exactly, uniform } from "../samples.ts";
import { byLines, lineKernel, part, reversed } from "./lines.ts";
import { recurred } from "./recurrence.ts";

type Take = (x: Tensor, places: Tensor) => Tensor;

const takeOp = defineOp<2, { readonly trusted: true }>({
  name: "takeRuns",
  arity: 2,
  shape: ([x]) => x!,
  dtype: keepDType(),
  key: () => "",
  forward: kernel({
    ...lineKernel("takeRuns"),
    source: gatherKernel,
    reference: byLines(([x, places], out, { start, step, n }) => {
      for (let k = 0; k < n; k++)
        out[start + k * step] = x![start + places![start + k * step]! * step]!;
    }),
  }),
  vjp: ({ g, inputs: [, places] }) => [sumRuns(g, places!), null],
  batch: joinLeading,
  derivative: ["g summed over the run that begins at each place, else 0", "none"],
  samples: () => [
    [uniform([1, 6, 1]), exactly([1, 6, 1], [0, 0, 2, 3, 3, 3], "int32"), { trusted: true }],
    [
      uniform([2, 3, 2], -2, 2, "transposed"),
      exactly([2, 3, 2], [0, 0, 0, 1, 2, 1], "int32"),
      { trusted: true },
    ],
  ],
});

/**
 * out[o, k, i] = x[o, places[o, k, i], i] where equal places stand side by side and the first of a
 * run stands at the place that it names, as in running extrema.
 */
export const takeRuns: Take = (x, places) => takeOp(x, places, { trusted: true });

/** The transpose of `takeRuns`: sums that begin anew with each run, from its end to its beginning. */
function sumRuns(g: Tensor, places: Tensor): Tensor {
  const n = g.shape[1]!;
  const back = reversed(places);
  const same = cast(eq(part(back, 1, n), part(back, 0, n - 1)), "float32");
  const sums = reversed(recurred(same, reversed(g)));
  return where(eq(places, indexAlong(places, 1)), sums, 0);
}
