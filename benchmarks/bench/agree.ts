import type { Answers } from "../sides/protocol.ts";

/** Losses by step index. */
export type Losses = Map<number, number>;

/** How far two sides' losses and results may be apart, relative to the larger one. */
export const TOLERANCE = 1e-3;

export const record = (losses: Losses, { index, value }: Answers["block"]): void => {
  losses.set(index, value);
};

const apart = (a: number, b: number): number =>
  Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), Number.MIN_VALUE);

/** Where two sides' losses differ at a step that both recorded. */
export function lossesApart(name: string, sides: readonly (readonly [string, Losses])[]): string[] {
  const [first, ...others] = sides;
  if (first === undefined) return [];
  return others.flatMap(([other, losses]) => {
    const common = [...losses.keys()].filter((index) => first[1].has(index));
    const wrong = common.find((i) => !(apart(losses.get(i)!, first[1].get(i)!) <= TOLERANCE));
    if (wrong === undefined) return [];
    const [a, b] = [first[1].get(wrong), losses.get(wrong)];
    return [`${name}: the losses at step ${wrong} differ: ${first[0]} ${a}, ${other} ${b}`];
  });
}

/** Where two sides' results of an operation differ in mean magnitude. */
export function resultsApart(
  name: string,
  sides: readonly (readonly [string, number])[],
): string[] {
  const [first, ...others] = sides;
  if (first === undefined) return [];
  return others
    .filter(([, value]) => !(apart(value, first[1]) <= TOLERANCE))
    .map(
      ([other, v]) =>
        `${name}: the results differ in mean magnitude: ${first[0]} ${first[1]}, ${other} ${v}`,
    );
}
