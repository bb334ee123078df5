import { ValueError } from "../core/errors.ts";
import { Node } from "../core/node.ts";
import { tensor } from "../ops/creation/creation.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { where } from "../ops/elementwise/compare.ts";
import type { Device } from "../tensor/device.ts";
import { Flat } from "../tensor/flat.ts";
import { NO_ATTRS, SCALAR } from "../tensor/op.ts";
import { flushPending } from "../tensor/realize.ts";
import { noGrad, recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { type FlatParameters, flatten } from "./flatParameters.ts";

type Numbers = Readonly<Record<string, number>>;
type Options = Readonly<Record<string, number | boolean>>;
type Tensors = Record<string, Tensor>;
/** Options as a user gives them: defaults such as `false` stand for their type. */
type Widened<O> = { -readonly [K in keyof O]: O[K] extends boolean ? boolean : number };

/**
 * A published update rule. `scalars` are computed in float64 on the host before each step and
 * enter as uniforms; `rule` is written in tensor ops and becomes one kernel over the flat buffers.
 */
export interface Rule<O extends Options, S extends string, K extends string> {
  readonly name: string;
  readonly defaults: O;
  /** Slots of state, each as large as the parameters; they start at zero. */
  readonly state: readonly S[] | ((options: O) => readonly S[]);
  /** @throws ValueError when an option is outside its range. */
  check(options: Widened<O>): void;
  /** @param t the number of this step, from 1 on */
  scalars(options: O, t: number): Record<K, number>;
  rule(
    tensors: Record<"p" | "g" | S, Tensor>,
    scalars: Record<K, Tensor>,
    options: O,
  ): Partial<Record<S, Tensor>> & { readonly p: Tensor };
}

/** Every defined optimizer, for tests that run each. */
export const rules: Rule<Options, string, string>[] = [];

/** Makes the class of a rule: `new Adam(model.parameters(), { lr: 1e-3 })`. */
export function defineOptimizer<O extends Options, S extends string, K extends string>(
  rule: Rule<O, S, K>,
): new (
  parameters: Iterable<Variable>,
  options?: Partial<Widened<O>>,
) => Optimizer<O> {
  const plain = rule as unknown as Rule<Options, string, string>;
  rules.push(plain);
  return class extends Optimizer<O> {
    constructor(parameters: Iterable<Variable>, options: Partial<Widened<O>> = {}) {
      super(plain, parameters, options as Options);
    }
  };
}

interface Group {
  readonly flat: FlatParameters;
  readonly slots: ReadonlyMap<string, Flat>;
  /** 1 where a parameter is updated, by which gradients are missing. */
  readonly masks: Map<string, Tensor>;
}

/**
 * Updates parameters by their gradients, all of them in one kernel: parameters, gradients and
 * each slot of state lie flat. A parameter without a gradient is left alone.
 */
export class Optimizer<O extends Options = Options> {
  readonly name: string;
  /** Options in force; a changed one (a schedule's `lr`) counts from the next step on. */
  readonly options: Widened<O>;
  /** Steps made. */
  t = 0;
  readonly #rule: Rule<Options, string, string>;
  readonly #groups: readonly Group[];

  constructor(
    rule: Rule<Options, string, string>,
    parameters: Iterable<Variable>,
    options: Options,
  ) {
    this.#rule = rule;
    this.name = rule.name;
    const unknown = Object.keys(options).filter((k) => !(k in rule.defaults));
    if (unknown.length > 0) {
      throw new ValueError(
        `${rule.name}: unknown option ${unknown.join(", ")}. ` +
          `It takes ${Object.keys(rule.defaults).join(", ")}.`,
      );
    }
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.options = { ...rule.defaults, ...Object.fromEntries(given) } as typeof this.options;
    rule.check(this.options as unknown as Widened<Options>);
    this.#groups = flatten(rule.name, parameters).map((flat) =>
      makeGroup(flat, rule, this.options as Options),
    );
  }

  get parameters(): Variable[] {
    return this.#groups.flatMap((g) => g.flat.parameters);
  }

  /** Forgets the gradients: the next backward starts from nothing. */
  zeroGrad(): void {
    for (const p of this.parameters) p.grad = null;
  }

  /**
   * Updates the parameters. Outside `compile` the promise resolves when the step is enqueued and
   * few enough are in flight; inside, the step is only recorded.
   */
  step(): Promise<void> {
    const scalars = this.#scalars();
    noGrad(() => {
      for (const group of this.#groups) this.#update(group, scalars);
    });
    if (recorder.capture !== null) return Promise.resolve();
    return flushPending(this.#device);
  }

  /** State by slot and number of the parameter (`m.0`, `v.0`, `m.1`, …), and the steps made. */
  stateDict(): { t: number; options: Numbers; state: Map<string, Tensor> } {
    const state = new Map<string, Tensor>();
    let first = 0;
    for (const { flat, slots } of this.#groups) {
      for (const i of flat.parameters.keys()) {
        for (const [slot, values] of slots) {
          state.set(`${slot}.${first + i}`, new Tensor(values.leaf(i)));
        }
      }
      first += flat.parameters.length;
    }
    return { t: this.t, options: { ...this.options } as unknown as Numbers, state };
  }

  get #device(): Device {
    return this.#groups[0].flat.values.device;
  }

  /** This step's numbers as nodes; each replay of a compiled step computes them anew. */
  #scalars(): Record<string, Tensor> {
    const names = Object.keys(this.#rule.scalars(this.options as Options, 1));
    const nodes = names.map(() => new Node(SCALAR, [], NO_ATTRS, "", [], "float32", this.#device));
    const advance = () => {
      this.t++;
      const now = this.#rule.scalars(this.options as Options, this.t);
      names.forEach((name, i) => {
        nodes[i].value = now[name];
      });
    };
    if (recorder.capture === null) advance();
    else recorder.capture.effect(advance, nodes, () => this.t--);
    return Object.fromEntries(names.map((name, i) => [name, new Tensor(nodes[i])]));
  }

  #update({ flat, slots, masks }: Group, scalars: Record<string, Tensor>): void {
    const missing = flat.missing();
    if (missing.every((m) => m)) return;
    // The rule is computed in float32, and so is its state, whatever the parameters are.
    const before: Tensors = {
      p: cast(new Tensor(flat.values.whole()), "float32"),
      g: cast(new Tensor(flat.flatGradient()), "float32"),
    };
    for (const [slot, values] of slots) before[slot] = new Tensor(values.whole());
    const after = this.#rule.rule(before, scalars, this.options as Options) as Tensors;
    const mask = missing.includes(true) ? maskOf(flat, missing, masks) : null;
    for (const [name, values] of [["p", flat.values] as const, ...slots]) {
      const value = mask === null ? after[name] : where(mask, after[name], before[name]);
      if (value !== before[name]) values.assignWhole(cast(value, values.dtype).node);
    }
  }
}

function makeGroup(
  flat: FlatParameters,
  rule: Rule<Options, string, string>,
  options: Options,
): Group {
  const like = flat.values;
  const { device, segments } = like;
  const state = typeof rule.state === "function" ? rule.state(options) : rule.state;
  const slots = new Map(
    state.map((slot) => {
      const label = `${slot} of ${rule.name}`;
      return [slot, new Flat(label, device, segments, { inPlace: true, like })];
    }),
  );
  return { flat, slots, masks: new Map() };
}

function maskOf(
  { values }: FlatParameters,
  missing: readonly boolean[],
  masks: Map<string, Tensor>,
): Tensor {
  const key = missing.map(Number).join("");
  const known = masks.get(key);
  if (known !== undefined) return known;
  // One byte an element on the host, made once for each pattern of missing gradients.
  const present = new Uint8Array(values.size);
  values.offsets.forEach((start, i) => {
    const end = values.offsets[i + 1] ?? values.size;
    if (!missing[i]) present.fill(1, start, end);
  });
  const mask = tensor(present, { dtype: "bool", device: values.device });
  masks.set(key, mask);
  return mask;
}

/** @throws ValueError unless `value` is a number for which `ok` holds. */
export function checkOption(
  rule: string,
  name: string,
  value: unknown,
  ok: boolean,
  range: string,
) {
  if (typeof value === "number" && !Number.isNaN(value) && ok) return;
  throw new ValueError(`${rule}: ${name} must be ${range}; got ${value}. Change that option.`);
}
