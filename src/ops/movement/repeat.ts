import { ShapeError } from "../../core/errors.ts";
import { checkShape, normalizeAxis, type Shape, show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { indexList } from "../creation/creation.ts";
import { take } from "../indexing/indexing.ts";
import { hostValues } from "../indexing/places.ts";
import { unsqueeze } from "./join.ts";
import { expand, reshape } from "./movement.ts";

/**
 * x repeated `times[d]` times along axis d; more entries than axes add axes at the left.
 * @throws ShapeError for a number that is not whole, or below 0
 */
export function tile(x: Tensor, times: readonly number[]): Tensor {
  checkShape("tile", times);
  const rank = Math.max(times.length, x.rank);
  const sizes = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const counts = [...new Array<number>(rank - times.length).fill(1), ...times];
  const apart = reshape(
    x,
    sizes.flatMap((n) => [1, n]),
  );
  const repeated = expand(
    apart,
    sizes.flatMap((n, d) => [counts[d]!, n]),
  );
  return reshape(
    repeated,
    sizes.map((n, d) => n * counts[d]!),
  );
}

/**
 * Tensor.repeat: as `tile`, with one number for each axis at least.
 * @throws ShapeError for fewer numbers than axes
 */
export function repeat(x: Tensor, times: readonly number[]): Tensor {
  if (times.length >= x.rank) return tile(x, times);
  throw new ShapeError(
    `repeat: fewer numbers than axes; got ${show(times)} for ${show(x.shape)}. Give one for each ` +
      "axis, or use tile.",
  );
}

/**
 * torch.repeat_interleave: each slice of `axis` repeated one after the other, by one number or by
 * a count for each slice. Without an axis the flattened x.
 * @param repeats a number, a list, or an integer tensor that the host knows
 * @throws ShapeError unless there are as many counts as slices
 */
export function repeatInterleave(
  x: Tensor,
  repeats: number | readonly number[] | Tensor,
  axis?: number,
): Tensor {
  const from = axis === undefined || x.rank === 0 ? reshape(x, [x.size]) : x;
  const at = axis === undefined ? 0 : normalizeAxis("repeatInterleave", axis, from.rank);
  const n = from.shape[at]!;
  const counts = countsOf(repeats);
  checkShape("repeatInterleave", counts);
  if (counts.length === 1) return evenly(from, at, counts[0]!);
  if (counts.length !== n) {
    throw new ShapeError(
      `repeatInterleave: there must be one count for each slice; got ${counts.length} for axis ` +
        `${at} of ${show(from.shape)}. Give one number or ${n}.`,
    );
  }
  const places = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  return take(from, indexList(places, x.device), at);
}

function countsOf(repeats: number | readonly number[] | Tensor): Shape {
  if (typeof repeats === "number") return [repeats];
  if (!(repeats instanceof Tensor)) return repeats;
  return Array.from(hostValues("repeatInterleave", "the counts", repeats));
}

function evenly(x: Tensor, at: number, count: number): Tensor {
  const apart = unsqueeze(x, at + 1);
  const shape = x.shape.with(at, x.shape[at]! * count);
  return reshape(expand(apart, apart.shape.with(at + 1, count)), shape);
}
