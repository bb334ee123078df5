export type Options = Readonly<Record<string, number>>;
/** Moves `p` along `g`; `t` counts from 1, `state` is kept from step to step. */
export type Paper = (
  p: number[],
  g: readonly number[],
  t: number,
  state: Record<string, number[]>,
  o: Options,
) => void;

export const zeros = (p: readonly number[]) => p.map(() => 0);
export const norm = (x: readonly number[]) => Math.hypot(...x);
