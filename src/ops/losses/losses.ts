export { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "./binary.ts";
export { type CrossEntropyOptions, crossEntropy, nllLoss } from "./crossEntropy.ts";
export { type CtcOptions, ctcLoss, type Lengths } from "./ctc.ts";
export {
  cosineEmbeddingLoss,
  type TripletOptions,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "./embeddings.ts";
export {
  gaussianNllLoss,
  type KlDivOptions,
  klDiv,
  type PoissonOptions,
  poissonNllLoss,
} from "./likelihoods.ts";
export { type LossOptions, type LossReduction, reduceLoss } from "./lossRules.ts";
export {
  hingeEmbeddingLoss,
  marginRankingLoss,
  multiMarginLoss,
  softMarginLoss,
} from "./margins.ts";
export { multilabelMarginLoss, multilabelSoftMarginLoss } from "./multilabel.ts";
export { huberLoss, l1Loss, mseLoss, smoothL1Loss } from "./regression.ts";
