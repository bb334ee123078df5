export * from "./activations.ts";
export { add, div, mul, neg, reciprocal, square, sub } from "./arithmetic.ts";
export { cast } from "./cast.ts";
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
} from "./compare.ts";
export {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from "./creation.ts";
export { exp, log, rsqrt, sigmoid, sqrt, tanh } from "./elementwise.ts";
export { abs, clamp, clampMax, clampMin, maximum, minimum, relu, sign } from "./extrema.ts";
export type { HostData } from "./hostData.ts";
export { embedding, gather, indexAdd, indexSelect, oneHot, scatterAdd, take } from "./indexing.ts";
export {
  cat,
  chunk,
  flatten,
  select,
  split,
  squeeze,
  stack,
  tile,
  unbind,
  unsqueeze,
} from "./join.ts";
export * from "./losses.ts";
export { matmul } from "./matmul.ts";
export { broadcastTo, expand, flip, permute, reshape, transpose } from "./movement.ts";
export { pow } from "./power.ts";
export { exp2, hypot, log2, log10, logAddExp } from "./powersOfTwo.ts";
export { prod } from "./prod.ts";
export {
  bernoulli,
  defaultGenerator,
  dropout,
  Generator,
  manualSeed,
  normal,
  type RandomOptions,
  rand,
  randint,
  randn,
  randperm,
  uniform,
} from "./random.ts";
export { all, any, mean, sum } from "./reduce.ts";
export { amax, amin, argmax, argmin, max, min } from "./reduceExtrema.ts";
export type { Axes } from "./reduceRules.ts";
export { ceil, floor, fmod, frac, remainder, round, trunc } from "./rounding.ts";
export { narrow, slice } from "./slice.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { erf, expm1, log1p } from "./special.ts";
export { std, type VarianceOptions, variance } from "./statistics.ts";
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
} from "./trigonometry.ts";
export { zeroPad } from "./window.ts";
