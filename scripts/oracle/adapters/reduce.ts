import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapter, type Adapters, adapter } from "./adapter.ts";

type Reduction = (x: tg.Tensor, axes?: tg.Axes, keepDims?: boolean) => tg.Tensor;

const reduction = (f: Reduction): Adapter =>
  adapter("input dim keepdim", (a) =>
    f(a.tensor("input"), a.axes("dim") ?? undefined, a.flag("keepdim")),
  );

/** Methods that take one axis, or reduce all of them. */
type Place = (x: tg.Tensor, axis?: number, keepDims?: boolean) => tg.Tensor;
const place = (f: Place): Adapter =>
  adapter("input dim keepdim", (a) => {
    const axis = a.has("dim") ? a.number("dim") : undefined;
    return f(a.tensor("input"), axis, a.flag("keepdim"));
  });

/** torch.max and torch.min: of two tensors, of all elements, or along an axis with the indices. */
function extremum(
  values: Reduction,
  indices: Place,
  binary: (x: tg.Tensor, y: tg.Tensor) => tg.Tensor,
): Adapter {
  return adapter("input dim keepdim", (a) => {
    const x = a.tensor("input");
    if (a.has("other")) return binary(x, a.tensor("other"));
    const second = a.any("dim");
    if (second instanceof tg.Tensor) return binary(x, second);
    if (!a.has("dim")) return values(x);
    const [axis, keep] = [a.number("dim"), a.flag("keepdim")];
    return [values(x, axis, keep), indices(x, axis, keep)];
  });
}

type Spread = (x: tg.Tensor, axes?: tg.Axes, options?: tg.VarianceOptions) => tg.Tensor;

function correctionOf(a: Arguments, unbiased: boolean): number {
  const standard = unbiased ? 1 : 0;
  return a.has("correction") ? a.number("correction") : standard;
}

/** var(x, unbiased) and var(x, dim, unbiased | correction, keepdim). */
const spread = (f: Spread): Adapter =>
  adapter("input dim unbiased keepdim", (a) => {
    const first = a.any("dim");
    if (typeof first === "boolean") {
      return f(a.tensor("input"), undefined, { correction: correctionOf(a, first) });
    }
    const correction = correctionOf(a, a.flag("unbiased", true));
    const axes = a.axes("dim") ?? undefined;
    return f(a.tensor("input"), axes, { correction, keepDims: a.flag("keepdim") });
  });

export const reduce: Adapters = {
  all: reduction(tg.all),
  amax: reduction(tg.amax),
  amin: reduction(tg.amin),
  any: reduction(tg.any),
  argmax: place(tg.argmax),
  argmin: place(tg.argmin),
  logsumexp: reduction(tg.logSumExp),
  max: extremum(tg.max, tg.argmax, tg.maximum),
  mean: reduction(tg.mean),
  min: extremum(tg.min, tg.argmin, tg.minimum),
  prod: reduction(tg.prod),
  std: spread(tg.std),
  sum: reduction(tg.sum),
  var: spread(tg.variance),
};
