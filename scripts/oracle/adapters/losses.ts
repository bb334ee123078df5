import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { hostValues } from "../golden.ts";
import { type Adapters, adapter } from "./adapter.ts";

type Reduction = tg.losses.LossReduction;
const reductionOf = (a: Arguments): Reduction => a.text("reduction", "mean") as Reduction;

const RETIRED = "size_average reduce reduction";

type Pairwise = (x: tg.Tensor, y: tg.Tensor, options: tg.losses.LossOptions) => tg.Tensor;
const pairwise = (f: Pairwise) =>
  adapter(`input target ${RETIRED}`, (a) =>
    f(a.tensor("input"), a.tensor("target"), { reduction: reductionOf(a) }),
  );

/**
 * Left out it is -100 in PyTorch and none in tapegrad: the same unless a label is -100, and then
 * it must be said.
 */
function ignoredIn(a: Arguments): number | null {
  const ignored = a.number("ignore_index", -100);
  const occurs = Array.from(hostValues(a.tensor("target"))).includes(ignored);
  return a.has("ignore_index") || occurs ? ignored : null;
}

type Labelled = (x: tg.Tensor, y: tg.Tensor, options: tg.losses.CrossEntropyOptions) => tg.Tensor;
const labelled = (f: Labelled) =>
  adapter("input target weight size_average ignore_index reduce reduction label_smoothing", (a) =>
    f(a.tensor("input"), a.tensor("target"), {
      weight: a.maybeTensor("weight"),
      ignoreIndex: ignoredIn(a),
      labelSmoothing: a.number("label_smoothing", 0),
      reduction: reductionOf(a),
    }),
  );

function logitLoss(a: Arguments): tg.Tensor {
  return tg.losses.binaryCrossEntropyWithLogits(a.tensor("input"), a.tensor("target"), {
    weight: a.maybeTensor("weight"),
    posWeight: a.maybeTensor("pos_weight"),
    reduction: reductionOf(a),
  });
}

function divergence(a: Arguments): tg.Tensor {
  const reduction = a.text("reduction", "mean");
  return tg.losses.klDiv(a.tensor("input"), a.tensor("target"), {
    reduction: reduction === "batchmean" ? "batchMean" : (reduction as Reduction),
    logTarget: a.flag("log_target"),
  });
}

export const losses: Adapters = {
  binary_cross_entropy: adapter(`input target weight ${RETIRED}`, (a) =>
    tg.losses.binaryCrossEntropy(a.tensor("input"), a.tensor("target"), {
      weight: a.maybeTensor("weight"),
      reduction: reductionOf(a),
    }),
  ),
  binary_cross_entropy_with_logits: adapter(`input target weight ${RETIRED} pos_weight`, logitLoss),
  cross_entropy: labelled(tg.losses.crossEntropy),
  huber_loss: adapter("input target reduction delta", (a) =>
    tg.losses.huberLoss(a.tensor("input"), a.tensor("target"), {
      delta: a.number("delta", 1),
      reduction: reductionOf(a),
    }),
  ),
  kl_div: adapter(`input target ${RETIRED} log_target`, divergence),
  l1_loss: pairwise(tg.losses.l1Loss),
  mse_loss: pairwise(tg.losses.mseLoss),
  nll_loss: labelled(tg.losses.nllLoss),
  smooth_l1_loss: adapter(`input target ${RETIRED} beta`, (a) =>
    tg.losses.smoothL1Loss(a.tensor("input"), a.tensor("target"), {
      beta: a.number("beta", 1),
      reduction: reductionOf(a),
    }),
  ),
};
