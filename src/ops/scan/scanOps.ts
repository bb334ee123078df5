import { foldScanKernel, logSumScanKernel } from "../../../kernels/rows/scan.ts";
import { isFloat } from "../../core/dtype.ts";
import type { Spec } from "../../core/ir.ts";
import { arithmetic, defineOp, floating, kernel, type Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { eq, isFinite as finite, where } from "../elementwise/compare.ts";
import { exp } from "../elementwise/elementwise.ts";
import { logAddExp } from "../elementwise/logarithms.ts";
import { zeroPad } from "../movement/window.ts";
import { same } from "../rules.ts";
import { exactly, integers, type SampleInput, uniform } from "../samples.ts";
import { inBlocks } from "./blocks.ts";
import { byLines, lineKernel, part, reversed } from "./lines.ts";
import { recurred } from "./recurrence.ts";

/** Running sums and products along the middle axis of [outer, n, inner]; see scans.ts. */

const samples = (): SampleInput[][] => [
  [uniform([2, 5, 3])],
  [uniform([3, 4, 2], -2, 2, "transposed")],
  [uniform([2, 300, 1], -1, 1)],
];

const sumScan: Unary = defineOp<1>({
  name: "cumsum",
  arity: 1,
  shape: same,
  dtype: arithmetic,
  forward: kernel({
    ...lineKernel("cumsum"),
    source: (call) => foldScanKernel(call, "+"),
    reference: byLines(([x], out, { start, step, n }) => {
      let total = 0;
      for (let k = 0; k < n; k++) {
        total += x![start + k * step]!;
        out[start + k * step] = total;
      }
    }),
  }),
  vjp: ({ g }) => [reversed(cumulatedSum(reversed(g)))],
  batch: joinLeading,
  derivative: ["g summed from the end"],
  samples: () => [...samples(), [integers([1, 6, 2], -9, 9)]],
});

const times = (spec: Spec | undefined) =>
  spec && isFloat(spec.dtype) ? (a: number, b: number) => a * b : Math.imul;

const productScan: Unary = defineOp<1>({
  name: "cumprod",
  arity: 1,
  shape: same,
  dtype: arithmetic,
  forward: kernel({
    ...lineKernel("cumprod"),
    source: (call) => foldScanKernel(call, "*"),
    reference: (call) =>
      byLines(([x], out, { start, step, n }) => {
        const product = times(call.outputs[0]);
        let total = 1;
        for (let k = 0; k < n; k++) {
          total = product(total, x![start + k * step]!);
          out[start + k * step] = total;
        }
      })(call),
  }),
  // dx[i] = (x[0] … x[i - 1])·h[i] with h[i] = g[i] + x[i + 1]·h[i + 1]: right at zeros, too.
  vjp: ({ g, out, inputs: [x] }) => {
    const n = x!.shape[1]!;
    const h = reversed(recurred(part(reversed(x!), 0, n - 1), reversed(g)));
    const before = zeroPad(part(out, 0, n - 1), [0, 1, 0], [0, 0, 0]);
    return [mul(where(eq(indexAlong(out, 1), 0), 1, before), h)];
  },
  batch: joinLeading,
  derivative: ["Σ over k ≥ i of g[k] · product of the others up to k"],
  samples: () => [
    [uniform([2, 5, 3])],
    [uniform([3, 4, 2], -2, 2, "transposed")],
    [uniform([1, 300, 1], 0.9, 1.1)],
    [exactly([2, 4, 1], [1, 0, 2, 0, 0, 3, 1, 2])],
    [integers([1, 6, 2], -9, 9)],
  ],
});

const logSumScan: Unary = defineOp<1>({
  name: "logcumsumexp",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: kernel({
    ...lineKernel("logcumsumexp"),
    source: logSumScanKernel,
    reference: byLines(([x], out, { start, step, n }) => {
      let total = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < n; k++) {
        total = logAdd(total, x![start + k * step]!);
        out[start + k * step] = total;
      }
    }),
  }),
  // dx[i] = e^(x[i] - y[i])·h[i] with h[i] = g[i] + e^(y[i] - y[i + 1])·h[i + 1]: all powers ≤ 1.
  vjp: ({ g, out, inputs: [x] }) => {
    const n = out.shape[1]!;
    const back = reversed(out);
    const h = reversed(recurred(ratio(part(back, 1, n), part(back, 0, n - 1)), reversed(g)));
    return [mul(ratio(x!, out), h)];
  },
  batch: joinLeading,
  derivative: ["Σ over k ≥ i of g[k] · exp(x[i] - y[k])"],
  samples: () => [...samples(), [exactly([1, 4, 1], [-90, 90, 90, -90])]],
});

/** e^(a - b) for a ≤ b; 0 where either is infinite. */
function ratio(a: Tensor, b: Tensor): Tensor {
  const apart = sub(a, b);
  const usable = finite(apart);
  return where(usable, exp(where(usable, apart, 0)), 0);
}

function logAdd(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  const top = Math.max(a, b);
  return Number.isFinite(top) ? top + Math.log1p(Math.exp(Math.min(a, b) - top)) : top;
}

/** Sums of the elements up to each one. */
export const cumulatedSum = (x: Tensor): Tensor => inBlocks(x, sumScan, add);
export const cumulatedProduct = (x: Tensor): Tensor => inBlocks(x, productScan, mul);
export const cumulatedLogSum = (x: Tensor): Tensor => inBlocks(x, logSumScan, logAddExp);
