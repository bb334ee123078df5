import { ValueError } from "../../core/errors.ts";
import { checkBetween, checkCount, defineSchedule, type Schedule } from "./scheduler.ts";

export interface CyclicOptions {
  readonly baseLr: number;
  readonly maxLr: number;
  readonly stepSizeUp?: number;
  /** As long as `stepSizeUp` unless given. */
  readonly stepSizeDown?: number;
  /** "triangular2" halves the height with each cycle, "expRange" multiplies it by γ^step. */
  readonly mode?: "triangular" | "triangular2" | "expRange";
  readonly gamma?: number;
  /** Momentum goes down where the rate goes up; the default is true. */
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number;
  readonly maxMomentum?: number;
}

const MODES = ["triangular", "triangular2", "expRange"];

/**
 * Cyclical rates (Smith 2017, arXiv:1506.01186): from `baseLr` up to `maxLr` and down again along
 * straight lines, and momentum the other way round.
 */
export const CyclicLR = defineSchedule("CyclicLR", (options: CyclicOptions): Schedule => {
  const { baseLr, maxLr, stepSizeUp = 2000, stepSizeDown = stepSizeUp, gamma = 1 } = options;
  const { mode = "triangular", cycleMomentum = true } = options;
  const { baseMomentum = 0.8, maxMomentum = 0.9 } = options;
  checkBetween("CyclicLR", "baseLr", baseLr, 0);
  checkBetween("CyclicLR", "maxLr", maxLr, baseLr);
  checkCount("CyclicLR", "stepSizeUp", stepSizeUp);
  checkCount("CyclicLR", "stepSizeDown", stepSizeDown);
  if (!MODES.includes(mode)) {
    throw new ValueError(`CyclicLR: unknown mode "${mode}". Use one of ${MODES.join(", ")}.`);
  }
  const period = stepSizeUp + stepSizeDown;
  return (step) => {
    const at = step % period;
    const height = at <= stepSizeUp ? at / stepSizeUp : (period - at) / stepSizeDown;
    const cycle = Math.floor(step / period);
    const scale = mode === "triangular2" ? 0.5 ** cycle : mode === "expRange" ? gamma ** step : 1;
    const lr = baseLr + (maxLr - baseLr) * height * scale;
    if (!cycleMomentum) return { lr };
    return { lr, momentum: maxMomentum - (maxMomentum - baseMomentum) * height * scale };
  };
});

export interface OneCycleOptions {
  readonly maxLr: number;
  readonly totalSteps: number;
  /** The share of the steps in which the rate rises. */
  readonly pctStart?: number;
  readonly annealStrategy?: "cos" | "linear";
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number;
  readonly maxMomentum?: number;
  /** The first rate is maxLr / divFactor, the last that divided by finalDivFactor. */
  readonly divFactor?: number;
  readonly finalDivFactor?: number;
  /** Down as slowly as up, and then to the last rate. */
  readonly threePhase?: boolean;
}

/** The rates and momenta at the end of a phase. */
interface Turn {
  readonly step: number;
  readonly lr: number;
  readonly momentum: number;
}

/**
 * The 1cycle policy (Smith & Topin 2018, arXiv:1708.07120), in PyTorch's form: up from
 * maxLr / divFactor to maxLr, then down to far below where it began; momentum the other way round.
 * It ends after `totalSteps` steps.
 */
export const OneCycleLR = defineSchedule("OneCycleLR", (options: OneCycleOptions): Schedule => {
  const { totalSteps, annealStrategy = "cos", cycleMomentum = true } = options;
  checkOneCycle(options);
  const turns = turnsOf(options);
  const between = (from: number, to: number, share: number): number =>
    annealStrategy === "linear"
      ? from + (to - from) * share
      : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  const schedule = (step: number) => {
    const found = turns.findIndex((turn, i) => i > 0 && step <= turn.step);
    const [from, to] = [turns[found - 1], turns[found]];
    const share = (step - from.step) / (to.step - from.step);
    const lr = between(from.lr, to.lr, share);
    return cycleMomentum ? { lr, momentum: between(from.momentum, to.momentum, share) } : { lr };
  };
  return Object.assign(schedule, { steps: totalSteps });
});

function checkOneCycle({ maxLr, totalSteps, pctStart = 0.3, annealStrategy }: OneCycleOptions) {
  checkBetween("OneCycleLR", "maxLr", maxLr, 0);
  checkCount("OneCycleLR", "totalSteps", totalSteps, 2);
  checkBetween("OneCycleLR", "pctStart", pctStart, 0, 1);
  if (annealStrategy !== undefined && !["cos", "linear"].includes(annealStrategy)) {
    throw new ValueError(
      `OneCycleLR: unknown annealStrategy "${annealStrategy}". Use "cos" or "linear".`,
    );
  }
}

function turnsOf(options: OneCycleOptions): Turn[] {
  const { maxLr, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  const { baseMomentum = 0.85, maxMomentum = 0.95, threePhase = false } = options;
  const first = maxLr / divFactor;
  const up = pctStart * totalSteps - 1;
  const start = { step: 0, lr: first, momentum: maxMomentum };
  const top = { step: up, lr: maxLr, momentum: baseMomentum };
  const end = { step: totalSteps - 1, lr: first / finalDivFactor, momentum: maxMomentum };
  if (!threePhase) return [start, top, end];
  return [start, top, { step: 2 * up, lr: first, momentum: maxMomentum }, end];
}
