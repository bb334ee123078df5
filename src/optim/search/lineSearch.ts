import type { Tensor } from "../../tensor/tensor.ts";

/** The objective along a direction, at distance `t`. */
export interface Trial {
  readonly t: number;
  readonly value: number;
  /** The derivative along the direction. */
  readonly slope: number;
  readonly gradient: Tensor;
}

/** What a line search is given. */
export interface Line {
  /** The trial at t = 0. */
  readonly start: Trial;
  /** The largest element of the direction: how far a step moves at most. */
  readonly reach: number;
  at(t: number): Promise<Trial>;
}

export interface Found {
  readonly trial: Trial;
  readonly evaluations: number;
  /** False where no trial was lower than the start. */
  readonly descends: boolean;
}

/** A line search begins at distance `first`. */
export type LineSearch = (line: Line, first: number) => Promise<Found>;

const SUFFICIENT = 1e-4;
const MOST_TRIALS = 25;

/**
 * Backtracking (Armijo 1966; Nocedal & Wright 2006, Algorithm 3.1): halves the step until the
 * objective falls by at least 1e-4 of what the slope promises.
 */
export const backtracking: LineSearch = async ({ start, at }, first) => {
  let t = first;
  for (let evaluations = 1; evaluations <= MOST_TRIALS; evaluations++) {
    const trial = await at(t);
    if (trial.value <= start.value + SUFFICIENT * t * start.slope) {
      return { trial, evaluations, descends: true };
    }
    t /= 2;
  }
  return { trial: start, evaluations: MOST_TRIALS, descends: false };
};

/**
 * The place between two trials where the cubic through their values and slopes is least (Nocedal &
 * Wright 2006, eq. 3.59), within bounds; their middle where there is no such place.
 */
function cubicMinimum(a: Trial, b: Trial, low: number, high: number): number {
  const [x, y] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = x.slope + y.slope - (3 * (x.value - y.value)) / (x.t - y.t);
  const inside = d1 * d1 - x.slope * y.slope;
  if (!(inside >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(inside);
  const share = (y.slope + d2 - d1) / (y.slope - x.slope + 2 * d2);
  return Math.min(Math.max(y.t - (y.t - x.t) * share, low), high);
}

/**
 * Strong Wolfe conditions with c1 = 1e-4, c2 = 0.9 (Nocedal & Wright 2006, Algorithms 3.5 and 3.6)
 * by cubic interpolation, as in PyTorch: the objective falls enough, and the slope flattens.
 * @param tolerance a bracket that moves parameters by less ends the search
 */
export const strongWolfe =
  (tolerance = 1e-9): LineSearch =>
  async (line, first) => {
    const bracket = await findBracket(line, first);
    const { evaluations, trial } = await narrowBracket(line, bracket, tolerance);
    return { trial, evaluations, descends: trial.value < line.start.value };
  };

interface Bracket {
  /** The two ends, or the one trial that meets the conditions already. */
  readonly ends: [Trial, Trial] | [Trial];
  readonly evaluations: number;
}

/** What is not a number counts as high: the search turns back. */
const rises = (trial: Trial, start: Trial): boolean =>
  !(trial.value <= start.value + SUFFICIENT * trial.t * start.slope);

const flattens = (trial: Trial, start: Trial): boolean =>
  Math.abs(trial.slope) <= -0.9 * start.slope;

/** Goes on until two trials have an acceptable place between them. */
async function findBracket({ start, at }: Line, first: number): Promise<Bracket> {
  let last = start;
  let trial = await at(first);
  for (let tried = 0; tried < MOST_TRIALS; tried++) {
    const evaluations = tried + 1;
    const turnsUp = rises(trial, start) || (tried > 1 && trial.value >= last.value);
    if (turnsUp) return { ends: [last, trial], evaluations };
    if (flattens(trial, start)) return { ends: [trial], evaluations };
    if (trial.slope >= 0) return { ends: [last, trial], evaluations };
    const low = trial.t + 0.01 * (trial.t - last.t);
    const next = cubicMinimum(last, trial, low, trial.t * 10);
    last = trial;
    trial = await at(next);
  }
  return { ends: [start, trial], evaluations: MOST_TRIALS + 1 };
}

/** Shrinks the bracket around an acceptable place. */
async function narrowBracket(
  { start, reach, at }: Line,
  { ends, evaluations: before }: Bracket,
  tolerance: number,
): Promise<{ trial: Trial; evaluations: number }> {
  let evaluations = before;
  if (ends.length === 1) return { trial: ends[0], evaluations };
  let [low, high] = ends[1].value < ends[0].value ? [ends[1], ends[0]] : ends;
  let stalls = false;
  while (evaluations <= MOST_TRIALS) {
    const [least, most] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    if ((most - least) * reach < tolerance) break;
    const proposed = cubicMinimum(low, high, least, most);
    const t = awayFromEnds(proposed, least, most, stalls);
    stalls = t === proposed && isNearEnd(proposed, least, most) && !stalls;
    const trial = await at(t);
    evaluations++;
    if (rises(trial, start) || trial.value >= low.value) high = trial;
    else {
      if (flattens(trial, start)) return { trial, evaluations };
      if (trial.slope * (high.t - low.t) >= 0) high = low;
      low = trial;
    }
    if (high.value < low.value) [low, high] = [high, low];
  }
  return { trial: low, evaluations };
}

const isNearEnd = (t: number, least: number, most: number): boolean =>
  Math.min(most - t, t - least) < 0.1 * (most - least);

/** A trial beside an end for the second time in turn is moved inside by a tenth. */
function awayFromEnds(t: number, least: number, most: number, stalled: boolean): number {
  if (!isNearEnd(t, least, most)) return t;
  if (!stalled && t < most && t > least) return t;
  const margin = 0.1 * (most - least);
  return Math.abs(t - most) < Math.abs(t - least) ? most - margin : least + margin;
}
