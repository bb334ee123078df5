import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { isNanHelper, oneLane } from "../math/floatHelpers.ts";
import { rowKernel, rowOf, topOf, useLog, widthOf } from "./rowwise.ts";

/** y = e^(x - max) / Σ e^(x - max), or its logarithm, per row of x [rows, columns]. */
export function softmaxKernel(call: KernelCall, log: boolean): KernelSource {
  const [rows, columns] = call.outputs[0]!.shape as [number, number];
  const width = widthOf(call);
  const x = rowOf(call.inputs[0]!, "x", width);
  const lift = `exp(${x.here} - top)`;
  const value = log ? `(${x.here} - top - ends)` : `(${lift} * share)`;
  return rowKernel(call, {
    label: log ? "logSoftmax" : "softmax",
    rows,
    columns,
    width,
    before: x.before,
    passes: [
      topOf(call, x, width),
      {
        each: "",
        folds: [{ name: "total", by: "sum", start: "flaw", value: lift }],
        after: log ? `let ends = ${useLog(call)}(total);` : "let share = 1.0 / total;",
      },
    ],
    element: call.outputs[0]!.store(["row", "c"], value, width),
  });
}

/** dx = y (g - Σ g y) for y = softmax(x); dx = g - e^y Σ g for y = logSoftmax(x). */
export function softmaxBackwardKernel(call: KernelCall, log: boolean): KernelSource {
  const [rows, columns] = call.outputs[0]!.shape as [number, number];
  const width = widthOf(call);
  const [g, y] = ["g", "y"].map((name, i) => rowOf(call.inputs[i]!, name, width));
  const term = log ? g!.here : `${g!.here} * ${y!.here}`;
  const value = log
    ? `(${g!.here} - exp(${y!.here}) * total)`
    : `(${y!.here} * (${g!.here} - total))`;
  return rowKernel(call, {
    label: log ? "logSoftmaxBackward" : "softmaxBackward",
    rows,
    columns,
    width,
    before: `${g!.before} ${y!.before} ${log ? flawOf(call) : "let flaw = 0.0;"}`,
    passes: [{ each: "", folds: [{ name: "total", by: "sum", start: "flaw", value: term }] }],
    element: call.outputs[0]!.store(["row", "c"], value, width),
  });
}

/** A row of logarithms is NaN throughout or nowhere; e^NaN is a number on some adapters. */
function flawOf(call: KernelCall): string {
  const first = call.inputs[1]!.at(["row", "0u"]);
  const isNan = call.use(isNanHelper, oneLane);
  return `let first = ${first}; let flaw = select(0.0, first, ${isNan}(first));`;
}
