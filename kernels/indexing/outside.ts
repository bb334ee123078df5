/** What both devices say of an index that is no place. */
export const outside = (op: string, n: number): string =>
  `${op}: index outside 0..${n - 1}. Keep every index at least 0 and below ${n}.`;
