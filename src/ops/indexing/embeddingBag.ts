import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { gt, le, ne, where } from "../elementwise/compare.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { sum } from "../reduce/reduce.ts";
import { amax } from "../reduce/reduceExtrema.ts";
import { constantLike } from "../rules.ts";
import { type EmbeddingOptions, embedding, paddingOf } from "./embedding.ts";
import { scatterAdd3 } from "./gatherOps.ts";
import { checkIndex } from "./places.ts";
import { scatterFold3 } from "./scatterOps.ts";

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where bags begin in a 1-D index, int32; a 2-D index has one bag per row. */
  readonly offsets?: Tensor | null;
  readonly mode?: "sum" | "mean" | "max";
  /** One factor for each index, for mode "sum". */
  readonly perSampleWeights?: Tensor | null;
  /** The last offset is the length of the index and begins no bag. */
  readonly includeLastOffset?: boolean;
}

/**
 * torch.nn.functional.embedding_bag: sum, mean or maximum of the rows of each bag; 0 for an empty
 * one. Indices equal to `paddingIdx` count for nothing.
 * @param index [bags, length], or [length] with `offsets`  @returns [bags, features]
 * @throws ShapeError, IndexError, ValueError for an unknown mode, or weights in another than "sum"
 */
export function embeddingBag(
  index: Tensor,
  weight: Tensor,
  options: EmbeddingBagOptions = {},
): Tensor {
  const { mode = "mean", perSampleWeights: factors = null } = options;
  checkBag(index, options);
  const padding = paddingOf("embeddingBag", weight, options.paddingIdx);
  const looked = embedding(index, weight, options);
  const rows = factors === null ? looked : mul(looked, unsqueeze(factors, -1));
  const counts = padding === null ? null : ne(index, padding);
  if (index.rank === 2) return bagRows(rows, counts, mode);
  return bagsAt(rows, counts, mode, options);
}

function checkBag(index: Tensor, options: EmbeddingBagOptions): void {
  const { mode = "mean", offsets = null, perSampleWeights: factors = null } = options;
  if (!["sum", "mean", "max"].includes(mode)) {
    throw new ValueError(`embeddingBag: unknown mode "${mode}". Use one of sum, mean, max.`);
  }
  if (factors !== null && mode !== "sum") {
    throw new ValueError(`embeddingBag: perSampleWeights need mode "sum"; got "${mode}". Use it.`);
  }
  if (factors !== null && show(factors.shape) !== show(index.shape)) {
    throw new ShapeError(
      `embeddingBag: there must be one weight for each index; got ${show(factors.shape)} for ` +
        `${show(index.shape)}. Make both equal.`,
    );
  }
  const fits = index.rank === 1 ? offsets?.rank === 1 : index.rank === 2 && offsets === null;
  if (fits) return;
  throw new ShapeError(
    `embeddingBag: needs an index of two axes, or of one and 1-D offsets; got ` +
      `${show(index.shape)} and ${offsets === null ? "no offsets" : show(offsets.shape)}.`,
  );
}

/** Rows [bags, length, features], with which of them count. */
function bagRows(rows: Tensor, counting: Tensor | null, mode: string): Tensor {
  const [bags, length, features] = rows.shape as [number, number, number];
  const kept = counting === null ? null : unsqueeze(counting, -1);
  if (mode === "max") {
    if (length === 0) return expand(constantLike(0, rows), [bags, features]);
    if (kept === null) return amax(rows, 1);
    const some = gt(sum(cast(kept, "int32"), 1), 0);
    return where(some, amax(where(kept, rows, Number.NEGATIVE_INFINITY), 1), 0);
  }
  const total = sum(kept === null ? rows : where(kept, rows, 0), 1);
  if (mode === "sum") return total;
  const count = kept === null ? Math.max(length, 1) : sum(cast(kept, "float32"), 1);
  return typeof count === "number" ? div(total, count) : div(total, atLeast1(count));
}

const atLeast1 = (count: Tensor): Tensor => where(gt(count, 0), count, 1);

/** Rows [length, features] in bags that begin at offsets. */
function bagsAt(
  rows: Tensor,
  counting: Tensor | null,
  mode: string,
  { offsets, includeLastOffset = false }: EmbeddingBagOptions,
): Tensor {
  const bags = offsets!.size - (includeLastOffset ? 1 : 0);
  const [length, features] = rows.shape as [number, number];
  const bag = bagOf(offsets!, length, bags);
  // What does not count goes to one bag more, which is then left out.
  const all = counting === null ? bags : bags + 1;
  const index = reshape(counting === null ? bag : where(counting, bag, bags), [1, length, 1]);
  const kept = (x: Tensor) => narrow(reshape(x, [all, x.shape[2]!]), 0, 0, bags);
  const places = expand(index, [1, length, features]);
  const source = reshape(rows, [1, length, features]);
  if (mode === "max") {
    const zeros = expand(constantLike(0, rows), [1, all, features]);
    const attrs = { fold: "amax", includeSelf: false, trusted: true } as const;
    return kept(scatterFold3(zeros, places, source, attrs));
  }
  const size = { size: all, trusted: true };
  const total = kept(scatterAdd3(source, places, size));
  if (mode === "sum") return total;
  const ones = expand(constantLike(1, rows), [1, length, 1]);
  return div(total, atLeast1(kept(scatterAdd3(ones, index, size))));
}

/** For each place how many bags begin at it or before, less one. */
function bagOf(offsets: Tensor, length: number, bags: number): Tensor {
  checkIndex("embeddingBag", offsets, length + 1);
  const starts = reshape(narrow(offsets, 0, 0, bags), [bags, 1]);
  const begun = le(starts, reshape(iota(length, offsets.device), [1, length]));
  return sub(sum(cast(begun, "int32"), 0), 1);
}
