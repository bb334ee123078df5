/** The middle value; of an even number of values the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("median: there are no values");
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** The lowest and the highest value. */
export const spreadOf = (values: readonly number[]): [number, number] => [
  Math.min(...values),
  Math.max(...values),
];
