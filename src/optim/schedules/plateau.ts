import { DTypeError, ValueError } from "../../core/errors.ts";
import type { ParameterGroup } from "../parameterGroups.ts";
import { checkBetween, checkCount, groupsWithRates, type Scheduleable } from "./scheduler.ts";

export interface PlateauOptions {
  readonly mode?: "min" | "max";
  readonly factor?: number;
  /** Steps without an improvement that are waited for. */
  readonly patience?: number;
  /** What counts as an improvement: by this share of the best ("rel"), or by this much ("abs"). */
  readonly threshold?: number;
  readonly thresholdMode?: "rel" | "abs";
  /** Steps after a reduction in which nothing counts. */
  readonly cooldown?: number;
  /** The smallest rate, for all groups or for each. */
  readonly minLr?: number | readonly number[];
  /** Smaller changes of the rate are not made. */
  readonly eps?: number;
}

export interface PlateauState {
  readonly best: number;
  readonly bad: number;
  readonly cooling: number;
}

/**
 * Multiplies the rates by `factor` when a metric has not improved for more than `patience` steps.
 * Unlike other schedules it follows from what is measured: call `step(metric)` after each epoch.
 */
export class ReduceLROnPlateau {
  readonly options: Required<PlateauOptions>;
  readonly #groups: readonly ParameterGroup[];
  #best: number;
  #bad = 0;
  #cooling = 0;

  constructor(optimizer: Scheduleable, options: PlateauOptions = {}) {
    this.options = {
      mode: "min",
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: "rel",
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
      ...options,
    };
    this.#groups = groupsWithRates("ReduceLROnPlateau", optimizer);
    this.#check();
    this.#best = this.options.mode === "min" ? Infinity : -Infinity;
  }

  get lastLr(): number[] {
    return this.#groups.map(({ options }) => options.lr as number);
  }

  /** @param metric the value that is to improve; NaN counts as no improvement */
  step(metric: number): void {
    if (typeof metric !== "number") {
      throw new DTypeError(
        "ReduceLROnPlateau: the metric is not a number; got a " +
          `${typeof metric}. Read a tensor first: scheduler.step(await loss.item()).`,
      );
    }
    if (this.#improves(metric)) {
      this.#best = metric;
      this.#bad = 0;
    } else this.#bad++;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= this.options.patience) return;
    this.#reduce();
    this.#cooling = this.options.cooldown;
    this.#bad = 0;
  }

  stateDict(): PlateauState {
    return { best: this.#best, bad: this.#bad, cooling: this.#cooling };
  }

  loadStateDict({ best, bad, cooling }: PlateauState): void {
    this.#best = best;
    this.#bad = bad;
    this.#cooling = cooling;
  }

  #improves(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const down = mode === "min";
    if (!Number.isFinite(this.#best)) return down ? metric < this.#best : metric > this.#best;
    const margin = thresholdMode === "rel" ? Math.abs(this.#best) * threshold : threshold;
    return down ? metric < this.#best - margin : metric > this.#best + margin;
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.options;
    this.#groups.forEach(({ options }, i) => {
      const lr = options.lr as number;
      const least = typeof minLr === "number" ? minLr : minLr[i];
      const next = Math.max(lr * factor, least);
      if (lr - next > eps) options.lr = next;
    });
  }

  #check(): void {
    const { mode, factor, patience, cooldown, minLr, thresholdMode } = this.options;
    const name = "ReduceLROnPlateau";
    checkBetween(name, "factor", factor, 0);
    checkCount(name, "patience", patience, 0);
    checkCount(name, "cooldown", cooldown, 0);
    const known = ["min", "max"].includes(mode) && ["rel", "abs"].includes(thresholdMode);
    if (!known || factor >= 1) {
      throw new ValueError(
        `${name}: mode is "min" or "max", thresholdMode "rel" or "abs", factor below 1; ` +
          `got "${mode}", "${thresholdMode}", ${factor}. Change that option.`,
      );
    }
    if (typeof minLr !== "number" && minLr.length !== this.#groups.length) {
      throw new ValueError(
        `${name}: minLr has ${minLr.length} numbers for ${this.#groups.length} groups. ` +
          "Give one number, or one for each group.",
      );
    }
  }
}
