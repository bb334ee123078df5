import { ValueError } from "../core/errors.ts";
import type { Device } from "../tensor/device.ts";
import { flushPending } from "../tensor/realize.ts";
import { noGrad, recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { arrange } from "./arrange.ts";
import type { NonFinitePolicy, NonFiniteWatch } from "./nonFinite.ts";
import {
  checkAdded,
  type GivenGroup,
  groupOf,
  groupsOf,
  type Members,
  type ParameterGroup,
  withoutUndefined,
} from "./parameterGroups.ts";
import { type Flags, type Options, type Rule, rules, type Widened } from "./rule.ts";
import {
  type Holder,
  type LoadedState,
  loadOptimizerState,
  type OptimizerState,
  stateOf,
} from "./state.ts";
import { countStep } from "./steps.ts";
import { flagsKey, updateWindow, type Window } from "./update.ts";

/** Options that every optimizer takes beside those of its rule. */
export interface CommonOptions {
  /** What a step does when a gradient is NaN or infinite; without it they go on as they are. */
  readonly nonFinite?: NonFinitePolicy;
}

export type OptimizerOptions<O> = Partial<Widened<O>> & CommonOptions;

/** Makes the class of a rule: `new Adam(model.parameters(), { lr: 1e-3 })`. */
export function defineOptimizer<
  O extends Options,
  F extends Flags,
  S extends string,
  K extends string,
  N extends string = never,
>(
  rule: Rule<O, F, S, K, N>,
): new (
  parameters: Iterable<Variable> | Iterable<GivenGroup<Widened<O>>>,
  options?: OptimizerOptions<O>,
) => Optimizer<O> {
  const plain = rule as unknown as Rule;
  rules.push(plain);
  return class extends Optimizer<O> {
    constructor(
      parameters: Iterable<Variable> | Iterable<GivenGroup<Widened<O>>>,
      options: OptimizerOptions<O> = {},
    ) {
      super(plain, parameters, options);
    }
  };
}

/**
 * Updates parameters by their gradients, all of them in one kernel: parameters, gradients and
 * each slot of state lie flat. A parameter without a gradient is left alone.
 */
export class Optimizer<O extends Options = Options> {
  readonly name: string;
  readonly rule: Rule;
  /** Parameters with options of their own; a changed option counts from the next step on. */
  readonly paramGroups: readonly ParameterGroup<O>[];
  /** Parameters that the last recorded step left alone, because they had no gradient. */
  withoutGradient = 0;
  readonly #watch: NonFiniteWatch | null;
  readonly #members: Members;
  readonly #windows: Window[];
  readonly #defaults: Options;

  constructor(
    rule: Rule,
    parameters: Iterable<Variable> | Iterable<GivenGroup<Widened<O>>>,
    { nonFinite, ...options }: OptimizerOptions<O>,
  ) {
    this.rule = rule;
    this.name = rule.name;
    this.#defaults = { ...rule.defaults, ...withoutUndefined(options) };
    const groups = groupsOf(rule, parameters, this.#defaults);
    this.paramGroups = groups as unknown as readonly ParameterGroup<O>[];
    const [members, windows] = arrange(rule, groups);
    this.#members = members;
    this.#windows = windows;
    if (nonFinite !== undefined && typeof nonFinite !== "function") {
      throw new ValueError(
        `${rule.name}: nonFinite is no policy; got ${nonFinite}. Use optim.skipNonFinite, ` +
          "optim.zeroNonFinite or optim.errorOnNonFinite.",
      );
    }
    this.#watch = nonFinite?.(rule, members) ?? null;
  }

  /** The options in force. @throws ValueError when groups have options of their own */
  get options(): Widened<O> {
    if (this.paramGroups.length === 1) return this.paramGroups[0].options;
    throw new ValueError(
      `${this.name}: options of ${this.paramGroups.length} groups; ` +
        "read or change optimizer.paramGroups[i].options.",
    );
  }

  /**
   * Takes parameters with options of their own later, such as those of a layer that begins to train.
   * They lie in a buffer of their own: a step is a launch more.
   * @throws ValueError for wrong options and for parameters that it has; nothing is changed then
   */
  addParamGroup(group: GivenGroup<Widened<O>>): void {
    const { rule, paramGroups } = this;
    const made = groupOf(rule, group, this.#defaults, paramGroups.length);
    checkAdded(rule, made, this.parameters);
    const [members, windows] = arrange(rule, [made]);
    this.#windows.push(...windows);
    this.#members.list = [...this.#members.list, ...members.list];
    this.#members.version++;
    (paramGroups as ParameterGroup<O>[]).push(made as unknown as ParameterGroup<O>);
    this.#watch?.grow();
  }

  /** Steps whose gradients were not finite; a scalar on the device, null where nobody counts. */
  get nonFiniteSteps(): Variable | null {
    return this.#watch?.steps ?? null;
  }

  get parameters(): Variable[] {
    return this.#members.list.map(({ variable }) => variable);
  }

  /** Steps made by the parameters that have made most. */
  get t(): number {
    return Math.max(...this.#members.list.map(({ progress }) => progress.t));
  }

  /** Forgets the gradients: the next backward starts from nothing. */
  zeroGrad(): void {
    for (const { variable } of this.#members.list) variable.grad = null;
  }

  /**
   * Updates the parameters. Outside `compile` the promise resolves when the step is enqueued and
   * few enough are in flight; inside, the step is only recorded.
   */
  step(): Promise<void> {
    noGrad(() => this.#record());
    if (recorder.capture !== null) return Promise.resolve();
    return flushPending(this.#device);
  }

  /** A slot of state of one parameter, such as Adam's "m". @throws ValueError where there is none */
  slot(name: string, parameter: Variable): Tensor {
    for (const { members, slots } of this.#windows) {
      const index = members.findIndex(({ variable }) => variable === parameter);
      const values = slots.get(name);
      if (index >= 0 && values !== undefined) return new Tensor(values.leaf(index));
    }
    throw new ValueError(
      `${this.name}: no slot "${name}" of "${parameter.name}"; it has ` +
        `${[...this.#windows[0].slots.keys()].join(", ") || "none"}, of its own parameters.`,
    );
  }

  /** Step counts, options and slots of state: what `loadStateDict` takes. */
  stateDict(): OptimizerState {
    return stateOf(this.#all, this.paramGroups);
  }

  /**
   * Continues where another optimizer of the same rule and parameters stood.
   * @throws ValueError naming everything that does not fit; nothing is changed then
   */
  loadStateDict(state: LoadedState): void {
    loadOptimizerState(this.#all, this.paramGroups, state);
  }

  /** What the state is read from and written to. */
  get #all(): Holder {
    const { rule } = this;
    return {
      rule,
      members: this.#members,
      windows: this.#windows,
      skipped: this.#watch?.skipped ?? null,
    };
  }

  get #device(): Device {
    return this.#windows[0].flat.values.device;
  }

  #record(): void {
    const members = this.#members.list;
    this.withoutGradient = members.filter(({ variable }) => variable.grad === null).length;
    if (this.withoutGradient === members.length) return;
    const { rule } = this;
    const steps = countStep(rule, this.#members);
    const all = [...steps.keys()];
    recorder.capture?.guard(() => all.map((progress) => flagsKey(rule, progress)).join());
    const scalars = new Map([...steps].map(([progress, step]) => [progress, step.scalars]));
    const watched = this.#watch?.look(this.#windows, steps);
    const update = { rule, scalars, happens: null, zeroed: false, ...watched };
    for (const window of this.#windows) updateWindow(window, update);
  }
}
