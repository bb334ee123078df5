import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { sqrt } from "../elementwise/elementwise.ts";
import { clamp, clampMin } from "../elementwise/extrema.ts";
import { diagonal } from "../movement/diagonal.ts";
import { unsqueeze } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { mean, sum } from "../reduce/reduce.ts";
import { matmul } from "./matmul.ts";
import { flipped } from "./matrices.ts";

export interface CovarianceOptions {
  /** Degrees of freedom that are taken off: 1 (the default) is unbiased. */
  readonly correction?: number;
  /** How often each observation was made: [observations], whole numbers. */
  readonly fweights?: Tensor | null;
  /** How much each observation counts: [observations]. */
  readonly aweights?: Tensor | null;
}

function checkWeights(x: Tensor, weights: Tensor | null): void {
  if (weights === null || (weights.rank === 1 && weights.size === x.shape[1])) return;
  throw new ShapeError(
    `cov: weights are one per observation; got ${show(weights.shape)} for ${show(x.shape)}.`,
  );
}

/**
 * Covariances of variables, of which each is a row of observations.
 * @param x [variables, observations], or [observations] of one variable
 * @returns [variables, variables], a scalar for one variable given as a vector
 * @throws ShapeError for more axes, or weights that do not fit
 */
export function cov(x: Tensor, options: CovarianceOptions = {}): Tensor {
  if (x.rank > 2) {
    throw new ShapeError(`cov: at most two axes; got ${show(x.shape)}. Flatten the others.`);
  }
  const { correction = 1, fweights = null, aweights = null } = options;
  const rows = reshape(x, [x.rank === 2 ? x.shape[0]! : 1, x.shape.at(-1) ?? 1]);
  for (const weights of [fweights, aweights]) checkWeights(rows, weights);
  const [f, a] = [fweights, aweights].map((w) => (w === null ? null : cast(w, "float32")));
  const w = f && a ? mul(f, a) : (f ?? a ?? null);
  const total = w === null ? rows.shape[1]! : sum(w);
  const center = w === null ? mean(rows, 1, true) : div(sum(mul(rows, w), 1, true), total);
  const apart = sub(rows, center);
  const products = matmul(w === null ? apart : mul(apart, w), flipped(apart));
  const lost = w && a ? div(mul(sum(mul(w, a)), correction), total) : correction;
  const freedom =
    typeof total === "number" ? Math.max(0, total - correction) : clampMin(sub(total, lost), 0);
  return reshape(div(products, freedom), x.rank === 2 ? products.shape : []);
}

/**
 * Correlations cᵢⱼ / √(cᵢᵢ cⱼⱼ) of variables, kept between -1 and 1; see `cov`.
 * @param x [variables, observations], or [observations]
 */
export function corrcoef(x: Tensor): Tensor {
  const c = cov(x);
  if (c.rank === 0) return div(c, c);
  const deviation = sqrt(diagonal(c));
  return clamp(div(div(c, unsqueeze(deviation, 1)), deviation), -1, 1);
}
