export { type AttentionOptions, scaledDotProductAttention } from "./attention/attention.ts";
export type { ConvOptions, ConvTransposeOptions } from "./conv/checks.ts";
export { conv1d, conv2d, conv3d } from "./conv/conv.ts";
export { convTranspose1d, convTranspose2d, convTranspose3d } from "./conv/convTranspose.ts";
export { type FoldOptions, fold, unfold } from "./conv/fold.ts";
export type { PerAxis } from "./conv/geometry.ts";
export { channelShuffle, pixelShuffle, pixelUnshuffle } from "./conv/shuffle.ts";
export {
  eye,
  full,
  fullLike,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from "./creation/creation.ts";
export type { HostData } from "./creation/hostData.ts";
export {
  arange,
  empty,
  emptyLike,
  fromFunction,
  geomspace,
  linspace,
  logspace,
  tri,
} from "./creation/sequences.ts";
export * from "./elementwise/activations.ts";
export { mul, neg, reciprocal, square } from "./elementwise/arithmetic.ts";
export {
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  logicalXor,
} from "./elementwise/bitwise.ts";
export { cast } from "./elementwise/cast.ts";
export {
  allClose,
  type ClosenessOptions,
  isClose,
  isNegInf,
  isPosInf,
  isReal,
  type NanToNumOptions,
  nanToNum,
} from "./elementwise/classify.ts";
export {
  type AlphaOptions,
  add,
  addcdiv,
  addcmul,
  floatPower,
  fmax,
  fmin,
  lerp,
  rsub,
  sub,
  type ValueOptions,
} from "./elementwise/combine.ts";
export {
  eq,
  ge,
  gt,
  isFinite,
  isInf,
  isNan,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  lt,
  ne,
  where,
} from "./elementwise/compare.ts";
export { exp, log, rsqrt, sigmoid, sqrt, tanh } from "./elementwise/elementwise.ts";
export { erfc, erfinv, ndtr } from "./elementwise/errorFunctions.ts";
export {
  abs,
  clamp,
  clampMax,
  clampMin,
  maximum,
  minimum,
  relu,
  sign,
} from "./elementwise/extrema.ts";
export { digamma, lgamma, mvlgamma, polygamma } from "./elementwise/gamma.ts";
export { glu, prelu, type RreluOptions, rrelu } from "./elementwise/gated.ts";
export { entr, logAddExp, logAddExp2, logit, xlog1py, xlogy } from "./elementwise/logarithms.ts";
export { pow } from "./elementwise/power.ts";
export { deg2rad, exp2, hypot, ldexp, log2, log10, rad2deg } from "./elementwise/powersOfTwo.ts";
export {
  type DivisionOptions,
  div,
  floorDivide,
  fmod,
  remainder,
  trueDivide,
} from "./elementwise/remainder.ts";
export { ceil, fix, floor, frac, type RoundOptions, round, trunc } from "./elementwise/rounding.ts";
export { hardshrink, softshrink, softsign, tanhshrink, threshold } from "./elementwise/shrink.ts";
export { copysign, heaviside, positive, sgn, signBit } from "./elementwise/signs.ts";
export { sinc } from "./elementwise/sinc.ts";
export { erf, expm1, log1p } from "./elementwise/special.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  sin,
  sinh,
  tan,
} from "./elementwise/trigonometry.ts";
export { at, setAt } from "./indexing/at.ts";
export type { Place } from "./indexing/atSpec.ts";
export { type EmbeddingOptions, embedding, oneHot } from "./indexing/embedding.ts";
export { type EmbeddingBagOptions, embeddingBag } from "./indexing/embeddingBag.ts";
export { indexCopy, indexFill, indexPut, indexReduce } from "./indexing/indexed.ts";
export {
  gather,
  indexAdd,
  indexSelect,
  scatterAdd,
  take,
  takeAlongDim,
} from "./indexing/indexing.ts";
export type { Indices } from "./indexing/joined.ts";
export {
  argwhere,
  maskedFill,
  maskedScatter,
  maskedSelect,
  nonzero,
  whereNonzero,
} from "./indexing/masked.ts";
export { put, type ScatterReduce, scatter, scatterReduce } from "./indexing/scatter.ts";
export { chainMatmul, matrixPower, multiDot } from "./linalg/chain.ts";
export { cholesky, choleskyInverse, choleskySolve } from "./linalg/cholesky.ts";
export { type CovarianceOptions, corrcoef, cov } from "./linalg/covariance.ts";
export { cross } from "./linalg/cross.ts";
export { det, logdet, slogdet } from "./linalg/determinant.ts";
export { cdist } from "./linalg/distance.ts";
export { eigh, eigvalsh } from "./linalg/eigh.ts";
export { einsum } from "./linalg/einsum.ts";
export * as linalg from "./linalg/index.ts";
export { lstsq } from "./linalg/leastSquares.ts";
export { lu, luFactor } from "./linalg/luDecomposition.ts";
export { matmul } from "./linalg/matmul.ts";
export { matrixExp } from "./linalg/matrixExp.ts";
export { cond, type MatrixOrder, matrixNorm } from "./linalg/norms.ts";
export {
  addbmm,
  addmm,
  addmv,
  addr,
  baddbmm,
  bilinear,
  bmm,
  dot,
  linear,
  mm,
  mv,
  type ScaleOptions,
  vdot,
} from "./linalg/products.ts";
export { matrixRank, pinv, type ToleranceOptions } from "./linalg/pseudoinverse.ts";
export { type QrMode, qr } from "./linalg/qr.ts";
export { inv, solve, tensorinv, tensorsolve } from "./linalg/solve.ts";
export { svd, svdvals } from "./linalg/svd.ts";
export { type ContractedAxes, inner, kron, outer, tensordot } from "./linalg/tensordot.ts";
export { solveTriangular, triangularSolve } from "./linalg/triangular.ts";
export * from "./losses/losses.ts";
export {
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastTensors,
  expandAs,
  movedim,
  ravel,
  reshapeAs,
  swapaxes,
  unflatten,
  viewAs,
} from "./movement/axes.ts";
export {
  type DiagonalOptions,
  diag,
  diagEmbed,
  diagflat,
  diagonal,
  trace,
} from "./movement/diagonal.ts";
export {
  cartesianProd,
  combinations,
  type MeshgridOptions,
  meshgrid,
  vander,
} from "./movement/grids.ts";
export { cat, flatten, select, squeeze, stack, unbind, unsqueeze } from "./movement/join.ts";
export { broadcastTo, expand, flip, permute, reshape, transpose } from "./movement/movement.ts";
export { type PadMode, type PadOptions, pad } from "./movement/pad.ts";
export {
  diagonalScatter,
  type SliceScatterOptions,
  selectScatter,
  sliceScatter,
} from "./movement/regions.ts";
export { repeat, repeatInterleave, tile } from "./movement/repeat.ts";
export { narrow, slice } from "./movement/slice.ts";
export {
  type Cuts,
  chunk,
  dsplit,
  hsplit,
  split,
  splitWithSizes,
  tensorSplit,
  vsplit,
} from "./movement/split.ts";
export { blockDiag, columnStack, dstack, hstack, rowStack, vstack } from "./movement/stacks.ts";
export {
  type TriangleOptions,
  tril,
  trilIndices,
  triu,
  triuIndices,
} from "./movement/triangle.ts";
export { fliplr, flipud, roll, rot90 } from "./movement/turn.ts";
export { unfoldAxis } from "./movement/unfold.ts";
export { zeroPad } from "./movement/window.ts";
export type { AffineOptions } from "./norm/affine.ts";
export {
  type BatchNormOptions,
  batchNorm,
  batchNormWithRunning,
  type InstanceNormOptions,
  instanceNorm,
  instanceNormWithRunning,
  type NormWithRunning,
} from "./norm/batchNorm.ts";
export { groupNorm, layerNorm, rmsNorm } from "./norm/layerNorm.ts";
export { type LocalResponseNormOptions, localResponseNorm } from "./norm/localResponseNorm.ts";
export {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  lpPool3d,
} from "./pool/avgPool.ts";
export type { AdaptiveSize, WindowOptions } from "./pool/geometry.ts";
export {
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from "./pool/maxPool.ts";
export { type MaxUnpoolOptions, maxUnpool1d, maxUnpool2d, maxUnpool3d } from "./pool/unpool.ts";
export {
  cauchy,
  exponential,
  type GammaOptions,
  gamma,
  geometric,
  logNormal,
  poisson,
} from "./random/distributions.ts";
export { defaultGenerator, Generator, manualSeed } from "./random/generator.ts";
export {
  bernoulli,
  dropout,
  normal,
  type PlainRandom,
  type RandomOptions,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  uniform,
} from "./random/random.ts";
export { categorical, type MultinomialOptions, multinomial } from "./random/sampling.ts";
export { type TruncatedOptions, truncatedNormal } from "./random/truncated.ts";
export { type CellWeights, gruCell, lstmCell, rnnCell } from "./recurrent/cells.ts";
export {
  gruSequence,
  type LstmSequenceOptions,
  lstmSequence,
  type RnnSequenceOptions,
  rnnSequence,
  type SequenceOptions,
} from "./recurrent/sequences.ts";
export {
  type CosineOptions,
  cosineSimilarity,
  type DistanceOptions,
  dist,
  type NormalizeOptions,
  normalize,
  pairwiseDistance,
  renorm,
} from "./reduce/distances.ts";
export { aminmax, maxWithIndices, minWithIndices } from "./reduce/extremaWithIndices.ts";
export { logSumExp } from "./reduce/logSumExp.ts";
export { countNonzero, nanmean, nansum } from "./reduce/nan.ts";
export { norm, vectorNorm } from "./reduce/norm.ts";
export { prod } from "./reduce/prod.ts";
export { all, any, mean, sum } from "./reduce/reduce.ts";
export { amax, amin, argmax, argmin, max, min } from "./reduce/reduceExtrema.ts";
export type { Axes, ReduceOptions } from "./reduce/reduceRules.ts";
export { logSoftmax, softmax, softmin } from "./reduce/softmax.ts";
export {
  std,
  stdMean,
  type VarianceOptions,
  variance,
  varMean,
} from "./reduce/statistics.ts";
export { affineGrid } from "./resample/affineGrid.ts";
export { type GridSampleOptions, gridSample } from "./resample/gridSample.ts";
export {
  type InterpolateOptions,
  type InterpolationMode,
  interpolate,
  upsample,
} from "./resample/interpolate.ts";
export {
  cumulativeTrapezoid,
  type DiffOptions,
  diff,
  type TrapezoidOptions,
  trapezoid,
} from "./scan/differences.ts";
export {
  cummax,
  cummin,
  cumprod,
  cumsum,
  logcumsumexp,
  type ScanOptions,
  type ValuesAndIndices,
} from "./scan/scans.ts";
export { type BincountOptions, bincount } from "./sort/counts.ts";
export {
  type HistcOptions,
  type HistogramOptions,
  histc,
  histogram,
} from "./sort/histogram.ts";
export {
  kthvalue,
  median,
  medianWithIndices,
  mode,
  nanmedian,
  nanmedianWithIndices,
} from "./sort/orderStatistics.ts";
export {
  type Interpolation,
  nanquantile,
  type QuantileOptions,
  quantile,
} from "./sort/quantile.ts";
export { bucketize, type SearchOptions, searchsorted } from "./sort/search.ts";
export { argsort, msort, type SortOptions, sort, type TopKOptions, topk } from "./sort/sort.ts";
export { type Unique, type UniqueOptions, unique, uniqueConsecutive } from "./sort/unique.ts";
