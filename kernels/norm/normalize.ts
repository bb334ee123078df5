import type { KernelCall, KernelSource, Operand, Sink, Spec } from "../../src/core/ir.ts";
import { isNanHelper, nanHelper, oneLane, sqrtHelper } from "../math/floatHelpers.ts";
import { foldKernel, type SumText } from "./folds.ts";

/** What the kernels of normalizations know of one. */
export interface NormKernel {
  /** Added to the variance. */
  readonly eps: number;
  /** By the mean and the variance; else by the mean square (RMS normalization). */
  readonly centered: boolean;
  readonly weight: boolean;
  readonly bias: boolean;
}

/** Rows of saved statistics: mean, 1 / √(variance + eps), variance. */
const MEAN = "0u";
const RSTD = "1u";
const VARIANCE = "2u";

/** Sizes of N, G, D, S; without the last axis there is one place. */
const sizesOf = ({ shape }: Spec): number[] => (shape.length === 4 ? [...shape] : [...shape, 1]);

const indicesOf = ({ shape }: Spec): string[] => ["n", "g", "d", "s"].slice(0, shape.length);

/** WGSL of an element of x or its like, or of four neighbours along the last axis. */
const here = (x: Operand, width: 1 | 4): string => x.at(indicesOf(x), width);

/** 4 where all of them can be read four at a time along the last axis. */
const widthOf = (...operands: readonly Operand[]): 1 | 4 =>
  operands.every((x) => x.vec4(x.shape.length - 1)) ? 4 : 1;

/** WGSL of a finite number. */
const float = (x: number): string => `f32(${x})`;

/**
 * Two passes over x, relative to its first element, so that a large mean costs no digits: makes
 * `deviation` (with its WGSL for an element), mean, variance and rstd.
 */
function moments(call: KernelCall, count: number, width: 1 | 4, first: readonly string[]) {
  const { eps, centered } = call.attrs as unknown as NormKernel;
  const sqrt = call.use(sqrtHelper, oneLane);
  call.use(nanHelper, oneLane);
  call.use(isNanHelper, oneLane);
  const x = call.inputs[0] as Operand;
  const deviation = centered ? `((${here(x, width)} - origin) - offset)` : here(x, width);
  const squares: SumText = {
    name: "squares",
    before: `let apart = ${deviation};`,
    each: ["apart * apart"],
    after: `let variance = squares / ${float(count)};
let rstd = 1.0 / ${sqrt}(variance + ${float(eps)});`,
  };
  if (!centered) return { before: "let mean = 0.0;", sums: [squares], deviation };
  const total: SumText = {
    name: "total",
    each: [`${here(x, width)} - origin`],
    after: `let offset = total / ${float(count)}; let mean = origin + offset;`,
  };
  return {
    before: `let origin = ${x.at(first.slice(0, x.shape.length))};`,
    sums: [total, squares],
    deviation,
  };
}

function storeMoments(call: KernelCall, output: number, at: readonly string[]): string {
  const sink = call.outputs[output]!;
  if (!sink.wanted) return "";
  const rows = { [MEAN]: "mean", [RSTD]: "rstd", [VARIANCE]: "variance" };
  const stores = Object.entries(rows).map(([row, value]) => sink.store([row, ...at], value));
  return stores.map((store) => `{ ${store} }`).join("\n");
}

const channelOf = (depth: number): string => (depth === 1 ? "g" : `(g * ${depth}u + d)`);

/** WGSL of values per channel, at the element's; four neighbours where these are channels. */
const ofChannel = (part: Operand, x: Operand, width: 1 | 4): string =>
  part.at([channelOf(x.shape[2]!)], x.shape.length === 3 ? width : 1);

/** Of four neighbours along the last axis, as long as these have weights side by side. */
function rowsWidth(operands: readonly Operand[], parts: readonly Operand[], sink: Sink): 1 | 4 {
  const beside = operands[0]!.shape.length === 3 ? parts : [];
  return sink.vec4 ? widthOf(...operands, ...beside) : 1;
}

/**
 * x [N, G, D, S], weight and bias [G·D] to y = (x - mean) · rstd · weight + bias, by the statistics
 * of each row n, g; and these statistics [3, N, G].
 */
export function normalizeRows(call: KernelCall): KernelSource {
  const { weight, bias } = call.attrs as unknown as NormKernel;
  const [x, w, b] = call.inputs as [Operand, Operand, Operand];
  const sizes = sizesOf(x);
  const y = call.outputs[0]!;
  const width = rowsWidth([x], [...(weight ? [w] : []), ...(bias ? [b] : [])], y);
  const made = moments(call, sizes[2]! * sizes[3]!, width, ["n", "g", "0u", "0u"]);
  const factor = weight ? ` * ${ofChannel(w, x, width)}` : "";
  const summand = bias ? ` + ${ofChannel(b, x, width)}` : "";
  const value = `(${made.deviation} * rstd${factor}${summand})`;
  return foldKernel(call, {
    label: `normalizeRows ${sizes.join("x")}`,
    sizes,
    over: "rows",
    width,
    before: made.before,
    sums: made.sums,
    once: storeMoments(call, 1, ["n", "g"]),
    element: y.wanted ? y.store(indicesOf(x), value, width) : "",
  });
}

/** x [N, G, D, S] to the statistics [3, G·D] of its channels g, d. */
export function channelMoments(call: KernelCall): KernelSource {
  const x = call.inputs[0] as Operand;
  const sizes = sizesOf(x);
  const width = x.shape.length === 4 ? widthOf(x) : 1;
  const made = moments(call, sizes[0]! * sizes[3]!, width, ["0u", "g", "d", "0u"]);
  return foldKernel(call, {
    label: `channelMoments ${sizes.join("x")}`,
    sizes,
    over: "channels",
    width,
    before: made.before,
    sums: made.sums,
    once: storeMoments(call, 0, [channelOf(sizes[2]!)]),
  });
}

/** Reads the statistics of a row: mean and rstd. */
const saved = (stats: Operand): string =>
  `let mean = ${stats.at([MEAN, "n", "g"])}; let rstd = ${stats.at([RSTD, "n", "g"])};`;

/**
 * The gradient of rows: g [N, G, D, S] (of y), x, weight [G·D] and statistics [3, N, G] to
 * rstd · (h - mean of h - x̂ · mean of h·x̂) with h = g · weight and x̂ = (x - mean) · rstd.
 */
export function normalizeRowsGrad(call: KernelCall): KernelSource {
  const { weight, centered } = call.attrs as unknown as NormKernel;
  const [g, x, w, stats] = call.inputs as [Operand, Operand, Operand, Operand];
  const sizes = sizesOf(x);
  const dx = call.outputs[0]!;
  const width = rowsWidth([g, x], weight ? [w] : [], dx);
  const count = float(sizes[2]! * sizes[3]!);
  const factor = weight ? ` * ${ofChannel(w, x, width)}` : "";
  const values = `let h = ${here(g, width)}${factor}; let unit = (${here(x, width)} - mean) * rstd;`;
  const slope = centered
    ? `(rstd * ((h - sums.x / ${count}) - unit * (sums.y / ${count})))`
    : `(rstd * (h - unit * (sums / ${count})))`;
  return foldKernel(call, {
    label: `normalizeRowsGrad ${sizes.join("x")}`,
    sizes,
    over: "rows",
    width,
    before: saved(stats),
    sums: [{ name: "sums", before: values, each: centered ? ["h", "h * unit"] : ["h * unit"] }],
    element: `${values} ${dx.store(indicesOf(x), slope, width)}`,
  });
}

/**
 * What weight and bias get: g [N, G, D, S], x, mean and rstd [N, G] to sums over N and S, [G·D], of
 * g · x̂ and of g.
 */
export function channelSums(call: KernelCall): KernelSource {
  const [g, x, mean, rstd] = call.inputs as [Operand, Operand, Operand, Operand];
  const sizes = sizesOf(x);
  const width = x.shape.length === 4 ? widthOf(g, x) : 1;
  const at = [channelOf(sizes[2]!)];
  const [tilt, level] = call.outputs as [Sink, Sink];
  const unit = `((${here(x, width)} - ${mean.at(["n", "g"])}) * ${rstd.at(["n", "g"])})`;
  const terms = { before: `let slope = ${here(g, width)};`, each: [`slope * ${unit}`, "slope"] };
  const plain = { before: "", each: [here(g, width)] };
  const total = tilt.wanted ? "sums.y" : "sums";
  return foldKernel(call, {
    label: `channelSums ${sizes.join("x")}`,
    sizes,
    over: "channels",
    width,
    before: "",
    sums: [{ name: "sums", ...(tilt.wanted ? terms : plain) }],
    once: `${tilt.wanted ? `{ ${tilt.store(at, "sums.x")} }` : ""}
${level.wanted ? `{ ${level.store(at, total)} }` : ""}`,
  });
}
