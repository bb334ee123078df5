/** Losses under PyTorch's names, and without the "Loss" that the namespace says already. */
export * from "../ops/losses/losses.ts";
export {
  binaryCrossEntropy as bce,
  binaryCrossEntropyWithLogits as bceWithLogits,
  cosineEmbeddingLoss as cosineEmbedding,
  ctcLoss as ctc,
  gaussianNllLoss as gaussianNll,
  hingeEmbeddingLoss as hingeEmbedding,
  huberLoss as huber,
  l1Loss as l1,
  marginRankingLoss as marginRanking,
  mseLoss as mse,
  multilabelMarginLoss as multilabelMargin,
  multilabelSoftMarginLoss as multilabelSoftMargin,
  multiMarginLoss as multiMargin,
  nllLoss as nll,
  poissonNllLoss as poissonNll,
  smoothL1Loss as smoothL1,
  softMarginLoss as softMargin,
  tripletMarginLoss as tripletMargin,
  tripletMarginWithDistanceLoss as tripletMarginWithDistance,
} from "../ops/losses/losses.ts";
