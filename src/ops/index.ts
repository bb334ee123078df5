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
} from "./creation/creation.ts";
export type { HostData } from "./creation/hostData.ts";
export * from "./elementwise/activations.ts";
export { add, div, mul, neg, reciprocal, square, sub } from "./elementwise/arithmetic.ts";
export { cast } from "./elementwise/cast.ts";
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
export { pow } from "./elementwise/power.ts";
export { exp2, hypot, log2, log10, logAddExp } from "./elementwise/powersOfTwo.ts";
export { ceil, floor, fmod, frac, remainder, round, trunc } from "./elementwise/rounding.ts";
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
export {
  embedding,
  gather,
  indexAdd,
  indexSelect,
  oneHot,
  scatterAdd,
  take,
} from "./indexing/indexing.ts";
export { matmul } from "./linalg/matmul.ts";
export * from "./losses/losses.ts";
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
} from "./movement/join.ts";
export { broadcastTo, expand, flip, permute, reshape, transpose } from "./movement/movement.ts";
export { narrow, slice } from "./movement/slice.ts";
export { zeroPad } from "./movement/window.ts";
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
} from "./random/random.ts";
export { prod } from "./reduce/prod.ts";
export { all, any, mean, sum } from "./reduce/reduce.ts";
export { amax, amin, argmax, argmin, max, min } from "./reduce/reduceExtrema.ts";
export type { Axes } from "./reduce/reduceRules.ts";
export { logSoftmax, softmax } from "./reduce/softmax.ts";
export { std, type VarianceOptions, variance } from "./reduce/statistics.ts";
