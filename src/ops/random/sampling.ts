import { ShapeError, ValueError } from "../../core/errors.ts";
import { checkShape, type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, neg } from "../elementwise/arithmetic.ts";
import { log } from "../elementwise/elementwise.ts";
import { maximum } from "../elementwise/extrema.ts";
import { log1p } from "../elementwise/special.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { argmax } from "../reduce/reduceExtrema.ts";
import { constantLike } from "../rules.ts";
import { topk } from "../sort/sort.ts";
import { type PlainRandom, rand } from "./random.ts";

/** Drawing from a table of chances, by the largest of log p + Gumbel noise (Gumbel 1954). */

type Options = Omit<PlainRandom, "device">;

/** -ln E for E exponential: the largest of log p + this is at i with chance p[i] / Σ p. */
function gumbel(shape: Shape, like: Tensor, options: Options): Tensor {
  const u = rand(shape, { ...options, device: like.device });
  // The least draw above 0 stands for 0, whose logarithm would be infinite.
  return neg(log(neg(log1p(neg(maximum(u, constantLike(2 ** -25, u)))))));
}

/**
 * Indices along the last axis of `logits` with chances ∝ e^logits, int32: [...shape, ...rows].
 * @param shape how many independent draws of each row; none for one
 * @throws ShapeError for a scalar
 */
export function categorical(logits: Tensor, shape: Shape = [], options: Options = {}): Tensor {
  checkShape("categorical", shape);
  const n = classes("categorical", logits);
  const wide = [...shape, ...logits.shape];
  const noisy = add(expand(logits, wide), gumbel(wide, logits, options));
  return withRange(argmax(noisy, -1), [0, n - 1]);
}

function classes(op: string, x: Tensor): number {
  const n = x.shape.at(-1);
  if (n !== undefined && n > 0) return n;
  throw new ShapeError(`${op}: there is nothing to choose from; got ${show(x.shape)}.`);
}

export interface MultinomialOptions extends Options {
  /** Whether a class may be drawn again. */
  readonly replacement?: boolean;
}

/**
 * torch.multinomial: `count` indices for each row of weights, with chances ∝ the weights, int32.
 * Without replacement no index comes twice in a row, and there must be as many weights above 0.
 * @param weights [n] or [rows, n], none negative  @returns [count] or [rows, count]
 * @throws ShapeError for other ranks, ValueError for more draws than classes
 */
export function multinomial(
  weights: Tensor,
  count: number,
  { replacement = false, ...options }: MultinomialOptions = {},
): Tensor {
  if (weights.rank < 1 || weights.rank > 2) {
    throw new ShapeError(
      `multinomial: needs a vector or a matrix of weights; got ${show(weights.shape)}. Reshape it.`,
    );
  }
  const n = classes("multinomial", weights);
  if (!Number.isInteger(count) || count < 1 || (!replacement && count > n)) {
    throw new ValueError(
      `multinomial: ${count} draws cannot be made from ${n} classes` +
        `${replacement ? "" : " without replacement"}. Draw 1 to ${n}, or with replacement.`,
    );
  }
  const logits = log(weights);
  if (!replacement) {
    const noisy = add(logits, gumbel(weights.shape, weights, options));
    return withRange(topk(noisy, count, { axis: -1 }).indices, [0, n - 1]);
  }
  const apart = unsqueeze(logits, -2);
  const shape = [...weights.shape.slice(0, -1), count, n];
  return withRange(argmax(add(apart, gumbel(shape, weights, options)), -1), [0, n - 1]);
}
