import { ValueError } from "../../core/errors.ts";
import { recorder } from "../../tensor/recorder.ts";
import type { ParameterGroup } from "../parameterGroups.ts";

/** Options of a group as they were when its scheduler was made. */
export type Initial = { readonly lr: number } & Readonly<Record<string, number | boolean>>;

/** What a schedule sets for one step. */
export interface Scheduled {
  readonly lr: number;
  /** Of SGD and RMSprop; β1 of the Adam family. */
  readonly momentum?: number;
}

/**
 * The rate of step number `step` (from 0 on), given a group's options from before: a pure function,
 * which can be plotted, and resumed anywhere. `steps` is their number where it ends.
 */
export interface Schedule {
  (step: number, initial: Initial): Scheduled;
  readonly steps?: number;
}

/** What a scheduler needs of an optimizer. */
export interface Scheduleable {
  readonly name: string;
  readonly paramGroups: readonly ParameterGroup<never>[] | readonly ParameterGroup[];
}

export interface SchedulerState {
  readonly step: number;
}

/**
 * Sets the options of an optimizer's groups for each step. Call `step()` after `optimizer.step()`;
 * inside `compile` it happens at every replay.
 */
export class Scheduler {
  readonly name: string;
  readonly schedule: Schedule;
  readonly #groups: readonly ParameterGroup[];
  readonly #initial: readonly Initial[];
  #step = 0;

  constructor(optimizer: Scheduleable, schedule: Schedule, name = "Scheduler") {
    this.name = name;
    this.schedule = schedule;
    this.#groups = groupsWithRates(name, optimizer);
    this.#initial = this.#groups.map(({ options }) => ({ ...options }) as Initial);
    this.seek(0);
  }

  /** The step that the present options are for, from 0 on. */
  get lastStep(): number {
    return this.#step;
  }

  /** The rate of each group in force. */
  get lastLr(): number[] {
    return this.#groups.map(({ options }) => options.lr as number);
  }

  /** What the groups would have at a step; changes nothing. */
  at(step: number): Scheduled[] {
    return this.#initial.map((initial) => this.schedule(step, initial));
  }

  /** Goes on by one step. @throws ValueError past the end of a schedule that has one */
  step(): void {
    const before = this.#step;
    const advance = () => this.seek(this.#step + 1);
    if (recorder.capture === null) advance();
    else recorder.capture.effect(advance, [], () => this.seek(before));
  }

  /** Continues at a step, as after a checkpoint. */
  seek(step: number): void {
    const { steps } = this.schedule;
    if (!Number.isInteger(step) || step < 0) {
      throw new ValueError(`${this.name}: there is no step ${step}. Use a whole number from 0 on.`);
    }
    // The scheduler steps once more after the last step of the optimizer.
    if (steps !== undefined && step > steps) {
      throw new ValueError(
        `${this.name}: stepped past its end; it has ${steps} steps, and this is step ${step}. ` +
          "Make it longer, or stop calling step() there.",
      );
    }
    const at = steps === undefined ? step : Math.min(step, steps - 1);
    this.#step = step;
    this.at(at).forEach((scheduled, i) => {
      setOptions(this.#groups[i], scheduled);
    });
  }

  stateDict(): SchedulerState {
    return { step: this.#step };
  }

  loadStateDict({ step }: SchedulerState): void {
    this.seek(step);
  }
}

/** @throws ValueError for what is no optimizer, or one without a rate */
export function groupsWithRates(name: string, optimizer: Scheduleable): readonly ParameterGroup[] {
  const groups = (optimizer as { paramGroups?: readonly ParameterGroup[] } | null)?.paramGroups;
  if (groups?.every(({ options }) => typeof options.lr === "number")) return groups;
  throw new ValueError(
    `${name}: there is no rate to schedule; got ${String((optimizer as object)?.constructor?.name)}. ` +
      "Pass an optimizer that has the option lr.",
  );
}

function setOptions({ options }: ParameterGroup, { lr, momentum }: Scheduled): void {
  options.lr = lr;
  if (momentum === undefined) return;
  if (typeof options.momentum === "number") options.momentum = momentum;
  else if (typeof options.beta1 === "number") options.beta1 = momentum;
}

/** The class of a schedule. */
export interface ScheduleClass<O> {
  new (optimizer: Scheduleable, options: O): Scheduler;
  /** The pure function. */
  schedule(this: void, options: O): Schedule;
}

/**
 * Makes the class of a schedule, `new StepLR(optimizer, { stepSize: 30 })`; `StepLR.schedule(options)`
 * is the pure function.
 */
export function defineSchedule<O>(name: string, make: (options: O) => Schedule): ScheduleClass<O> {
  return class extends Scheduler {
    static readonly schedule: (options: O) => Schedule = make;

    constructor(optimizer: Scheduleable, options: O) {
      super(optimizer, make(options), name);
    }
  };
}

/** @throws ValueError unless it is a whole number, at least `least` */
export function checkCount(name: string, option: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ValueError(
    `${name}: ${option} must be a whole number, at least ${least}; got ${value}. Change that option.`,
  );
}

/** @throws ValueError unless it is a number within the range, ends included */
export function checkBetween(
  name: string,
  option: string,
  value: number,
  low: number,
  high = Number.MAX_VALUE,
): void {
  if (value >= low && value <= high) return;
  const range = high === Number.MAX_VALUE ? `at least ${low}` : `from ${low} to ${high}`;
  throw new ValueError(`${name}: ${option} must be ${range}; got ${value}. Change that option.`);
}
