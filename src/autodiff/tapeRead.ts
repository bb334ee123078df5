import type { TypedArray } from "../core/dtype.ts";
import { exportWithNextPlan } from "../tensor/pending.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The elements of several tensors, computed together in one plan. */
export function readAll(tensors: readonly Tensor[]): Promise<TypedArray[]> {
  for (const { node } of tensors) exportWithNextPlan(node);
  return Promise.all(tensors.map((tensor) => tensor.data()));
}

/** The Euclidean norm of each tensor, in float64. */
export async function normsOf<T>(tensors: ReadonlyMap<T, Tensor>): Promise<Map<T, number>> {
  const data = await readAll([...tensors.values()]);
  return new Map([...tensors.keys()].map((key, i) => [key, normOf(data[i]!)]));
}

/** Scaled by the largest element, so that squares neither vanish nor overflow. */
function normOf(values: TypedArray): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const value of values) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** A norm for people: four digits. */
export const showNorm = (norm: number): string => String(Number(norm.toPrecision(4)));
