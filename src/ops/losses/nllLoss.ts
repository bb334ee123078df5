import { isFloat } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul, neg } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { gather, take } from "../indexing/indexing.ts";
import { unsqueeze } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import {
  type CrossEntropyOptions,
  checkLabels,
  checkOptions,
  classRows,
  keptRows,
  outerShape,
  reduceKept,
  unfit,
} from "./classRules.ts";

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
  const { kept, safe } = keptRows(reshape(cast(labels, "int32"), [labels.size]), options);
  const losses = neg(reshape(gather(rows, 1, unsqueeze(safe, 1)), safe.shape));
  const { weight = null } = options;
  const factors = weight === null ? null : take(weight, safe);
  const weighted = factors === null ? losses : mul(losses, factors);
  return reduceKept("nllLoss", weighted, kept, factors, outer, options);
}
