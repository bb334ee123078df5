import { MOST_STATES } from "../../../kernels/rows/ctc.ts";
import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { indexList } from "../creation/creation.ts";
import { indexAlong } from "../creation/iota.ts";
import { knownValues } from "../creation/known.ts";
import { add, div, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { isInf, lt, where } from "../elementwise/compare.ts";
import { clamp, clampMin } from "../elementwise/extrema.ts";
import { gather, take } from "../indexing/indexing.ts";
import { stack, unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { zeroPad } from "../movement/window.ts";
import { checkRange, rangeOf, withRange } from "../range.ts";
import { checkIndexDType } from "../rules.ts";
import { cumsum } from "../scan/scans.ts";
import { ctcComposed, statesOf } from "./ctcComposed.ts";
import { ctcLosses, logProbabilities } from "./ctcOps.ts";
import { type LossOptions, reduceLoss } from "./lossRules.ts";

const OP = "ctcLoss";

/** One length for each example, or the only one. */
export type CtcLengths = Tensor | readonly number[] | number;

export interface CtcOptions extends LossOptions {
  /** The class that means "no label here"; the default is 0. */
  readonly blank?: number;
  /** Counts examples whose labels do not fit into their steps as 0, not as Infinity. */
  readonly zeroInfinity?: boolean;
}

/**
 * Connectionist temporal classification: -ln of the probability that the classes of all steps,
 * with repetitions merged and blanks dropped, are the labels; the sum over all alignments.
 * "mean" divides each loss by its number of labels first, as PyTorch does. The gradient is that of
 * PyTorch, e^logProbs - p(class | labels), so the log probabilities must come from `logSoftmax`;
 * where no alignment fits the loss is Infinity and the gradient 0 (NaN in PyTorch).
 * Labels that are the blank or no class are errors.
 * @param logProbs [T, N, C], or [T, C] for one example
 * @param targets int32 [N, S], what stands behind an example's labels does not count; or all
 * labels one behind the other; [S] for one example
 * @param inputLengths steps of each example, at most T  @param targetLengths labels of each
 * @returns [], or [N] ("none")  @throws ShapeError, DTypeError, ValueError, IndexError
 * Source: Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification".
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: CtcLengths,
  targetLengths: CtcLengths,
  { blank = 0, zeroInfinity = false, reduction }: CtcOptions = {},
): Tensor {
  checkProbabilities(logProbs, blank);
  checkIndexDType(OP, targets.dtype);
  const single = logProbs.rank === 2;
  const batch = single ? unsqueeze(logProbs, 1) : logProbs;
  const [steps, examples, classes] = batch.shape as [number, number, number];
  const length = (what: string, given: CtcLengths) => lengthsOf(what, given, examples, batch);
  const taken = length("input length", inputLengths);
  checkRange(OP, "input length", taken, steps + 1);
  const counts = length("target length", targetLengths);
  const labels = labelsOf(single ? unsqueeze(targets, 0) : targets, counts, classes);
  const states = statesOf(labels, blank);
  const safe = withRange(clamp(states, 0, classes - 1), [0, classes - 1]);
  const places = expand(unsqueeze(safe, 0), [steps, ...safe.shape]);
  const emissions = gather(logProbabilities(batch), 2, places);
  const lengths = stack([taken, counts]);
  const losses =
    states.shape[1]! > MOST_STATES
      ? ctcComposed([emissions, labels, lengths])
      : ctcLosses(emissions, labels, lengths, { classes, blank });
  const finite = zeroInfinity ? where(isInf(losses), 0, losses) : losses;
  const shares = reduction === undefined || reduction === "mean";
  const each = shares ? div(finite, clampMin(cast(counts, "float32"), 1)) : finite;
  return reduceLoss(OP, single ? reshape(each, []) : each, reduction);
}

function checkProbabilities(logProbs: Tensor, blank: number): void {
  const { rank, shape, dtype } = logProbs;
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `${OP}: log probabilities are floats; got dtype ${dtype}. Make them with logSoftmax(x, -1).`,
    );
  }
  const [steps, classes] = [shape[0], shape.at(-1)];
  if ((rank !== 2 && rank !== 3) || steps === 0 || classes === 0) {
    throw new ShapeError(
      `${OP}: the log probabilities are not [steps, batch, classes] or [steps, classes]; got ` +
        `${show(shape)}. Permute them: x.permute([1, 0, 2]) where the batch is first.`,
    );
  }
  if (Number.isInteger(blank) && blank >= 0 && blank < classes!) return;
  throw new ValueError(
    `${OP}: the blank is no class; got ${blank} for ${classes} classes. Use 0..${classes! - 1}.`,
  );
}

/** CtcLengths as int32 [N], which know their range where the host does. */
function lengthsOf(what: string, given: CtcLengths, examples: number, like: Tensor): Tensor {
  const { device } = like;
  const list = typeof given === "number" ? [given] : given;
  if (!(list instanceof Tensor) && !list.every(Number.isInteger)) {
    throw new ValueError(`${OP}: the ${what}s are not whole numbers; got ${list}. Count them.`);
  }
  const lengths = list instanceof Tensor ? list : indexList(list, device as Device);
  checkIndexDType(OP, lengths.dtype);
  const one = examples === 1 && lengths.rank === 0;
  if (!one && !sameShape(lengths.shape, [examples])) {
    throw new ShapeError(
      `${OP}: there is not one ${what} for each example; got ${show(lengths.shape)} for ` +
        `${examples} examples. Give [${examples}].`,
    );
  }
  const row = cast(reshape(lengths, [examples]), "int32");
  return withRange(row, rangeOf(lengths));
}

/** Labels as int32 [N, S] with S of at least 1. */
function labelsOf(targets: Tensor, counts: Tensor, classes: number): Tensor {
  const examples = counts.size;
  if (targets.rank === 1) {
    checkRange(OP, "label", targets, classes);
    checkRange(OP, "target length", counts, targets.size + 1);
  } else if (targets.rank === 2 && targets.shape[0] === examples) {
    checkRange(OP, "target length", counts, targets.shape[1]! + 1);
  } else {
    throw new ShapeError(
      `${OP}: the targets do not fit the batch; got ${show(targets.shape)} for ${examples} ` +
        `examples. Give [${examples}, S], or all labels one behind the other.`,
    );
  }
  const given = cast(targets, "int32");
  const rows = given.rank === 2 ? given : split(given, counts);
  return rows.shape[1] === 0 ? zeroPad(rows, [0, 0], [0, 1]) : rows;
}

/** Labels that stand one behind the other, as rows of examples. */
function split(given: Tensor, counts: Tensor): Tensor {
  const known = Array.from(knownValues(counts) ?? []).reduce((sum, n) => sum + n, 0);
  if (known > given.size) {
    throw new ShapeError(
      `${OP}: there are fewer labels than the target lengths say; got ${given.size} for ${known}. ` +
        "Give all labels one behind the other, or [batch, S] with filler behind them.",
    );
  }
  const labels = given.size === 0 ? zeroPad(given, [0], [1]) : given;
  const longest = Math.max(1, Math.min(labels.size, rangeOf(counts)?.[1] ?? labels.size));
  // Later arguments of a compiled function must fit, too.
  checkRange(OP, "target length", counts, longest + 1);
  const shape = [counts.size, longest];
  const place = indexAlong(expand(unsqueeze(counts, 1), shape), 1);
  const inside = lt(place, unsqueeze(counts, 1));
  const starts = unsqueeze(sub(cumsum(counts, 0), counts), 1);
  return where(inside, take(labels, where(inside, add(starts, place), 0)), 0);
}
