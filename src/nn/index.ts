export { GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from "./activations/normalized.ts";
export {
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  Softshrink,
  Threshold,
} from "./activations/piecewise.ts";
export {
  CELU,
  ELU,
  LeakyReLU,
  PReLU,
  ReLU,
  ReLU6,
  RReLU,
  SELU,
} from "./activations/rectifiers.ts";
export {
  GELU,
  type GELUOptions,
  LogSigmoid,
  Mish,
  Sigmoid,
  SiLU,
  Softplus,
  Softsign,
  Tanh,
  Tanhshrink,
} from "./activations/smooth.ts";
export {
  type AttendOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./attention/multiheadAttention.ts";
export {
  type EncodeOptions,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
  type TransformerEncoderOptions,
} from "./attention/transformerEncoder.ts";
export {
  type FullBackwardHook,
  type GradientList,
  registerFullBackwardHook,
} from "./backwardHooks.ts";
export { Bilinear, type BilinearOptions } from "./bilinear.ts";
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions, type PaddingMode } from "./conv/convNd.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
} from "./conv/convTransposeNd.ts";
export type { SeedOptions } from "./draws.ts";
export { AlphaDropout, FeatureAlphaDropout } from "./dropout/alphaDropout.ts";
export { Dropout1d, Dropout2d, Dropout3d } from "./dropout/channelDropout.ts";
export { Dropout } from "./dropout/dropout.ts";
export type { DropoutOptions } from "./dropout/dropoutLayer.ts";
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagLayerOptions,
  type EmbeddingLayerOptions,
  type PretrainedOptions,
} from "./embedding.ts";
export { type Fans, fans, gain, type Nonlinearity } from "./fans.ts";
export { Flatten, Unflatten } from "./flatten.ts";
export { Fold, Unfold } from "./fold.ts";
export { type FreezeOptions, freeze, unfreeze } from "./freeze.ts";
export { functionalCall, parametersOf, type Values } from "./functionalCall.ts";
export {
  type ForwardHook,
  type ForwardPreHook,
  type HookHandle,
  registerForwardHook,
  registerForwardPreHook,
} from "./hooks.ts";
export { Identity } from "./identity.ts";
export type {
  Initializer,
  KaimingOptions,
  LsuvLayer,
  LsuvOptions,
  SparseOptions,
  XavierOptions,
} from "./init.ts";
export * as init from "./init.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export * as losses from "./losses.ts";
export { type Layer, Module } from "./module.ts";
export { ModuleDict } from "./moduleDict.ts";
export { ModuleList } from "./moduleList.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormLayerOptions,
} from "./norm/batchNorm.ts";
export { GroupNorm, type GroupNormOptions } from "./norm/groupNorm.ts";
export {
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormLayerOptions,
} from "./norm/instanceNorm.ts";
export {
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./norm/layerNorm.ts";
export { LocalResponseNorm } from "./norm/localResponseNorm.ts";
export { type CalibrationBatch, recalibrateBatchNorm } from "./norm/recalibrate.ts";
export { ConstantPad1d, ConstantPad2d, ConstantPad3d } from "./pad/constantPad.ts";
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from "./pad/pad.ts";
export type { Sides } from "./pad/padNd.ts";
export { Parameter } from "./parameter.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolOptions,
} from "./pool/adaptivePool.ts";
export { AvgPool1d, AvgPool2d, AvgPool3d } from "./pool/avgPool.ts";
export { LPPool1d, LPPool2d, LPPool3d, type LPPoolOptions } from "./pool/lpPool.ts";
export {
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPooled,
  type MaxPoolLayerOptions,
} from "./pool/maxPool.ts";
export {
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
  type MaxUnpoolLayerOptions,
} from "./pool/maxUnpool.ts";
export {
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from "./recurrent/cells.ts";
export type { Lengths } from "./recurrent/checks.ts";
export { GRU, type GRUOptions } from "./recurrent/gru.ts";
export { LSTM, type LSTMOptions, type LSTMState } from "./recurrent/lstm.ts";
export type { LengthOptions, RecurrentOptions } from "./recurrent/options.ts";
export type { Recurrent } from "./recurrent/recurrent.ts";
export { RNN, type RNNOptions } from "./recurrent/rnn.ts";
export type { RecurrentWeights } from "./recurrent/weights.ts";
export { Residual, type ResidualOptions } from "./residual.ts";
export { type NamedLayers, Sequential } from "./sequential.ts";
export { ChannelShuffle, PixelShuffle, PixelUnshuffle } from "./shuffle.ts";
export { CosineSimilarity, PairwiseDistance } from "./similarity.ts";
export { removeSpectralNorm, type SpectralNormOptions, spectralNorm } from "./spectralNorm.ts";
export type { LoadResult, LoadStateOptions, StateDict } from "./stateDict.ts";
export {
  type Summary,
  type SummaryInput,
  type SummaryOptions,
  type SummaryRow,
  summary,
} from "./summary.ts";
export {
  Upsample,
  type UpsampleOptions,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
  type UpsamplingOptions,
} from "./upsample.ts";
export { removeWeightNorm, weightNorm } from "./weightNorm.ts";
