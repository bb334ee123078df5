import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import type { Attending } from "../../ops/attention/attend.ts";
import { add } from "../../ops/elementwise/arithmetic.ts";
import { logicalOr, where } from "../../ops/elementwise/compare.ts";
import { reshape } from "../../ops/movement/movement.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface MaskOptions {
  /**
   * [N, S], or [S] without a batch. bool: true where a key is IGNORED, as in PyTorch; float: added
   * to the scores.
   */
  readonly keyPaddingMask?: Tensor | null;
  /** [L, S] or [N·heads, L, S]. bool: true where attention is NOT allowed; float: added. */
  readonly attnMask?: Tensor | null;
}

/** The sizes that masks must have; `batch` is null without one. */
export interface Scores {
  readonly batch: number | null;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

function checked(layer: string, name: string, mask: Tensor, shapes: readonly Shape[]): void {
  if (mask.dtype !== "bool" && !isFloat(mask.dtype)) {
    throw new DTypeError(
      `${layer}: ${name} is neither bool (true: not attended) nor float (added to the scores); ` +
        `got dtype ${mask.dtype}. Convert it: mask.cast("bool").`,
    );
  }
  if (shapes.some((shape) => sameShape(mask.shape, shape))) return;
  throw new ShapeError(
    `${layer}: ${name} has another shape than the scores; got ${show(mask.shape)}. ` +
      `Give it the shape ${shapes.map(show).join(" or ")}.`,
  );
}

/** Both masks as one that broadcasts to the scores [N, heads, L, S], or [heads, L, S]. */
export function joinedMask(
  layer: string,
  { keyPaddingMask, attnMask }: MaskOptions,
  { batch, heads, queries, keys }: Scores,
): Attending["mask"] {
  const given: Tensor[] = [];
  if (keyPaddingMask) {
    checked(layer, "keyPaddingMask", keyPaddingMask, [batch === null ? [keys] : [batch, keys]]);
    given.push(batch === null ? keyPaddingMask : reshape(keyPaddingMask, [batch, 1, 1, keys]));
  }
  if (attnMask) {
    const each = [(batch ?? 1) * heads, queries, keys];
    checked(layer, "attnMask", attnMask, [[queries, keys], each]);
    const apart = attnMask.rank === 3 && batch !== null;
    given.push(apart ? reshape(attnMask, [batch, heads, queries, keys]) : attnMask);
  }
  if (given.length === 0) return null;
  if (given.every((mask) => mask.dtype === "bool")) {
    return { kind: "blocked", of: given.reduce((a, b) => logicalOr(a, b)) };
  }
  return { kind: "bias", of: given.map(asBias).reduce((a, b) => add(a, b)) };
}

const asBias = (mask: Tensor): Tensor =>
  mask.dtype === "bool" ? where(mask, Number.NEGATIVE_INFINITY, 0) : mask;
