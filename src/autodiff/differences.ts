/** A vector function on a line through the point where its slope is asked for. */
export interface Line {
  /** The outputs at distance `t` from the point. */
  at(t: number): Promise<Float64Array>;
  /** The outputs at the point itself. */
  readonly base: Float64Array;
  /** The slope is that of Σ weights · outputs. */
  readonly weights: Float64Array;
  /** How long a step of 1 is meant to be: the size of the coordinate, at least 1. */
  readonly unit: number;
  /** How large the slopes are that this one stands beside. */
  readonly scale: number;
}

/** The slope, or why differences cannot tell it. */
export type Slope =
  | { readonly value: number; readonly why: null }
  | { readonly value: null; readonly why: string };

interface Estimate {
  readonly value: number;
  /** What the two step sizes leave open, and what rounding does. */
  readonly truncation: number;
  readonly noise: number;
  readonly bent: boolean;
}

/**
 * Large steps round little, small ones stay beside a singularity: the first that is good enough
 * counts. A kink must show at every one of them.
 */
const STEPS = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];
const GOOD = 1e-9;
const TOO_NOISY = 1e-3;
const UNCLEAR = 1e-6;
const ROUNDING = 8 * Number.EPSILON;

/**
 * The slope by central differences at two step sizes and Richardson's extrapolation
 * (Richardson 1911, doi:10.1098/rsta.1911.0009): its error is of fourth order in the step.
 */
export async function slopeAlong(line: Line): Promise<Slope> {
  let best: Estimate | null = null;
  let bent = false;
  for (const step of STEPS) {
    const found = await estimate(line, step * line.unit);
    if (found === null) continue;
    const size = Math.abs(found.value) + line.scale;
    if ((bent || best !== null) && found.noise > TOO_NOISY * size) break;
    if (found.bent) bent = true;
    else if (best === null || errorOf(found) < errorOf(best)) best = found;
    if (best !== null && errorOf(best) <= GOOD * size) break;
  }
  const why = best === null ? (bent ? SIDES : NOTHING) : doubt(best, line.scale);
  return best === null || why !== null
    ? { value: null, why: why ?? NOTHING }
    : { value: best.value, why };
}

const SIDES = "the slopes on both sides differ";
const NOTHING = "no finite value beside it";

/** Steps that are too coarse for the function leave more open than a check may. */
function doubt({ value, truncation, noise }: Estimate, scale: number): string | null {
  const unclear = truncation > UNCLEAR * Math.max(Math.abs(value), scale);
  return unclear && truncation > noise ? "the slopes at two step sizes differ" : null;
}

const errorOf = ({ truncation, noise }: Estimate): number => truncation + noise;

async function estimate(line: Line, h: number): Promise<Estimate | null> {
  const [a, b, c, d] = [
    await line.at(-h),
    await line.at(-h / 2),
    await line.at(h / 2),
    await line.at(h),
  ];
  const wide = weigh(line, a, d) / (2 * h);
  const narrow = weigh(line, b, c) / h;
  const value = (4 * narrow - wide) / 3;
  const noise = (ROUNDING * magnitude(line)) / h;
  // How much steeper it is on the right than on the left.
  const wideBend = (weigh(line, line.base, d) - weigh(line, a, line.base)) / h;
  const narrowBend = (weigh(line, line.base, c) - weigh(line, b, line.base)) / (h / 2);
  if (![value, wideBend, narrowBend].every(Number.isFinite)) return null;
  const apart = Math.abs(wide - narrow);
  const truncation = apart <= noise ? 0 : apart ** 2 / (Math.abs(value) + line.scale + apart);
  return { value, truncation, noise, bent: isKink(wideBend, narrowBend, value, noise, line.scale) };
}

/** Half the step halves the bend of a smooth function, but leaves that of a kink as it is. */
function isKink(wide: number, narrow: number, value: number, noise: number, scale: number) {
  const least = 16 * noise + 1e-8 * (Math.abs(value) + scale);
  return Math.abs(narrow) > 0.75 * Math.abs(wide) && Math.abs(narrow) > least;
}

/** Σ weights · (to - from): the elements are subtracted first, so that large ones cancel. */
function weigh({ weights }: Line, from: Float64Array, to: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += weights[j]! * (to[j]! - from[j]!);
  return sum;
}

function magnitude({ weights, base }: Line): number {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += (weights[j]! * base[j]!) ** 2;
  return Math.sqrt(sum);
}
