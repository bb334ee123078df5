import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cat } from "./join.ts";
import { flip, reshape, transpose } from "./movement.ts";
import { narrow } from "./slice.ts";

function withAxes(op: string, x: Tensor, rank: number): void {
  if (x.rank >= rank) return;
  const axes = rank === 1 ? "one axis" : "two axes";
  throw new ShapeError(
    `${op}: the tensor needs at least ${axes}; got ${show(x.shape)}. Use flip with axes.`,
  );
}

/** Reverses axis 1, the columns. @throws ShapeError for fewer than two axes */
export function fliplr(x: Tensor): Tensor {
  withAxes("fliplr", x, 2);
  return flip(x, 1);
}

/** Reverses axis 0, the rows. @throws ShapeError for a scalar */
export function flipud(x: Tensor): Tensor {
  withAxes("flipud", x, 1);
  return flip(x, 0);
}

/**
 * Turns by `k` quarters in the plane of two axes, from the first towards the second.
 * @throws ShapeError unless there are two different axes
 */
export function rot90(x: Tensor, k = 1, axes: readonly [number, number] = [0, 1]): Tensor {
  withAxes("rot90", x, 2);
  if (!Number.isInteger(k) || axes.length !== 2) {
    throw new ShapeError(
      `rot90: needs a whole number of quarters and two axes; got ${k} and ${show(axes)}.`,
    );
  }
  const [a, b] = axes.map((d) => normalizeAxis("rot90", d, x.rank)) as [number, number];
  if (a === b) {
    throw new ShapeError(`rot90: axis ${a} is given twice; got ${show(axes)}. Name two axes.`);
  }
  const quarters = ((k % 4) + 4) % 4;
  if (quarters === 0) return x;
  if (quarters === 2) return flip(x, [a, b]);
  return quarters === 1 ? transpose(flip(x, b), a, b) : flip(transpose(x, a, b), b);
}

/**
 * Elements moved by `shifts` along the axes, those beyond the end coming back at the start. Without
 * axes the flattened x is rolled.
 * @throws ShapeError unless there are as many shifts as axes
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  axes?: number | readonly number[],
): Tensor {
  const by = typeof shifts === "number" ? [shifts] : shifts;
  const along = axes === undefined ? [] : typeof axes === "number" ? [axes] : axes;
  if (along.length === 0 && by.length === 1) {
    return reshape(rollOne(reshape(x, [x.size]), by[0]!, 0), x.shape);
  }
  if (by.length !== along.length) {
    throw new ShapeError(
      `roll: there must be one shift for each axis; got ${by.length} shifts and ${along.length} ` +
        "axes. Give equally many.",
    );
  }
  return along.reduce<Tensor>((t, axis, i) => {
    return rollOne(t, by[i]!, normalizeAxis("roll", axis, x.rank));
  }, x);
}

function rollOne(x: Tensor, shift: number, axis: number): Tensor {
  if (!Number.isInteger(shift)) {
    throw new ShapeError(`roll: shift ${shift} is not a whole number. Use 1 or -1.`);
  }
  const n = x.shape[axis]!;
  const by = n === 0 ? 0 : ((shift % n) + n) % n;
  if (by === 0) return x;
  return cat([narrow(x, axis, n - by, by), narrow(x, axis, 0, n - by)], axis);
}
