import { ValueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { zeros } from "../ops/creation/creation.ts";
import { add, mul, neg, sub } from "../ops/elementwise/arithmetic.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { isFinite as finite, logicalAnd, where } from "../ops/elementwise/compare.ts";
import { expm1 } from "../ops/elementwise/special.ts";
import { cat } from "../ops/movement/join.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import { constantLike } from "../ops/rules.ts";
import type { Device } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { byPlace, pieces } from "./byPlace.ts";
import { finiteNorm } from "./gradients/finiteNorm.ts";
import { flatNorms } from "./gradients/gradientNorms.ts";
import type { Member, Members, Progress } from "./parameterGroups.ts";
import type { Rule } from "./rule.ts";
import type { Scalars, Step } from "./steps.ts";
import type { Update, Window } from "./update.ts";

/**
 * What an optimizer's step does when a gradient is NaN or infinite: `skipNonFinite`,
 * `zeroNonFinite` or `errorOnNonFinite`; see docs/optimizers.md.
 */
export type NonFinitePolicy = (rule: Rule, members: Members) => NonFiniteWatch;

/** Looks at the gradients of an optimizer's steps. */
export interface NonFiniteWatch {
  /** Steps whose gradients were not finite; a scalar on the device. */
  readonly steps: Variable;
  /** Steps of each parameter that did not count [parameters], where only the device knows. */
  readonly skipped: Variable | null;
  /** What becomes of a step. */
  look(windows: readonly Window[], steps: ReadonlyMap<Progress, Step>): Partial<Update>;
  /** More parameters have come. */
  grow(): void;
}

/** Nothing is updated, and the next awaited call rejects with NonFiniteError. */
export const errorOnNonFinite: NonFinitePolicy = (rule, members) => {
  const steps = counterOf(rule, members);
  const look = (windows: readonly Window[]) => {
    return { happens: countFinite(allFinite(windows, rule.name), steps) };
  };
  return { steps, skipped: null, look, grow() {} };
};

/** Elements that are not finite count as 0. */
export const zeroNonFinite: NonFinitePolicy = (rule, members) => {
  const steps = counterOf(rule, members);
  const look = (windows: readonly Window[]) => {
    countFinite(allFinite(windows), steps);
    return { zeroed: true };
  };
  return { steps, skipped: null, look, grow() {} };
};

/**
 * Nothing is updated, and the step does not count: as only the device knows the true count, it
 * computes the bias corrections as well.
 * @throws ValueError for a rule whose other numbers depend on the count
 */
export const skipNonFinite: NonFinitePolicy = (rule, members) => new SkipWatch(rule, members);

class SkipWatch implements NonFiniteWatch {
  readonly steps: Variable;
  readonly #rule: Rule;
  readonly #members: Members;
  #skipped: Variable;

  constructor(rule: Rule, members: Members) {
    checkSkippable(rule, members);
    this.#rule = rule;
    this.#members = members;
    this.steps = counterOf(rule, members);
    this.#skipped = this.#counters(members.list.length);
  }

  get skipped(): Variable {
    return this.#skipped;
  }

  grow(): void {
    const before = this.#skipped;
    const { name, size } = before;
    const more = this.#counters(this.#members.list.length - size);
    this.#skipped = new Variable(cat([before, more]), { name, inPlace: true });
  }

  look(windows: readonly Window[], steps: ReadonlyMap<Progress, Step>): Partial<Update> {
    const { list } = this.#members;
    const happens = countFinite(allFinite(windows), this.steps);
    const skipped = countSkipped(this.#skipped, list, happens);
    const scalars = new Map<Progress, Scalars>();
    for (const [progress, { t, scalars: given }] of steps) {
      const first = list.findIndex((m) => m.progress === progress);
      const now = sub(t, reshape(cast(narrow(skipped, 0, first, 1), "float32"), []));
      const correction = (logBeta: Tensor) => neg(expm1(mul(now, logBeta)));
      const counted = this.#rule.scalarsOf?.(now, given, correction) as Scalars;
      scalars.set(progress, { ...given, ...counted });
    }
    return { happens, scalars };
  }

  #counters(length: number): Variable {
    return stepCounter(deviceOf(this.#members), [length], `${this.#rule.name} skipped`);
  }
}

function checkSkippable(rule: Rule, { list }: Members): void {
  if (rule.scalarsOf !== undefined) return;
  for (const { progress } of list) {
    const numbers = [1, 2, 100].map((t) =>
      JSON.stringify(rule.scalars(progress.group.options, t, { ...progress.numbers })),
    );
    if (new Set(numbers).size === 1) continue;
    throw new ValueError(
      `${rule.name}: skipNonFinite needs the step count on the device, which this rule does not ` +
        "have. Use zeroNonFinite or errorOnNonFinite.",
    );
  }
}

const deviceOf = ({ list }: Members): Device => list[0].variable.device as Device;

const stepCounter = (device: Device, shape: Shape, name: string): Variable =>
  new Variable(zeros(shape, { dtype: "int32", device }), { name, inPlace: true });

const counterOf = ({ name }: Rule, members: Members): Variable =>
  stepCounter(deviceOf(members), [], `${name} not finite`);

/** Whether all gradients of a step are finite; `reportAs` has the next awaited call reject. */
function allFinite(windows: readonly Window[], reportAs?: string): Tensor {
  const tested = windows
    .filter(({ flat }) => flat.missing().includes(false))
    .map(({ flat }) => {
      const { total } = flatNorms(flat, Infinity);
      if (reportAs === undefined) return finite(total);
      // The checked norm has to be a part of what the step computes, or nobody would check it.
      return logicalAnd(finite(total), finite(finiteNorm(total, { of: reportAs })));
    });
  return tested.reduce(logicalAnd);
}

function countFinite(all: Tensor, steps: Variable): Tensor {
  steps.assign(add(steps, cast(where(all, 0, 1), "int32")));
  return all;
}

/**
 * How many steps of each parameter were skipped so far [parameters]; this one is another, where it
 * is not finite, for those that have a gradient.
 */
function countSkipped(skipped: Variable, members: readonly Member[], all: Tensor): Tensor {
  const before = new Tensor(skipped.node);
  const stepping = members.map(({ variable }) => variable.grad !== null);
  const ends = members.map((_, i) => i + 1);
  const one = pieces(ends, stepping).map(({ end, value }) => {
    return { end, value: constantLike(Number(value), before) };
  });
  skipped.assign(add(before, where(all, 0, byPlace(one))));
  return before;
}
