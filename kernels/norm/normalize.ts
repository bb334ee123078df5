import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
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

const HERE = ["n", "g", "d", "s"];

/** WGSL of a finite number. */
const float = (x: number): string => `f32(${x})`;

/**
 * Two passes over x, relative to its first element, so that a large mean costs no digits: makes
 * `deviation` (with its WGSL for an element), mean, variance and rstd.
 */
function moments(call: KernelCall, count: number, first: readonly string[]) {
  const { eps, centered } = call.attrs as unknown as NormKernel;
  const sqrt = call.use(sqrtHelper, oneLane);
  call.use(nanHelper, oneLane);
  call.use(isNanHelper, oneLane);
  const x = call.inputs[0] as Operand;
  const deviation = centered ? `((${x.at(HERE)} - origin) - offset)` : x.at(HERE);
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
    each: [`${x.at(HERE)} - origin`],
    after: `let offset = total / ${float(count)}; let mean = origin + offset;`,
  };
  return { before: `let origin = ${x.at(first)};`, sums: [total, squares], deviation };
}

function storeMoments(call: KernelCall, output: number, at: readonly string[]): string {
  const sink = call.outputs[output]!;
  if (!sink.wanted) return "";
  const rows = { [MEAN]: "mean", [RSTD]: "rstd", [VARIANCE]: "variance" };
  const stores = Object.entries(rows).map(([row, value]) => sink.store([row, ...at], value));
  return stores.map((store) => `{ ${store} }`).join("\n");
}

const sizesOf = (operand: Operand) => operand.shape as [number, number, number, number];

const channelOf = (depth: number): string => (depth === 1 ? "g" : `(g * ${depth}u + d)`);

/** WGSL of a value per channel, at the element's. */
const ofChannel = (part: Operand, depth: number): string => part.at([channelOf(depth)]);

/**
 * x [N, G, D, S], weight and bias [G·D] to y = (x - mean) · rstd · weight + bias, by the statistics
 * of each row n, g; and these statistics [3, N, G].
 */
export function normalizeRows(call: KernelCall): KernelSource {
  const { weight, bias } = call.attrs as unknown as NormKernel;
  const [x, w, b] = call.inputs as [Operand, Operand, Operand];
  const sizes = sizesOf(x);
  const [, , depth, places] = sizes;
  const { deviation, ...made } = moments(call, depth * places, ["n", "g", "0u", "0u"]);
  const factor = weight ? ` * ${ofChannel(w, depth)}` : "";
  const summand = bias ? ` + ${ofChannel(b, depth)}` : "";
  const value = `(${deviation} * rstd${factor}${summand})`;
  const y = call.outputs[0]!;
  return foldKernel(call, {
    label: `normalizeRows ${sizes.join("x")}`,
    sizes,
    over: "rows",
    ...made,
    once: storeMoments(call, 1, ["n", "g"]),
    element: y.wanted ? y.store(HERE, value) : "",
  });
}

/** x [N, G, D, S] to the statistics [3, G·D] of its channels g, d. */
export function channelMoments(call: KernelCall): KernelSource {
  const sizes = sizesOf(call.inputs[0] as Operand);
  const [batch, , depth, places] = sizes;
  const made = moments(call, batch * places, ["0u", "g", "d", "0u"]);
  const channel = channelOf(depth);
  return foldKernel(call, {
    label: `channelMoments ${sizes.join("x")}`,
    sizes,
    over: "channels",
    before: made.before,
    sums: made.sums,
    once: storeMoments(call, 0, [channel]),
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
  const [, , depth, places] = sizes;
  const count = float(depth * places);
  const factor = weight ? ` * ${ofChannel(w, depth)}` : "";
  const values = `let h = ${g.at(HERE)}${factor}; let unit = (${x.at(HERE)} - mean) * rstd;`;
  const slope = centered
    ? `(rstd * ((h - sums.x / ${count}) - unit * (sums.y / ${count})))`
    : `(rstd * (h - unit * (sums / ${count})))`;
  return foldKernel(call, {
    label: `normalizeRowsGrad ${sizes.join("x")}`,
    sizes,
    over: "rows",
    before: saved(stats),
    sums: [{ name: "sums", before: values, each: centered ? ["h", "h * unit"] : ["h * unit"] }],
    element: `${values} ${call.outputs[0]!.store(HERE, slope)}`,
  });
}

/**
 * What weight and bias get: g [N, G, D, S], x, mean and rstd [N, G] to sums [2, G·D] over N and S
 * of g · x̂ and of g.
 */
export function channelSums(call: KernelCall): KernelSource {
  const [g, x, mean, rstd] = call.inputs as [Operand, Operand, Operand, Operand];
  const sizes = sizesOf(x);
  const channel = channelOf(sizes[2]);
  const sink = call.outputs[0]!;
  const unit = `((${x.at(HERE)} - ${mean.at(["n", "g"])}) * ${rstd.at(["n", "g"])})`;
  return foldKernel(call, {
    label: `channelSums ${sizes.join("x")}`,
    sizes,
    over: "channels",
    before: "",
    sums: [
      { name: "sums", before: `let slope = ${g.at(HERE)};`, each: [`slope * ${unit}`, "slope"] },
    ],
    once: `{ ${sink.store(["0u", channel], "sums.x")} } { ${sink.store(["1u", channel], "sums.y")} }`,
  });
}
