import { isFloat } from "../../core/dtype.ts";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { ne, where } from "../elementwise/compare.ts";
import { gather, take } from "../indexing/indexing.ts";
import { unsqueeze } from "../movement/join.ts";
import { permute, reshape } from "../movement/movement.ts";
import { checkRange, rangeOf } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { logSoftmax } from "../reduce/softmax.ts";
import { crossEntropyLoss, fitsWorkgroup } from "./crossEntropyOps.ts";
import { checkSize, type LossOptions, reduceLoss } from "./lossRules.ts";

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
function classRows(x: Tensor): Tensor {
  const axis = x.rank === 1 ? 0 : 1;
  const order = x.shape.map((_, d) => d).filter((d) => d !== axis);
  const classes = x.shape[axis]!;
  return reshape(permute(x, [...order, axis]), [x.size === 0 ? 0 : x.size / classes, classes]);
}

/** The shape without the classes. */
const outerShape = (x: Tensor): Shape => (x.rank < 2 ? [] : [x.shape[0]!, ...x.shape.slice(2)]);

function checkOptions(op: string, x: Tensor, options: CrossEntropyOptions): void {
  const { weight = null, labelSmoothing = 0 } = options;
  if (weight !== null && x.rank > 0)
    checkSize(op, "weight", weight, [x.shape[x.rank > 1 ? 1 : 0]!]);
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return;
  throw new ValueError(
    `${op}: labelSmoothing is not between 0 and 1; got ${labelSmoothing}. Use 0.1, for example.`,
  );
}

/**
 * -ln softmax(x)[label], the mean over rows (or their sum, or each).
 * @param x logits [N, C] or [N, C, d1…] or [C]
 * @param labels int32 [N] or [N, d1…] or []; or probabilities, float32 in the shape of x
 * @returns [] ("mean", weighted by `weight` where given; "sum"), or the shape of the labels
 * @throws ShapeError, DTypeError; IndexError for labels outside 0..C-1
 */
export function crossEntropy(x: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", weight = null, ignoreIndex = null, labelSmoothing = 0 } = options;
  const outer = outerShape(x);
  checkOptions("crossEntropy", x, options);
  if (isFloat(labels.dtype)) return probabilityLoss(x, labels, outer, options);
  if (x.rank === 0 || !sameShape(labels.shape, outer))
    throw unfit("crossEntropy", x, labels, outer);
  const classes = x.shape[x.rank === 1 ? 0 : 1]!;
  const rows = classRows(x);
  const flat = reshape(cast(labels, "int32"), [labels.size]);
  checkLabels("crossEntropy", labels, classes, options);
  const plain = weight === null && ignoreIndex === null && labelSmoothing === 0;
  if (!plain || x.size === 0) return labelLoss(rows, flat, outer, options);
  const trusted = rangeOf(labels) !== null;
  if (reduction !== "none" && fitsWorkgroup(rows.shape)) {
    if (reduction !== "mean" && reduction !== "sum") reduceLoss("crossEntropy", rows, reduction);
    return crossEntropyLoss(rows, flat, { form: reduction, trusted });
  }
  if (reduction === "mean") return sum(crossEntropyLoss(rows, flat, { form: "shares", trusted }));
  const losses = crossEntropyLoss(rows, flat, { form: "rows", trusted });
  return reduceLoss("crossEntropy", reshape(losses, outer), reduction);
}

/** @throws IndexError when host data holds a label that is no class and is not left out */
function checkLabels(
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
}

const unfit = (op: string, x: Tensor, labels: Tensor, outer: Shape) =>
  new ShapeError(
    `${op}: labels do not fit the logits; got logits ${show(x.shape)}, labels ` +
      `${labels.dtype} ${show(labels.shape)}. Give int32 labels ${show(outer)}, or float32 ` +
      `probabilities ${show(x.shape)}.`,
  );

function probabilityLoss(x: Tensor, p: Tensor, outer: Shape, options: CrossEntropyOptions): Tensor {
  const { reduction = "mean", weight = null, labelSmoothing = 0 } = options;
  if (x.rank === 0 || !sameShape(x.shape, p.shape)) throw unfit("crossEntropy", x, p, outer);
  const logs = logSoftmax(classRows(x), 1);
  const classes = logs.shape[1]!;
  const given = classRows(p);
  const smooth =
    labelSmoothing === 0 ? given : add(mul(given, 1 - labelSmoothing), labelSmoothing / classes);
  const terms = mul(logs, weight === null ? smooth : mul(smooth, weight));
  return reduceLoss("crossEntropy", reshape(neg(sum(terms, 1)), outer), reduction);
}

/** Integer labels with class weights, ignored rows or smoothing, composed from other ops. */
function labelLoss(
  rows: Tensor,
  labels: Tensor,
  outer: Shape,
  options: CrossEntropyOptions,
): Tensor {
  const { weight = null, labelSmoothing = 0 } = options;
  const logs = logSoftmax(rows, 1);
  const { picked, factors, kept, reduced } = chosen("crossEntropy", logs, labels, options);
  const sharp = reduced(mul(factors, picked), outer);
  if (labelSmoothing === 0) return sharp;
  const all = neg(sum(weight === null ? logs : mul(logs, weight), 1));
  const flat = reduced(where(kept, all, 0), outer);
  return add(mul(sharp, 1 - labelSmoothing), mul(flat, labelSmoothing / rows.shape[1]!));
}

/** The negative log probability of each label, its factor, and how losses are reduced. */
function chosen(op: string, logs: Tensor, labels: Tensor, options: CrossEntropyOptions) {
  const { reduction = "mean", weight = null, ignoreIndex = null } = options;
  const kept = ne(labels, ignoreIndex ?? -(2 ** 31));
  const safe = ignoreIndex === null ? labels : where(kept, labels, 0);
  const picked = neg(reshape(gather(logs, 1, unsqueeze(safe, 1)), labels.shape));
  const ones = cast(kept, "float32");
  const factors = weight === null ? ones : mul(ones, take(weight, safe));
  const reduced = (losses: Tensor, outer: Shape) => {
    if (reduction === "mean") return div(sum(losses), sum(factors));
    return reduceLoss(op, reshape(losses, outer), reduction);
  };
  return { picked, factors, kept, reduced };
}

/**
 * -weight[label] · logp[label] for log probabilities [N, C, d1…] and int32 labels [N, d1…].
 * @returns [] or the shape of the labels  @throws ShapeError, DTypeError, IndexError
 */
export function nllLoss(
  logp: Tensor,
  labels: Tensor,
  options: Omit<CrossEntropyOptions, "labelSmoothing"> = {},
): Tensor {
  const outer = outerShape(logp);
  if (isFloat(labels.dtype)) {
    throw new DTypeError(
      `nllLoss: labels are whole numbers; got dtype ${labels.dtype}. ` +
        'Make them with tensor(labels, { dtype: "int32" }).',
    );
  }
  if (logp.rank === 0 || !sameShape(labels.shape, outer))
    throw unfit("nllLoss", logp, labels, outer);
  checkOptions("nllLoss", logp, options);
  const rows = classRows(logp);
  checkLabels("nllLoss", labels, rows.shape[1]!, options);
  const flat = reshape(cast(labels, "int32"), [labels.size]);
  const { picked, factors, reduced } = chosen("nllLoss", rows, flat, options);
  return reduced(mul(factors, picked), outer);
}
