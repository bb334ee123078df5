import { iota } from "../ops/creation/iota.ts";
import { lt, where } from "../ops/elementwise/compare.ts";
import { constantLike } from "../ops/rules.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Elements up to `end` (without it) that share something. */
export interface Piece<T> {
  readonly end: number;
  readonly value: T;
}

/** Neighbours that share the same value become one piece. */
export function pieces<T>(ends: readonly number[], values: readonly T[]): Piece<T>[] {
  return ends.flatMap((end, i) => (values[i] === values[i + 1] ? [] : [{ end, value: values[i] }]));
}

/**
 * Each piece's own value at its elements, chosen by the place in the buffer: no memory is read for
 * it. One value for all stays a scalar.
 */
export function byPlace(list: readonly Piece<Tensor>[]): Tensor {
  const last = list[list.length - 1];
  if (list.length === 1) return last.value;
  const index = iota(last.end, last.value.device);
  return list
    .slice(0, -1)
    .reduceRight(
      (rest, { end, value }) => where(lt(index, constantLike(end, index)), value, rest),
      last.value,
    );
}
