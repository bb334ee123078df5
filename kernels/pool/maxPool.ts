import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { plus, range, u32 } from "../indexText.ts";
import { isNanHelper, oneLane } from "../math/floatHelpers.ts";
import { perElement } from "./perRun.ts";
import {
  axesOf,
  COUNTERS,
  flat,
  isTiled,
  loops,
  overTiles,
  WINDOW,
  WRITTEN_OUT,
} from "./poolLoops.ts";
import { coveringText, type PoolAxis, windowText } from "./poolWindow.ts";

/** Output 0: the largest element of each window; output 1: its place. The last NaN wins, if any. */
export function maxPoolKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  const [values, places] = call.outputs;
  const x = call.inputs[0]!;
  const isNan = call.use(isNanHelper, oneLane);
  const windows = axes.map((axis, d) => windowText(axis, `p${d}`));
  const first = ["lo0", "lo1", "lo2"];
  const take = (value: string, place: string) => `{
let value = ${value};
let bad = ${isNan}(value);
let better = bad || (value > best && !broken);
best = select(best, value, better);
place = select(place, ${place}, better);
broken = broken || bad;
}`;
  const starts = windows.map(({ hi }, d) => ({ lo: `lo${d}`, hi }));
  const steps = wholeWindows(axes, x.strides);
  const read = steps
    ? steps
        .slice(1)
        .map(({ inPlace, inRow }) =>
          take(x.element(plus("start", u32(inPlace)), 1), plus("origin", u32(inRow))),
        )
    : [loops(axes, starts, true, take(x.at(["row", ...COUNTERS]), flat(axes, COUNTERS)))];
  return perElement(
    call,
    "maxPool",
    values!.shape,
    `${windows.map(({ lo }, d) => `let lo${d} = ${lo};`).join("\n")}
let start = ${x.pointer(["row", ...first], 1)};
let origin = ${flat(axes, first)};
var best = ${x.element("start", 1)};
var broken = ${isNan}(best);
var place = origin;
${read.join("\n")}
${values!.wanted ? values!.store(["row", "p0", "p1", "p2"], "best") : ""}
${places!.wanted ? places!.store(["row", "p0", "p1", "p2"], "i32(place)") : ""}`,
  );
}

/**
 * Where the places of a window lie, from its first one on: in the operand, and in its row. Null
 * where some windows are cut off, or too large to be written out.
 */
function wholeWindows(axes: readonly PoolAxis[], strides: readonly number[]) {
  const whole = ({ size, out, kernel, stride, padding, dilation }: PoolAxis) =>
    kernel > 0 && padding === 0 && (out - 1) * stride + (kernel - 1) * dilation < size;
  const count = axes.reduce((n, { kernel }) => n * kernel, 1);
  if (!axes.every(whole) || count > WRITTEN_OUT) return null;
  const sizes = axes.map(({ kernel }) => kernel);
  const steps = axes.map((_, d) => axes.slice(d + 1).reduce((n, { size }) => n * size, 1));
  return range(count).map((at) => {
    let rest = at;
    let [inPlace, inRow] = [0, 0];
    for (let d = 2; d >= 0; d--) {
      const k = (rest % sizes[d]!) * axes[d]!.dilation;
      rest = Math.floor(rest / sizes[d]!);
      inPlace += k * strides[d + 1]!;
      inRow += k * steps[d]!;
    }
    return { inPlace, inRow };
  });
}

/** dx[i] = Σ of g[o] over the windows o whose largest element stands at i. */
export function maxPoolBackwardKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  const [g, places] = call.inputs as [Operand, Operand];
  if (axes.every(isTiled)) {
    return overTiles(
      call,
      "maxPoolBackward",
      `let own = ${places.at(WINDOW)};
let value = ${g.at(WINDOW)};`,
      `select(0.0, value, own == i32(${flat(axes, COUNTERS)}))`,
    );
  }
  const at = ["row", ...COUNTERS];
  const ranges = axes.map((axis, d) => coveringText(axis, `p${d}`));
  const body = `if (${places.at(at)} == own) { total += ${g.at(at)}; }`;
  return perElement(
    call,
    "maxPoolBackward",
    call.outputs[0]!.shape,
    `let own = i32(${flat(axes, ["p0", "p1", "p2"])});
var total = 0.0;
${loops(axes, ranges, false, body)}
${call.outputs[0]!.store(["row", "p0", "p1", "p2"], "total")}`,
  );
}
