import { isFloat } from "../core/dtype.ts";
import { IndexError } from "../core/errors.ts";
import { recorder } from "../tensor/recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Smallest and largest integer that a tensor can hold, as far as host data tells. */
export type Range = readonly [number, number];

export const rangeOf = (x: Tensor): Range | null => x.node.range;

/** Hands the range of an input on to a view or selection of it. */
export function withRange(out: Tensor, range: Range | null): Tensor {
  if (range !== null && !isFloat(out.dtype)) out.node.range = range;
  return out;
}

/** @throws IndexError when host data holds an index outside 0..size-1. */
export function checkRange(op: string, what: string, index: Tensor, size: number): void {
  const range = index.node.range;
  if (range === null || index.size === 0) return;
  const [lo, hi] = range;
  if (lo >= 0 && hi < size) {
    // Later arguments of a compiled function must keep within what this one was checked for.
    recorder.capture?.keepWithin(range, size, `${op}: ${what}`);
    return;
  }
  throw new IndexError(
    `${op}: ${what} outside 0..${size - 1}; got values from ${lo} to ${hi} in a tensor of shape ` +
      `[${index.shape.join(", ")}]. Keep each one at least 0 and below ${size}.`,
  );
}
