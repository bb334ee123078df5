import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { type Fold, rowKernel, rowOf, topOf, useLog, widthOf } from "./rowwise.ts";

/** The most rows that one workgroup takes, a thread each, and the longest rows it takes so. */
export const WORKGROUP_ROWS = 256;
export const WORKGROUP_COLUMNS = 512;

export const labelOutside = (classes: number): string =>
  `crossEntropy: label outside 0..${classes - 1}. Keep every label at least 0 and below ${classes}, ` +
  "or pass ignoreIndex for rows to leave out: { ignoreIndex: -100 }.";

/** WGSL that reads the row's label; one outside the classes is reported and moved inside. */
function readLabel(call: KernelCall, classes: number): string {
  const label = (call.inputs[1] as Operand).at(["row"]);
  if (call.attrs.trusted === true) return `let label = u32(${label});`;
  return `let given = ${label};
if (given < 0 || given >= ${classes}) { ${call.report(labelOutside(classes))} }
let label = u32(clamp(given, 0, ${classes - 1}));`;
}

const sum = (name: string, value: string, start = "0.0"): Fold => ({
  name,
  by: "sum",
  start,
  value,
});

interface LabelTexts {
  readonly before: string;
  /** What is summed beside the powers of e. */
  readonly folds: readonly Fold[];
  /** The row's loss, given `ends` = ln Σ e^(x - top). */
  readonly loss: string;
  /** The sum of the row's probabilities, and those of the columns at hand. */
  readonly mass: string;
  readonly here: string;
}

/** Labels as probabilities [rows, classes]. */
function shares(call: KernelCall, x: string, width: 1 | 4): LabelTexts {
  const p = rowOf(call.inputs[1]!, "p", width);
  return {
    before: p.before,
    folds: [sum("mass", p.here), sum("likely", `${p.here} * (${x} - top)`)],
    loss: "(ends * mass - likely)",
    mass: "mass",
    here: p.here,
  };
}

/** Labels as classes [rows]. */
function classes(call: KernelCall, columns: number, width: 1 | 4): LabelTexts {
  const at = (call.inputs[0] as Operand).at(["row", "label"]);
  const isLabel =
    width === 1 ? "c == label" : "vec4<u32>(c) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(label)";
  const type = width === 1 ? "f32" : "vec4<f32>";
  return {
    before: readLabel(call, columns),
    folds: [],
    loss: `(ends - (${at} - top))`,
    mass: "1.0",
    here: `select(${type}(0.0), ${type}(1.0), ${isLabel})`,
  };
}

/**
 * Per row r of logits x [rows, classes], whose labels are classes [rows], or probabilities p of
 * the logits' shape: the loss Σ_c p_c (ln Σ e^x - x_c) and its slope softmax(x) Σ p - p, both
 * times `weight`. Output 0 are the losses [rows], or their sum [] over at most WORKGROUP_ROWS;
 * output 1 the slopes [rows, classes]. What is not wanted is not stored.
 */
export function crossEntropyKernel(call: KernelCall, weight: number): KernelSource {
  const [losses, slopes] = call.outputs as [Sink, Sink];
  const [rows, columns] = call.inputs[0]!.shape as [number, number];
  const width = widthOf(call);
  const x = rowOf(call.inputs[0]!, "x", width);
  const soft = call.inputs[1]!.shape.length === 2;
  const labels = soft ? shares(call, x.here, width) : classes(call, columns, width);
  const scaled = (value: string) => (weight === 1 ? value : `(${value} * f32(${weight}))`);
  const lift = `exp(${x.here} - top)`;
  const slope = scaled(`(${lift} * share - ${labels.here})`);
  const perRow = losses.shape.length === 1;
  return rowKernel(call, {
    label: "crossEntropy",
    rows,
    columns,
    width,
    before: `${x.before}\n${labels.before}`,
    passes: [
      topOf(call, x, width),
      {
        each: "",
        folds: [sum("total", lift, "flaw"), ...labels.folds],
        after: `let ends = ${useLog(call)}(total); let share = ${labels.mass} / total;`,
      },
    ],
    once: perRow ? losses.store(["row"], scaled(labels.loss)) : "",
    element: slopes.store(["row", "c"], slope, width),
    total:
      perRow || !losses.wanted
        ? undefined
        : { value: labels.loss, store: losses.store([], scaled("all_rows")) },
  });
}
