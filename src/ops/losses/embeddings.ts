import { ShapeError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, square, sub } from "../elementwise/arithmetic.ts";
import { eq, where } from "../elementwise/compare.ts";
import { sqrt } from "../elementwise/elementwise.ts";
import { clampMin, minimum } from "../elementwise/extrema.ts";
import { pairwiseDistance } from "../reduce/distances.ts";
import { sum } from "../reduce/reduce.ts";
import { checkPositive, type LossOptions, reduceLoss } from "./lossRules.ts";

/** Losses that place vectors near to and far from each other. */

export interface TripletOptions extends LossOptions {
  readonly margin?: number;
  /** Whether the negative's distance from the positive counts where it is smaller. */
  readonly swap?: boolean;
}

type Distance = (a: Tensor, b: Tensor) => Tensor;

function triplet(
  op: string,
  [anchor, positive, negative]: readonly [Tensor, Tensor, Tensor],
  distance: Distance,
  { margin = 1, swap = false, reduction }: TripletOptions,
): Tensor {
  checkPositive(op, "margin", margin, "above");
  if (anchor.rank !== positive.rank || anchor.rank !== negative.rank || anchor.rank === 0) {
    throw new ShapeError(
      `${op}: anchor, positive and negative must have equally many axes, one at least; got ` +
        `${show(anchor.shape)}, ${show(positive.shape)} and ${show(negative.shape)}. Reshape them.`,
    );
  }
  const near = distance(anchor, positive);
  const away = distance(anchor, negative);
  const far = swap ? minimum(away, distance(positive, negative)) : away;
  return reduceLoss(op, clampMin(add(sub(near, far), margin), 0), reduction);
}

/**
 * max(0, ‖anchor - positive‖ₚ - ‖anchor - negative‖ₚ + margin) over the last axis.
 * @param anchor [N, D] or [D], like the others  @throws ShapeError, ValueError
 * Source: Balntas et al. 2016, "Learning local feature descriptors with triplets", for `swap`.
 */
export const tripletMarginLoss = (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletOptions & {
    /** Order of the norm; 2 unless given. */
    readonly p?: number;
    /** Added to each difference. */
    readonly eps?: number;
  } = {},
): Tensor => {
  const { p = 2, eps = 1e-6 } = options;
  const distance: Distance = (a, b) => pairwiseDistance(a, b, { p, eps });
  return triplet("tripletMarginLoss", [anchor, positive, negative], distance, options);
};

/**
 * `tripletMarginLoss` with a distance of one's own: of two [N, D], one number per row.
 * @throws ShapeError unless all three have equally many axes; ValueError unless margin > 0
 */
export const tripletMarginWithDistanceLoss = (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletOptions & { readonly distance?: Distance | null } = {},
): Tensor =>
  triplet(
    "tripletMarginWithDistanceLoss",
    [anchor, positive, negative],
    options.distance ?? pairwiseDistance,
    options,
  );

/**
 * 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1, over the last
 * axis. @param a [N, D] or [D], like b  @param target [N] or []  @throws ShapeError
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction }: LossOptions & { readonly margin?: number } = {},
): Tensor {
  const fits = sameShape(a.shape, b.shape) && sameShape(target.shape, a.shape.slice(0, -1));
  if (!fits || a.rank < 1 || a.rank > 2) {
    throw new ShapeError(
      `cosineEmbeddingLoss: the shapes do not fit; got ${show(a.shape)}, ${show(b.shape)} and ` +
        `target ${show(target.shape)}. Give [N, D], [N, D] and [N], or [D], [D] and [].`,
    );
  }
  const size = (x: Tensor) => add(sum(square(x), -1), 1e-12);
  const cosine = div(sum(mul(a, b), -1), sqrt(mul(size(a), size(b))));
  const alike = where(eq(target, 1), sub(1, cosine), 0);
  const apart = where(eq(target, -1), clampMin(sub(cosine, margin), 0), 0);
  return reduceLoss("cosineEmbeddingLoss", add(alike, apart), reduction);
}
