import { ValueError } from "../core/errors.ts";

/** What criteria look at after each step. */
export interface Observed {
  /** Steps made. */
  readonly step: number;
  readonly loss: number;
  /** Norm of the gradient, where somebody measures it. */
  readonly gradientNorm?: number;
  /** ‖p - p_before‖ / ‖p_before‖, where somebody measures it. */
  readonly parameterChange?: number;
}

/** Says why a run should stop, or null. Criteria remember what they saw: make one for each run. */
export class Criterion {
  readonly check: (seen: Observed) => string | null;

  constructor(check: (seen: Observed) => string | null) {
    this.check = check;
  }

  /** Stops when either says so. */
  or(other: Criterion): Criterion {
    return new Criterion((seen) => {
      // Both look at every step: they count.
      const [a, b] = [this.check(seen), other.check(seen)];
      return a ?? b;
    });
  }

  /** Stops when both say so at the same step. */
  and(other: Criterion): Criterion {
    return new Criterion((seen) => {
      const [a, b] = [this.check(seen), other.check(seen)];
      return a === null || b === null ? null : `${a} and ${b}`;
    });
  }
}

function positive(name: string, value: number): void {
  if (value > 0) return;
  throw new ValueError(
    `${name}: the bound must be positive; got ${value}. Use a value such as 1e-6.`,
  );
}

function measured(name: string, value: number | undefined): number {
  if (value !== undefined) return value;
  throw new ValueError(`${name}: nobody measured it; this run does not give what it looks at.`);
}

/** The norm of the gradient is below `bound`. */
export function gradientBelow(bound: number): Criterion {
  positive("gradientBelow", bound);
  return new Criterion(({ gradientNorm }) => {
    const norm = measured("gradientBelow", gradientNorm);
    return norm < bound ? `the gradient's norm ${norm.toExponential(1)} is below ${bound}` : null;
  });
}

/** |loss - loss before| is below `bound` times |loss before|. */
export function lossChangeBelow(bound: number): Criterion {
  positive("lossChangeBelow", bound);
  let before: number | null = null;
  return new Criterion(({ loss }) => {
    const last = before;
    before = loss;
    if (last === null || !(Math.abs(loss - last) < bound * Math.abs(last))) return null;
    return `the loss changed by less than ${bound} of itself`;
  });
}

/** ‖p - p_before‖ is below `bound` times ‖p_before‖. */
export function parameterChangeBelow(bound: number): Criterion {
  positive("parameterChangeBelow", bound);
  return new Criterion(({ parameterChange }) =>
    measured("parameterChangeBelow", parameterChange) < bound
      ? `the parameters changed by less than ${bound} of themselves`
      : null,
  );
}

/** The loss has not fallen by `minDelta` below its lowest for `patience` steps. */
export function plateau(patience: number, minDelta = 0): Criterion {
  positive("plateau", patience);
  let best = Infinity;
  let waited = 0;
  return new Criterion(({ loss }) => {
    if (loss < best - minDelta) {
      best = loss;
      waited = 0;
    } else waited++;
    return waited < patience ? null : `the loss has not improved for ${patience} steps`;
  });
}

/** So many steps have been made. */
export function maxSteps(steps: number): Criterion {
  positive("maxSteps", steps);
  return new Criterion(({ step }) => (step >= steps ? `${steps} steps were made` : null));
}

/** So many milliseconds have passed since the first look. */
export function maxTime(milliseconds: number): Criterion {
  positive("maxTime", milliseconds);
  let start: number | null = null;
  return new Criterion(() => {
    start ??= performance.now();
    return performance.now() - start >= milliseconds ? `${milliseconds} ms have passed` : null;
  });
}
