import type { TimedLaunch } from "../gpu/passTimer.ts";

/** A clock with steps of so many nanoseconds says little about launches of a few microseconds. */
const COARSE = 10_000;
/** It is good enough where launches take so many of its steps on average. */
const ENOUGH_TICKS = 20;

/** Whether the clock's steps are short beside the launches: browsers round time stamps. */
export function isExact(timed: readonly TimedLaunch[]): boolean {
  const tick = tickOf(timed);
  const mean = timed.reduce((sum, { begin, end }) => sum + end - begin, 0) / timed.length;
  return tick < COARSE || mean > ENOUGH_TICKS * tick;
}

/** The step of the clock in nanoseconds. */
function tickOf(timed: readonly TimedLaunch[]): number {
  let step = 0;
  for (const { begin, end } of timed) step = divisor(divisor(step, begin), end);
  return step;
}

/** No launch ends before it began or takes a quarter of an hour: some adapters' clocks say so. */
export const isPlausible = (timed: readonly TimedLaunch[]): boolean =>
  timed.every(({ begin, end }) => end >= begin && end - begin < 1e12);

/** The greatest common divisor. */
function divisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
