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

const weighted = (a: Arguments) => ({
  weight: a.maybeTensor("weight"),
  reduction: reductionOf(a),
});

const marginOf = (a: Arguments, margin: number) => ({
  margin: a.number("margin", margin),
  reduction: reductionOf(a),
});

function divergence(a: Arguments): tg.Tensor {
  return tg.losses.klDiv(a.tensor("input"), a.tensor("target"), {
    reduction: a.text("reduction", "mean") as tg.losses.KlDivOptions["reduction"] & string,
    logTarget: a.flag("log_target"),
  });
}

const lengthsOf = (a: Arguments, name: string): tg.losses.CtcLengths => {
  const given = a.any(name);
  return given instanceof tg.Tensor ? given : a.numbers(name);
};

const alignments = (a: Arguments): tg.Tensor =>
  tg.losses.ctcLoss(
    a.tensor("log_probs"),
    a.tensor("targets"),
    lengthsOf(a, "input_lengths"),
    lengthsOf(a, "target_lengths"),
    {
      blank: a.number("blank", 0),
      reduction: reductionOf(a),
      zeroInfinity: a.flag("zero_infinity"),
    },
  );

type Three = [tg.Tensor, tg.Tensor, tg.Tensor];
const triple = (a: Arguments): Three => [
  a.tensor("anchor"),
  a.tensor("positive"),
  a.tensor("negative"),
];

/** Losses of a probability, rate or density. */
const likelihoods: Adapters = {
  binary_cross_entropy: adapter(`input target weight ${RETIRED}`, (a) =>
    tg.losses.binaryCrossEntropy(a.tensor("input"), a.tensor("target"), weighted(a)),
  ),
  binary_cross_entropy_with_logits: adapter(`input target weight ${RETIRED} pos_weight`, (a) =>
    tg.losses.binaryCrossEntropyWithLogits(a.tensor("input"), a.tensor("target"), {
      ...weighted(a),
      posWeight: a.maybeTensor("pos_weight"),
    }),
  ),
  cross_entropy: labelled(tg.losses.crossEntropy),
  ctc_loss: adapter(
    "log_probs targets input_lengths target_lengths blank reduction zero_infinity",
    alignments,
  ),
  gaussian_nll_loss: adapter("input target var full eps reduction", (a) =>
    tg.losses.gaussianNllLoss(a.tensor("input"), a.tensor("target"), a.tensor("var"), {
      full: a.flag("full"),
      eps: a.number("eps", 1e-6),
      reduction: reductionOf(a),
    }),
  ),
  kl_div: adapter(`input target ${RETIRED} log_target`, divergence),
  nll_loss: labelled(tg.losses.nllLoss),
  poisson_nll_loss: adapter("input target log_input full size_average eps reduce reduction", (a) =>
    tg.losses.poissonNllLoss(a.tensor("input"), a.tensor("target"), {
      logInput: a.flag("log_input", true),
      full: a.flag("full"),
      eps: a.number("eps", 1e-8),
      reduction: reductionOf(a),
    }),
  ),
};

/** Losses that ask for a distance. */
const margins: Adapters = {
  cosine_embedding_loss: adapter(`input1 input2 target margin ${RETIRED}`, (a) =>
    tg.losses.cosineEmbeddingLoss(
      a.tensor("input1"),
      a.tensor("input2"),
      a.tensor("target"),
      marginOf(a, 0),
    ),
  ),
  hinge_embedding_loss: adapter(`input target margin ${RETIRED}`, (a) =>
    tg.losses.hingeEmbeddingLoss(a.tensor("input"), a.tensor("target"), marginOf(a, 1)),
  ),
  margin_ranking_loss: adapter(`input1 input2 target margin ${RETIRED}`, (a) =>
    tg.losses.marginRankingLoss(
      a.tensor("input1"),
      a.tensor("input2"),
      a.tensor("target"),
      marginOf(a, 0),
    ),
  ),
  multi_margin_loss: adapter(`input target p margin weight ${RETIRED}`, (a) =>
    tg.losses.multiMarginLoss(a.tensor("input"), a.tensor("target"), {
      ...marginOf(a, 1),
      p: a.number("p", 1) as 1 | 2,
      weight: a.maybeTensor("weight"),
    }),
  ),
  multilabel_margin_loss: pairwise(tg.losses.multilabelMarginLoss),
  multilabel_soft_margin_loss: adapter(`input target weight ${RETIRED}`, (a) =>
    tg.losses.multilabelSoftMarginLoss(a.tensor("input"), a.tensor("target"), weighted(a)),
  ),
  soft_margin_loss: pairwise(tg.losses.softMarginLoss),
  triplet_margin_loss: adapter(`anchor positive negative margin p eps swap ${RETIRED}`, (a) =>
    tg.losses.tripletMarginLoss(...triple(a), {
      ...marginOf(a, 1),
      p: a.number("p", 2),
      eps: a.number("eps", 1e-6),
      swap: a.flag("swap"),
    }),
  ),
  triplet_margin_with_distance_loss: adapter(
    "anchor positive negative distance_function margin swap reduction",
    (a) =>
      tg.losses.tripletMarginWithDistanceLoss(...triple(a), {
        ...marginOf(a, 1),
        swap: a.flag("swap"),
      }),
  ),
};

export const losses: Adapters = {
  ...likelihoods,
  ...margins,
  huber_loss: adapter("input target reduction delta", (a) =>
    tg.losses.huberLoss(a.tensor("input"), a.tensor("target"), {
      delta: a.number("delta", 1),
      reduction: reductionOf(a),
    }),
  ),
  l1_loss: pairwise(tg.losses.l1Loss),
  mse_loss: pairwise(tg.losses.mseLoss),
  smooth_l1_loss: adapter(`input target ${RETIRED} beta`, (a) =>
    tg.losses.smoothL1Loss(a.tensor("input"), a.tensor("target"), {
      beta: a.number("beta", 1),
      reduction: reductionOf(a),
    }),
  ),
};
