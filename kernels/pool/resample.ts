import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearIndex } from "../kernel.ts";

/**
 * Resampling of rows [rows, d0, d1, d2] along up to three axes at once: out[o] = Σ over taps t of
 * w(o, t)·x[place(o, t)], multiplied over the axes. A thread makes one element. The transpose is
 * gathered: each place of the input asks the outputs that may read it.
 */

export type ResampleMode = "nearest" | "nearest-exact" | "linear" | "cubic";

export interface ResampleAxis {
  readonly size: number;
  readonly out: number;
  /** Distance on the input of neighbours on the output. */
  readonly scale: number;
}

export const tapsOf: Readonly<Record<ResampleMode, number>> = {
  nearest: 1,
  "nearest-exact": 1,
  linear: 2,
  cubic: 4,
};

/** An axis that stays as it is. */
export const isKept = ({ size, out, scale }: ResampleAxis): boolean => size === out && scale === 1;

interface Attributes {
  readonly axes: readonly ResampleAxis[];
  readonly mode: ResampleMode;
  readonly alignCorners: boolean;
}

/** A number as WGSL that is read back as the float32 nearest to it. */
const float = (x: number): string => `f32(${Math.fround(x)})`;

/** WGSL of where output `o` lies on the input axis. */
function sourceText(
  { scale }: ResampleAxis,
  { mode, alignCorners }: Attributes,
  o: string,
): string {
  if (mode === "nearest") return `f32(${o}) * ${float(scale)}`;
  if (mode === "nearest-exact") return `(f32(${o}) + 0.5) * ${float(scale)}`;
  if (alignCorners) return `f32(${o}) * ${float(scale)}`;
  const between = `(f32(${o}) + 0.5) * ${float(scale)} - 0.5`;
  return mode === "linear" ? `max(${between}, 0.0)` : between;
}

/** WGSL statements that put the first tap of `o` and its fraction into `first` and `part`. */
function placeText(d: number, axis: ResampleAxis, attrs: Attributes, o: string): string {
  const last = axis.size - 1;
  const back = attrs.mode === "cubic" ? 1 : 0;
  return `let source${d} = ${sourceText(axis, attrs, o)};
let floor${d} = min(floor(source${d}), ${float(last)});
let part${d} = clamp(source${d} - floor${d}, 0.0, 1.0);
let first${d} = i32(floor${d}) - ${back};`;
}

/** The factor of tap `t` at fraction `part`; cubic: Keys 1981, with a = -0.75. */
function weightText(mode: ResampleMode): string {
  if (mode === "linear") return "return select(1.0 - part, part, t == 1);";
  if (mode !== "cubic") return "return 1.0;";
  return `let d = abs(f32(t) - 1.0 - part);
  let near = (1.25 * d - 2.25) * d * d + 1.0;
  let far = ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0;
  return select(far, near, d <= 1.0);`;
}

const globals = (mode: ResampleMode): string =>
  `fn tap_weight(t: i32, part: f32) -> f32 {\n  ${weightText(mode)}\n}`;

/** A thread per element of `shape`, with its indices in `row`, `p0`, `p1` and `p2`. */
function perElement(call: KernelCall, label: string, shape: readonly number[], body: string) {
  const [rows, a, b, c] = shape as [number, number, number, number];
  const size = rows * a * b * c;
  const grid = gridFor(Math.ceil(size / 64), call.target);
  const { mode } = call.attrs as unknown as Attributes;
  const source: KernelSource = {
    label: `${label} ${mode} ${shape.join("x")}`,
    workgroupSize: [64, 1, 1],
    workgroups: grid,
    globals: globals(mode),
    body: wgsl`
let at = ${linearIndex(grid, 64)};
if (at < ${size}u) {
let p2 = at % ${c}u;
let p1 = (at / ${c}u) % ${b}u;
let p0 = (at / ${b * c}u) % ${a}u;
let row = at / ${a * b * c}u;
${body}
}`,
  };
  return source;
}

/** out[o] = Σ w·x over the taps of the three axes. */
export function resampleKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as unknown as Attributes;
  const { axes, mode } = attrs;
  const used = axes.flatMap((axis, d) => (isKept(axis) ? [] : [d]));
  const indices = axes.map((axis, d) => (isKept(axis) ? `p${d}` : `i${d}`));
  const product = used.map((d) => `w${d}`).join(" * ") || "1.0";
  const inner = `total += ${product} * ${call.inputs[0]!.at(["row", ...indices])};`;
  const body = used.reduceRight(
    (text, d) => `for (var t${d} = 0; t${d} < ${tapsOf[mode]}; t${d}++) {
let i${d} = u32(clamp(first${d} + t${d}, 0, ${axes[d]!.size - 1}));
let w${d} = tap_weight(t${d}, part${d});
${text}
}`,
    inner,
  );
  return perElement(
    call,
    "resample",
    call.outputs[0]!.shape,
    `${used.map((d) => placeText(d, axes[d]!, attrs, `p${d}`)).join("\n")}
var total = 0.0;
${body}
${call.outputs[0]!.store(["row", "p0", "p1", "p2"], "total")}`,
  );
}

/** How many places before and behind a source the taps reach: source ∈ [i - back, i + ahead). */
const reaches: Readonly<Record<ResampleMode, readonly [back: number, ahead: number]>> = {
  nearest: [0, 1],
  "nearest-exact": [0, 1],
  linear: [1, 1],
  cubic: [2, 2],
};

/**
 * WGSL of the outputs from `lo` up to and without `hi` that read place `i`, and at most one more
 * on either side, for roundings. All outputs beyond an end of the axis read its last place.
 */
function readersText(axis: ResampleAxis, attrs: Attributes, d: number): string {
  const { size, out, scale } = axis;
  const [back, ahead] = reaches[attrs.mode];
  if (scale * out <= back + ahead) return `let lo${d} = 0u;\nlet hi${d} = ${out}u;`;
  const centered = attrs.mode === "nearest-exact" || (back > 0 && !attrs.alignCorners);
  // source = scale·o + shift, solved for o.
  const shift = (centered ? scale / 2 : 0) - (back > 0 && centered ? 0.5 : 0);
  const each = float(1 / scale);
  return `let before${d} = (f32(p${d}) - ${float(back + shift)}) * ${each};
let behind${d} = (f32(p${d}) + ${float(ahead - shift)}) * ${each};
let lo${d} = select(u32(max(floor(before${d} + 0.99), 0.0)), 0u, p${d} == 0u);
let hi${d} = select(min(u32(max(behind${d} + 1.01, 0.0)), ${out}u), ${out}u, p${d} == ${size - 1}u);`;
}

/** dx[i] = Σ of w·g[o] over the outputs o that read i. */
export function resampleBackwardKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as unknown as Attributes;
  const { axes, mode } = attrs;
  const used = axes.flatMap((axis, d) => (isKept(axis) ? [] : [d]));
  const indices = axes.map((axis, d) => (isKept(axis) ? `p${d}` : `q${d}`));
  const product = used.map((d) => `w${d}`).join(" * ") || "1.0";
  const inner = `total += ${product} * ${call.inputs[0]!.at(["row", ...indices])};`;
  const body = used.reduceRight(
    (text, d) => `for (var q${d} = lo${d}; q${d} < hi${d}; q${d}++) {
${placeText(d, axes[d]!, attrs, `q${d}`)}
var w${d} = 0.0;
for (var t${d} = 0; t${d} < ${tapsOf[mode]}; t${d}++) {
  if (clamp(first${d} + t${d}, 0, ${axes[d]!.size - 1}) == i32(p${d})) { w${d} += tap_weight(t${d}, part${d}); }
}
if (w${d} != 0.0) {
${text}
}
}`,
    inner,
  );
  return perElement(
    call,
    "resampleBackward",
    call.outputs[0]!.shape,
    `${used.map((d) => readersText(axes[d]!, attrs, d)).join("\n")}
var total = 0.0;
${body}
${call.outputs[0]!.store(["row", "p0", "p1", "p2"], "total")}`,
  );
}
