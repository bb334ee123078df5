import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapter, type Adapters, adapter } from "./adapter.ts";
import { dtypeOf } from "./dtypes.ts";

type Reduction = (x: tg.Tensor, axes?: tg.Axes, keepDims?: boolean) => tg.Tensor;

const axesOf = (a: Arguments): tg.Axes | undefined => a.axes("dim") ?? undefined;

const reduction = (f: Reduction): Adapter =>
  adapter("input dim keepdim", (a) => f(a.tensor("input"), axesOf(a), a.flag("keepdim")));

type Accumulation = (x: tg.Tensor, axes?: tg.Axes, options?: tg.ReduceOptions) => tg.Tensor;

/** The same with the dtype to compute in. */
const accumulation = (f: Accumulation): Adapter =>
  adapter("input dim keepdim dtype", (a) =>
    f(a.tensor("input"), axesOf(a), { keepDims: a.flag("keepdim"), dtype: dtypeOf(a) }),
  );

/** Methods that take one axis, or reduce all of them. */
type Place = (x: tg.Tensor, axis?: number, keepDims?: boolean) => tg.Tensor;
const place = (f: Place): Adapter =>
  adapter("input dim keepdim", (a) => {
    const axis = a.has("dim") ? a.number("dim") : undefined;
    return f(a.tensor("input"), axis, a.flag("keepdim"));
  });

type Pair = (x: tg.Tensor, axis: number, keepDims: boolean) => tg.ValuesAndIndices;

const both = ({ values, indices }: tg.ValuesAndIndices): tg.Tensor[] => [values, indices];

/** torch.max and torch.min: of two tensors, of all elements, or along an axis with the indices. */
function extremum(
  values: Reduction,
  pair: Pair,
  binary: (x: tg.Tensor, y: tg.Tensor) => tg.Tensor,
): Adapter {
  return adapter("input dim keepdim", (a) => {
    const x = a.tensor("input");
    if (a.has("other")) return binary(x, a.tensor("other"));
    const second = a.any("dim");
    if (second instanceof tg.Tensor) return binary(x, second);
    if (!a.has("dim")) return values(x);
    return both(pair(x, a.number("dim"), a.flag("keepdim")));
  });
}

/** torch.median: of all elements, or along an axis with the indices. */
const middle = (all: (x: tg.Tensor) => tg.Tensor, pair: Pair): Adapter =>
  adapter("input dim keepdim", (a) => {
    const x = a.tensor("input");
    if (!a.has("dim")) return all(x);
    return both(pair(x, a.number("dim"), a.flag("keepdim")));
  });

function correctionOf(a: Arguments, unbiased: boolean): number {
  const standard = unbiased ? 1 : 0;
  return a.has("correction") ? a.number("correction") : standard;
}

/** var(x, unbiased) and var(x, dim, unbiased | correction, keepdim). */
const spread = (
  f: (x: tg.Tensor, axes?: tg.Axes, options?: tg.VarianceOptions) => tg.Tensor | tg.Tensor[],
): Adapter =>
  adapter("input dim unbiased keepdim", (a) => {
    const first = a.any("dim");
    if (typeof first === "boolean") {
      return f(a.tensor("input"), undefined, { correction: correctionOf(a, first) });
    }
    const correction = correctionOf(a, a.flag("unbiased", true));
    return f(a.tensor("input"), axesOf(a), { correction, keepDims: a.flag("keepdim") });
  });

function fractionOf(a: Arguments): number | readonly number[] | tg.Tensor {
  const q = a.any("q");
  if (q instanceof tg.Tensor) return q;
  return typeof q === "number" ? q : a.numbers("q");
}

const quantile = (f: typeof tg.quantile): Adapter =>
  adapter("input q dim keepdim interpolation", (a) =>
    f(a.tensor("input"), fractionOf(a), {
      axis: a.has("dim") ? a.number("dim") : null,
      keepDims: a.flag("keepdim"),
      interpolation: a.text("interpolation", "linear") as tg.Interpolation,
    }),
  );

const distances: Adapters = {
  cosine_similarity: adapter("x1 x2 dim eps", (a) =>
    tg.cosineSimilarity(a.tensor("x1"), a.tensor("x2"), {
      axis: a.number("dim", 1),
      eps: a.number("eps", 1e-8),
    }),
  ),
  dist: adapter("input other p", (a) =>
    tg.dist(a.tensor("input"), a.tensor("other"), a.number("p", 2)),
  ),
  "linalg.vector_norm": adapter("x ord dim keepdim dtype", (a) =>
    tg.vectorNorm(a.tensor("x"), a.number("ord", 2), axesOf(a), {
      keepDims: a.flag("keepdim"),
      dtype: dtypeOf(a),
    }),
  ),
  normalize: adapter("input p dim eps", (a) =>
    tg.normalize(a.tensor("input"), {
      p: a.number("p", 2),
      axis: a.has("dim") ? a.numbers("dim") : 1,
      eps: a.number("eps", 1e-12),
    }),
  ),
  pairwise_distance: adapter("x1 x2 p eps keepdim", (a) =>
    tg.pairwiseDistance(a.tensor("x1"), a.tensor("x2"), {
      p: a.number("p", 2),
      eps: a.number("eps", 1e-6),
      keepDims: a.flag("keepdim"),
    }),
  ),
  renorm: adapter("input p dim maxnorm", (a) =>
    tg.renorm(a.tensor("input"), a.number("p"), a.number("dim"), a.number("maxnorm")),
  ),
};

export const reduce: Adapters = {
  ...distances,
  all: reduction(tg.all),
  amax: reduction(tg.amax),
  amin: reduction(tg.amin),
  aminmax: adapter("input dim keepdim", (a) => {
    const { min, max } = tg.aminmax(a.tensor("input"), axesOf(a), a.flag("keepdim"));
    return [min, max];
  }),
  any: reduction(tg.any),
  argmax: place(tg.argmax),
  argmin: place(tg.argmin),
  count_nonzero: adapter("input dim", (a) => tg.countNonzero(a.tensor("input"), axesOf(a))),
  kthvalue: adapter("input k dim keepdim", (a) =>
    both(tg.kthvalue(a.tensor("input"), a.number("k"), a.number("dim", -1), a.flag("keepdim"))),
  ),
  logsumexp: reduction(tg.logSumExp),
  max: extremum(tg.max, tg.maxWithIndices, tg.maximum),
  mean: accumulation(tg.mean),
  median: middle(tg.median, tg.medianWithIndices),
  min: extremum(tg.min, tg.minWithIndices, tg.minimum),
  mode: adapter("input dim keepdim", (a) =>
    both(tg.mode(a.tensor("input"), a.number("dim", -1), a.flag("keepdim"))),
  ),
  nanmean: accumulation(tg.nanmean),
  nanmedian: middle(tg.nanmedian, tg.nanmedianWithIndices),
  nanquantile: quantile(tg.nanquantile),
  nansum: accumulation(tg.nansum),
  prod: accumulation(tg.prod),
  quantile: quantile(tg.quantile),
  std: spread(tg.std),
  std_mean: spread((x, axes, options) => {
    const { std, mean } = tg.stdMean(x, axes, options);
    return [std, mean];
  }),
  sum: accumulation(tg.sum),
  var: spread(tg.variance),
  var_mean: spread((x, axes, options) => {
    const { variance, mean } = tg.varMean(x, axes, options);
    return [variance, mean];
  }),
};
