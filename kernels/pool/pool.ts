import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearIndex } from "../kernel.ts";
import { isNanHelper, oneLane } from "../math/floatHelpers.ts";
import {
  countText,
  coveringText,
  isPoint,
  type PoolAxis,
  type Range,
  windowText,
} from "./poolWindow.ts";

/**
 * Pooling of rows [rows, d0, d1, d2] over windows of three axes, of which unused ones have size 1.
 * A thread makes one element, neighbours along the last axis side by side. Gradients are gathered:
 * each place of the input asks the windows that see it, so nothing is written twice.
 */

const THREADS = 64;
const AXES = [0, 1, 2] as const;

const axesOf = (call: KernelCall) => call.attrs.axes as readonly PoolAxis[];

/** A thread per element of `shape`, with its indices in `row`, `p0`, `p1` and `p2`. */
function perElement(
  { target }: KernelCall,
  label: string,
  [rows, ...sizes]: readonly number[],
  body: string,
): KernelSource {
  const [a, b, c] = sizes as [number, number, number];
  const size = rows! * a * b * c;
  const grid = gridFor(Math.ceil(size / THREADS), target);
  return {
    label: `${label} ${rows}x${sizes.join("x")}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    body: wgsl`
let at = ${linearIndex(grid, THREADS)};
if (at < ${size}u) {
let p2 = at % ${c}u;
let p1 = (at / ${c}u) % ${b}u;
let p0 = (at / ${b * c}u) % ${a}u;
let row = at / ${a * b * c}u;
${body}
}`,
  };
}

/** Loops over ranges of the three axes with counters q0, q1 and q2; bounded by the axes' sizes. */
function loops(
  axes: readonly PoolAxis[],
  ranges: readonly Range<string>[],
  step: boolean,
  body: string,
) {
  return AXES.reduceRight((inner, d) => {
    if (isPoint(axes[d]!)) return `{ let q${d} = 0u;\n${inner} }`;
    const { lo, hi, some } = ranges[d]!;
    if (some !== undefined) return `let q${d} = ${lo};\nif (${some}) {\n${inner}\n}`;
    const by = step ? Math.max(axes[d]!.dilation, 1) : 1;
    return `let end${d} = ${hi};\nfor (var q${d} = ${lo}; q${d} < end${d}; q${d} += ${by}u) {\n${inner}\n}`;
  }, body);
}

/** The running number of a place among the input's places of one row. */
const flat = ([, b, c]: readonly PoolAxis[], [i, j, k]: readonly string[]): string =>
  `((${i} * ${b!.size}u + ${j}) * ${c!.size}u + ${k})`;

const COUNTERS = ["q0", "q1", "q2"];

/** Output 0: the largest element of each window; output 1: its place. The last NaN wins, if any. */
export function maxPoolKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  const [values, places] = call.outputs;
  const x = call.inputs[0]!;
  const isNan = call.use(isNanHelper, oneLane);
  const windows = axes.map((axis, d) => windowText(axis, `p${d}`));
  const first = ["lo0", "lo1", "lo2"];
  const body = `
let value = ${x.at(["row", ...COUNTERS])};
if ((value > best && !${isNan}(best)) || ${isNan}(value)) { best = value; place = ${flat(axes, COUNTERS)}; }`;
  const starts = windows.map(({ hi }, d) => ({ lo: `lo${d}`, hi }));
  return perElement(
    call,
    "maxPool",
    values!.shape,
    `${windows.map(({ lo }, d) => `let lo${d} = ${lo};`).join("\n")}
var best = ${x.at(["row", ...first])};
var place = ${flat(axes, first)};
${loops(axes, starts, true, body)}
${values!.wanted ? values!.store(["row", "p0", "p1", "p2"], "best") : ""}
${places!.wanted ? places!.store(["row", "p0", "p1", "p2"], "i32(place)") : ""}`,
  );
}

/** dx[i] = Σ of g[o] over the windows o whose largest element stands at i. */
export function maxPoolBackwardKernel(call: KernelCall): KernelSource {
  const axes = axesOf(call);
  const [g, places] = call.inputs;
  const at = ["row", ...COUNTERS];
  const ranges = axes.map((axis, d) => coveringText(axis, `p${d}`));
  const body = `if (${places!.at(at)} == own) { total += ${g!.at(at)}; }`;
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
