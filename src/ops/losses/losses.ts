export { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "./binary.ts";
export type { CrossEntropyOptions } from "./classRules.ts";
export {
  type ContrastiveOptions,
  type InfoNceOptions,
  infoNceLoss,
  ntXentLoss,
} from "./contrastive.ts";
export { crossEntropy } from "./crossEntropy.ts";
export { type CtcLengths, type CtcOptions, ctcLoss } from "./ctc.ts";
export { type DiceOptions, diceLoss } from "./dice.ts";
export {
  cosineEmbeddingLoss,
  type TripletOptions,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "./embeddings.ts";
export {
  type SigmoidFocalOptions,
  type SoftmaxFocalOptions,
  sigmoidFocalLoss,
  softmaxFocalLoss,
} from "./focal.ts";
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
export { nllLoss } from "./nllLoss.ts";
export { huberLoss, l1Loss, mseLoss, smoothL1Loss } from "./regression.ts";
