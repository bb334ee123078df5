import { ShapeError } from "../../core/errors.ts";
import { sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { eq, lt, where } from "../elementwise/compare.ts";
import { matmul } from "../linalg/matmul.ts";
import { cat } from "../movement/join.ts";
import { expand, reshape, transpose } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { normalize } from "../reduce/distances.ts";
import { sum } from "../reduce/reduce.ts";
import { constantLike } from "../rules.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { checkPositive, type LossOptions } from "./lossRules.ts";

/** Losses that tell which vectors belong together from a batch of vectors that do not. */

export interface ContrastiveOptions extends LossOptions {
  /** What similarities are divided by; smaller ones look harder at the nearest negatives. */
  readonly temperature?: number;
}

export interface InfoNceOptions extends ContrastiveOptions {
  /** Keys that belong to no query, [M, D]; without them the keys of other queries are negatives. */
  readonly negatives?: Tensor | null;
}

function checkVectors(op: string, a: Tensor, b: Tensor): void {
  if (a.rank === 2 && a.size > 0 && sameShape(a.shape, b.shape)) return;
  throw new ShapeError(
    `${op}: the vectors are not two batches of one shape [N, D]; got ${show(a.shape)} and ` +
      `${show(b.shape)}. Row i of both must belong together.`,
  );
}

/** 0 … size - 1, known to be labels of so many classes. */
const places = (x: Tensor, size: number): Tensor => reshape(indexAlong(x, 0, size), [size]);

/**
 * Normalized temperature-scaled cross entropy of two views of each example: for z = [a; b], the
 * mean over all i of -ln(e^(s[i, j]/τ) / Σ_{k ≠ i} e^(s[i, k]/τ)), where s are cosine similarities
 * and j is the other view of i.
 * @param a [N, D]  @param b [N, D]; τ is `temperature`, 0.5 unless given
 * @returns [], or [2N] ("none"): the losses of a, then those of b
 * @throws ShapeError unless a and b are [N, D]; ValueError unless the temperature is above 0
 * Source: Chen, Kornblith, Norouzi & Hinton 2020, "SimCLR", arXiv:2002.05709, eq. 1.
 */
export function ntXentLoss(
  a: Tensor,
  b: Tensor,
  { temperature = 0.5, reduction }: ContrastiveOptions = {},
): Tensor {
  checkVectors("ntXentLoss", a, b);
  checkPositive("ntXentLoss", "temperature", temperature, "above");
  const z = normalize(cat([a, b], 0));
  const similar = div(matmul(z, transpose(z)), temperature);
  const [half, size] = [a.shape[0]!, 2 * a.shape[0]!];
  const own = eq(indexAlong(similar, 0), indexAlong(similar, 1));
  const place = places(similar, size);
  const other = where(lt(place, half), add(place, half), sub(place, half));
  const labels = withRange(other, [0, size - 1]);
  return crossEntropy(where(own, -Infinity, similar), labels, { reduction });
}

/**
 * The mean over queries of -ln(e^(s(q, k)/τ) / Σ_j e^(s(q, kⱼ)/τ)), where s are cosine
 * similarities, k is the query's own key, and j runs over the keys of all queries, or over its own
 * and the given negatives.
 * @param queries [N, D]  @param keys [N, D]; τ is `temperature`, 0.1 unless given
 * @returns [], or [N] ("none")
 * @throws ShapeError unless the shapes fit; ValueError unless the temperature is above 0
 * Source: van den Oord, Li & Vinyals 2018, arXiv:1807.03748, eq. 4.
 */
export function infoNceLoss(
  queries: Tensor,
  keys: Tensor,
  { temperature = 0.1, negatives = null, reduction }: InfoNceOptions = {},
): Tensor {
  checkVectors("infoNceLoss", queries, keys);
  checkPositive("infoNceLoss", "temperature", temperature, "above");
  const [q, k] = [normalize(queries), normalize(keys)];
  const [count, size] = queries.shape as [number, number];
  if (negatives === null) {
    const logits = div(matmul(q, transpose(k)), temperature);
    return crossEntropy(logits, places(logits, count), { reduction });
  }
  if (negatives.rank !== 2 || negatives.shape[1] !== size) {
    throw new ShapeError(
      `infoNceLoss: the negatives do not fit the queries; got ${show(negatives.shape)} for ` +
        `${show(queries.shape)}. Give [M, ${size}].`,
    );
  }
  const near = sum(mul(q, k), 1, true);
  const far = matmul(q, transpose(normalize(negatives)));
  const logits = div(cat([near, far], 1), temperature);
  const first = withRange(expand(constantLike(0, q, "int32"), [count]), [0, 0]);
  return crossEntropy(logits, first, { reduction });
}
