import { IndexError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { ne, where } from "../elementwise/compare.ts";
import { permute, reshape } from "../movement/movement.ts";
import { checkRange, rangeOf } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { checkSize, type LossOptions, reduceLoss } from "./lossRules.ts";

/** What the losses over classes share: where the classes stand, and the checks of their labels. */

export interface CrossEntropyOptions extends LossOptions {
  /** A factor per class, [classes]. */
  readonly weight?: Tensor | null;
  /**
   * Rows with this label count for nothing; other labels outside the classes are errors. None are
   * left out unless it is given (PyTorch leaves out -100): the fused loss has no such rows.
   */
  readonly ignoreIndex?: number | null;
  /** How much of the label's probability is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

/** [N, C, d1…] as rows [N·d1…, C], and where the classes stand. */
export function classRows(x: Tensor): Tensor {
  const axis = x.rank === 1 ? 0 : 1;
  const order = x.shape.map((_, d) => d).filter((d) => d !== axis);
  const classes = x.shape[axis]!;
  return reshape(permute(x, [...order, axis]), [x.size === 0 ? 0 : x.size / classes, classes]);
}

/** The shape without the classes. */
export const outerShape = (x: Tensor): Shape =>
  x.rank < 2 ? [] : [x.shape[0]!, ...x.shape.slice(2)];

export function checkOptions(op: string, x: Tensor, options: CrossEntropyOptions): void {
  const { weight = null, labelSmoothing = 0 } = options;
  if (weight !== null && x.rank > 0)
    checkSize(op, "weight", weight, [x.shape[x.rank > 1 ? 1 : 0]!]);
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return;
  throw new ValueError(
    `${op}: labelSmoothing is not between 0 and 1; got ${labelSmoothing}. Use 0.1, for example.`,
  );
}

/** @throws IndexError when host data holds a label that is no class and is not left out */
export function checkLabels(
  op: string,
  labels: Tensor,
  classes: number,
  { ignoreIndex = null }: CrossEntropyOptions,
): void {
  const range = rangeOf(labels);
  if (ignoreIndex === null && range?.[0] === -100) {
    throw new IndexError(
      `${op}: label outside 0..${classes - 1}; got -100 in labels ${show(labels.shape)}. ` +
        "Pass ignoreIndex: -100 to leave such rows out, which PyTorch does by itself.",
    );
  }
  const wrong = (label: number) => label !== ignoreIndex && (label < 0 || label >= classes);
  // A check that passes binds a compiled function's later labels, of which some may be left out.
  if (ignoreIndex === null || range?.some(wrong)) checkRange(op, "label", labels, classes);
  if (classes > 0 || labels.size === 0) return;
  throw new ShapeError(
    `${op}: there are no classes; got labels ${show(labels.shape)}. Give logits of some.`,
  );
}

export const unfit = (op: string, x: Tensor, labels: Tensor, outer: Shape) =>
  new ShapeError(
    `${op}: labels do not fit the logits; got logits ${show(x.shape)}, labels ` +
      `${labels.dtype} ${show(labels.shape)}. Give int32 labels ${show(outer)}, or float32 ` +
      `probabilities ${show(x.shape)}.`,
  );

/** Which rows count (null: all of them), and labels of which those left out are 0. */
export function keptRows(labels: Tensor, { ignoreIndex = null }: CrossEntropyOptions) {
  const kept = ignoreIndex === null ? null : ne(labels, ignoreIndex);
  return { kept, safe: kept === null ? labels : where(kept, labels, 0) };
}

/** The losses of the kept rows reduced; their mean is over the sum of the rows' factors. */
export function reduceKept(
  op: string,
  losses: Tensor,
  kept: Tensor | null,
  factors: Tensor | null,
  outer: Shape,
  { reduction = "mean" }: LossOptions,
): Tensor {
  const only = (x: Tensor) => (kept === null ? x : where(kept, x, 0));
  const counts = factors ?? (kept && cast(kept, "float32"));
  if (reduction === "mean" && counts !== null) return div(sum(only(losses)), sum(only(counts)));
  return reduceLoss(op, reshape(only(losses), outer), reduction);
}
