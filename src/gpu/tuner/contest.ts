/** A variant in a contest. */
export interface Contestant {
  readonly name: string;
  /** Runs it `repeats` times in one submit; gives the milliseconds of all of them. */
  time(repeats: number): Promise<number>;
}

export interface Result {
  readonly winner: string;
  /** Milliseconds of one launch by name, of each that was measured. */
  readonly times: Readonly<Record<string, number>>;
}

/** What one measurement is to last, in milliseconds: long beside a submit, short for a person. */
const MEASUREMENT = 8;
const LEAST_MEASUREMENT = 5;
/** Above this, fewer rounds tell enough. */
const LONG = 60;
const MOST_REPEATS = 512;
const ROUNDS = 5;
const ROUNDS_WHEN_LONG = 3;
/** A variant this many times slower than the best is out. */
const HOPELESS = 2;
/** Another variant must be this much faster than the static rule's to take its place. */
const MARGIN = 0.97;

/**
 * Times variants in turn, round by round, so that a busy moment of the machine hits all alike. What
 * disturbs only ever adds time, so the least one counts. The first contestant gives way only to
 * one that is clearly faster, and that is so once more in a duel of the two.
 */
export async function contest(contestants: readonly Contestant[]): Promise<Result> {
  const [first] = contestants;
  const times = new Map<Contestant, number>();
  for (const contestant of contestants) times.set(contestant, await estimate(contestant));
  const once = Math.min(...times.values());
  const repeats = await repeatsOf(contestants.find((c) => times.get(c) === once)!, once);
  const rounds = once > LONG ? ROUNDS_WHEN_LONG : ROUNDS;
  // One run of a short launch is mostly the submit around it: it rules nobody out.
  const bar = Math.max(once * HOPELESS, MEASUREMENT);
  const hopeful = contestants.filter((c) => times.get(c)! <= bar);
  const measured = await inRounds(hopeful, repeats, rounds, true);
  for (const [contestant, list] of measured) times.set(contestant, Math.min(...list) / repeats);
  const [best] = [...times].sort(([, a], [, b]) => a - b)[0];
  const isFaster = times.get(best)! < times.get(first)! * MARGIN;
  const isSure = !measured.has(first) || (isFaster && (await beats(best, first, repeats, rounds)));
  return {
    winner: (isFaster && isSure ? best : first).name,
    times: Object.fromEntries([...times].map(([{ name }, ms]) => [name, ms])),
  };
}

/** Milliseconds of one run by itself. */
async function estimate(contestant: Contestant): Promise<number> {
  // The first dispatch may still compile; it does not count.
  await contestant.time(1);
  let least = await contestant.time(1);
  for (let more = 0; more < 2 && least < LONG; more++) {
    least = Math.min(least, await contestant.time(1));
  }
  return least;
}

/** Whether one is faster than the other both at its best and as a rule. */
async function beats(
  one: Contestant,
  other: Contestant,
  repeats: number,
  rounds: number,
): Promise<boolean> {
  const times = await inRounds([other, one], repeats, rounds, false);
  const [a, b] = [times.get(one)!, times.get(other)!];
  return Math.min(...a) < Math.min(...b) * MARGIN && median(a) < median(b) * MARGIN;
}

/** How often a launch is repeated for one measurement. */
async function repeatsOf(contestant: Contestant, once: number): Promise<number> {
  let [repeats, passed] = [1, once];
  while (passed < LEAST_MEASUREMENT && repeats < MOST_REPEATS) {
    repeats = Math.min(Math.ceil((repeats * MEASUREMENT) / passed), repeats * 16, MOST_REPEATS);
    passed = await contestant.time(repeats);
  }
  return repeats;
}

/** All measurements of each; `drops` spares itself more than two of who is hopeless. */
async function inRounds(
  contestants: readonly Contestant[],
  repeats: number,
  rounds: number,
  drops: boolean,
): Promise<Map<Contestant, number[]>> {
  const times = new Map(contestants.map((c) => [c, [] as number[]]));
  let left = contestants;
  for (let round = 0; round < rounds && (left.length > 1 || round === 0); round++) {
    for (const contestant of left) times.get(contestant)!.push(await contestant.time(repeats));
    if (!drops || round === 0) continue;
    const leastOf = (c: Contestant) => Math.min(...times.get(c)!);
    const least = Math.min(...left.map(leastOf));
    left = left.filter((c) => leastOf(c) <= least * HOPELESS);
  }
  return times;
}

function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}
