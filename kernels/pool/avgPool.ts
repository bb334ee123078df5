import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { perElement } from "./perRun.ts";
import { axesOf, COUNTERS, isTiled, loops, overTiles, WINDOW } from "./poolLoops.ts";
import { countText, coveringText, isPoint, type PoolAxis, windowText } from "./poolWindow.ts";

/** What the sum over the window at these indices is divided by. */
function divisorText(
  { attrs }: KernelCall,
  axes: readonly PoolAxis[],
  at: readonly string[],
): string {
  if (typeof attrs.divisor === "number") return `f32(${attrs.divisor})`;
  const counts = axes.flatMap((axis, d) =>
    isPoint(axis) && axis.kernel <= 1 ? [] : [countText(axis, at[d]!, attrs.divisor === "padded")],
  );
  return `f32(${counts.join(" * ") || "1u"})`;
}

/** The mean of each window. */
export function avgPoolKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  const ranges = axes.map((axis, d) => windowText(axis, `p${d}`));
  const body = `total += ${call.inputs[0]!.at(["row", ...COUNTERS])};`;
  const mean = `(total / ${divisorText(call, axes, ["p0", "p1", "p2"])})`;
  return perElement(
    call,
    "avgPool",
    call.outputs[0]!.shape,
    `var total = 0.0;
${loops(axes, ranges, true, body)}
${call.outputs[0]!.store(["row", "p0", "p1", "p2"], mean)}`,
  );
}

/** dx[i] = Σ of g[o] / (count of o) over the windows o that see i. */
export function avgPoolBackwardKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  if (axes.every(isTiled)) {
    const share = `${call.inputs[0]!.at(WINDOW)} / ${divisorText(call, axes, WINDOW.slice(1))}`;
    return overTiles(call, "avgPoolBackward", `let value = ${share};`, "value");
  }
  const ranges = axes.map((axis, d) => coveringText(axis, `p${d}`));
  const g = call.inputs[0]!.at(["row", ...COUNTERS]);
  const body = `total += ${g} / ${divisorText(call, axes, COUNTERS)};`;
  return perElement(
    call,
    "avgPoolBackward",
    call.outputs[0]!.shape,
    `var total = 0.0;
${loops(axes, ranges, false, body)}
${call.outputs[0]!.store(["row", "p0", "p1", "p2"], "total")}`,
  );
}
