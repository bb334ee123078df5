import { placeScanKernel } from "../../../kernels/rows/scan.ts";
import { defineOp, kernel, type Unary } from "../../tensor/op.ts";
import { joinLeading } from "../batching.ts";
import { same } from "../rules.ts";
import { distinct, exactly } from "../samples.ts";
import { byLines } from "./lines.ts";

const placeScan = (name: "cummax" | "cummin"): Unary => {
  const wins = (a: number, b: number) => (name === "cummax" ? b >= a : b <= a);
  const op: Unary = defineOp<1>({
    name: `${name}Places`,
    arity: 1,
    shape: same,
    dtype: ([x]) => ({ operands: [x!], result: "int32" }),
    forward: kernel({
      family: name,
      outputs: (_, [x]) => [{ shape: x!.shape, dtype: "int32" }],
      strided: () => true,
      source: (call) => placeScanKernel(call, name === "cummax" ? ">=" : "<="),
      reference: byLines(([x], out, { start, step, n }) => {
        let best = 0;
        for (let k = 0; k < n; k++) {
          const [a, b] = [x![start + best * step]!, x![start + k * step]!];
          if (Number.isNaN(b) || wins(a, b)) best = k;
          out[start + k * step] = best;
        }
      }),
    }),
    vjp: null,
    nondifferentiable: "its values are places",
    batch: joinLeading,
    derivative: ["none"],
    samples: () => [
      [distinct([2, 5, 3])],
      [distinct([2, 130, 1])],
      [exactly([1, 6, 1], [1, 3, 3, Number.NaN, 5, Number.NaN])],
    ],
  });
  return op;
};
/** Where the extremum so far stands: of equal ones the last. */
export const maxPlaces = placeScan("cummax");
export const minPlaces = placeScan("cummin");
