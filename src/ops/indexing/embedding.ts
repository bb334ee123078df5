import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { type Binary, broadcasting, defineOp, floating, pointwise } from "../../tensor/op.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { add, div, mul, reciprocal } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, gt, ne, where } from "../elementwise/compare.ts";
import { abs } from "../elementwise/extrema.ts";
import { pow } from "../elementwise/power.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { max } from "../reduce/reduceExtrema.ts";
import { constantLike } from "../rules.ts";
import { uniform } from "../samples.ts";
import { scatterAdd3 } from "./gatherOps.ts";
import { rowsAt } from "./indexing.ts";
import { checkIndex, hostValues } from "./places.ts";

/** x, whose gradient is multiplied by s on its way back. */
const scaleGradient: Binary = defineOp<2>({
  name: "scaleGradient",
  arity: 2,
  shape: broadcasting("scaleGradient"),
  dtype: floating,
  forward: pointwise({ wgsl: ([x]) => x!, js: () => (x) => x! }),
  vjp: ({ g, inputs: [, s] }) => [where(eq(s!, 0), 0, mul(g, s!)), null],
  operands: ["x", "s"],
  derivative: ["g·s", "none"],
  samples: () => [[uniform([2, 3]), uniform([2, 1])]],
  gradcheck: { order: 0, why: "its gradient is meant to be another than that of x" },
});

export interface EmbeddingOptions {
  /** Rows of this index take no gradient; a negative one counts from the end. */
  readonly paddingIdx?: number | null;
  /** Rows with a larger norm are shortened to it; the scale counts as constant. */
  readonly maxNorm?: number | null;
  readonly normType?: number;
  /** Divides the gradient of a row by how often its index occurs in this call. */
  readonly scaleGradByFreq?: boolean;
}

/**
 * Rows of `weight` [n, features] for each index: out [...index, features]. Where PyTorch's max_norm
 * overwrites the weight, this shortens the rows of the result only.
 * @throws IndexError when host data is out of range, ShapeError for a weight that is no matrix
 */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const { scaleGradByFreq = false, maxNorm = null, normType = 2 } = options;
  if (weight.rank !== 2) {
    throw new ShapeError(
      `embedding: the weight is not a matrix; got ${show(weight.shape)}. Make it [n, features].`,
    );
  }
  const rows = rowsAt("embedding", weight, index);
  const padding = paddingOf("embedding", weight, options.paddingIdx);
  let out =
    maxNorm === null
      ? rows
      : mul(
          rows,
          noGrad(() => shortening(rows, maxNorm, normType)),
        );
  if (scaleGradByFreq) out = scaleGradient(out, frequencies(index, weight.shape[0]!));
  if (padding !== null)
    out = scaleGradient(out, unsqueeze(cast(ne(index, padding), "float32"), -1));
  return out;
}

export function paddingOf(
  op: string,
  weight: Tensor,
  at: number | null | undefined,
): number | null {
  if (at === null || at === undefined) return null;
  const n = weight.shape[0]!;
  if (Number.isInteger(at) && at >= -n && at < n) return at < 0 ? at + n : at;
  throw new ValueError(`${op}: paddingIdx ${at} is no row; got ${n} rows. Use ${-n} to ${n - 1}.`);
}

/** 1, or what brings a row's norm down to `most`. */
function shortening(rows: Tensor, most: number, p: number): Tensor {
  const size = abs(rows);
  const norm =
    p === Number.POSITIVE_INFINITY ? max(size, -1, true) : pow(sum(pow(size, p), -1, true), 1 / p);
  return where(gt(norm, most), div(most, add(norm, 1e-7)), 1);
}

/** 1 / how often each index occurs: [...index, 1]. */
function frequencies(index: Tensor, n: number): Tensor {
  const count = index.size;
  const places = reshape(index, [1, count, 1]);
  const ones = expand(constantLike(1, index, "float32"), [1, count, 1]);
  const counts = reshape(scatterAdd3(ones, places, { size: n, trusted: true }), [n]);
  return reciprocal(unsqueeze(rowsAt("embedding", counts, index), -1));
}

/**
 * 1 at the place that each index names, else 0: [...index, classes], int32. No gradient. Without
 * `classes` one more than the largest index, where the host knows it.
 * @throws IndexError when host data is out of range
 */
export function oneHot(index: Tensor, classes?: number): Tensor {
  const count = classes ?? classesOf(index);
  checkIndex("oneHot", index, count);
  const hot = eq(unsqueeze(index, -1), iota(count, index.device));
  return withRange(cast(hot, "int32"), [0, 1]);
}

function classesOf(index: Tensor): number {
  const values = hostValues("oneHot", "the largest index", index);
  if (values.length > 0) return 1 + Math.max(...Array.from(values));
  throw new ShapeError("oneHot: no indices to count the classes by. Give the number of classes.");
}
