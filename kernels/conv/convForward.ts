import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { registerConv } from "./convRegisters.ts";
import { forwardSum, inputGradSum, type TapSum } from "./convSum.ts";
import { tiledConv } from "./convTiled.ts";

/** out[n, o, p] = Σ over c, k of w[o, c, k] x[n, c, p * stride - padding + k * dilation]. */
export const convForwardKernel = (call: KernelCall): KernelSource => choose(forwardSum(call));

/** dx[n, c, i] = Σ over o, k of w[o, c, k] g[n, o, p], for all p, k that meet at place i. */
export const convInputGradKernel = (call: KernelCall): KernelSource => choose(inputGradSum(call));

/**
 * In registers alone on software adapters, and on GPUs where a group has few channels (depthwise,
 * images): too little is shared there for workgroup memory to pay.
 */
function choose(sum: TapSum): KernelSource {
  const most = sum.axes.reduce((n, a) => n * Math.max(...a.taps), sum.depth);
  const few = sum.rows < 8 || most < 32;
  return sum.call.target.software || few ? registerConv(sum) : tiledConv(sum);
}
