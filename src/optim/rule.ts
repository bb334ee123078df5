import { ValueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Device } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { UpdateAll } from "./update.ts";

export type Options = Readonly<Record<string, number | boolean>>;
export type Flags = Readonly<Record<string, boolean | number>>;

/** The options that are numbers. */
type NumberKeys<O> = { [K in keyof O]: O[K] extends boolean ? never : K }[keyof O];

/** Options as a user gives them: defaults such as `false` stand for their type. */
export type Widened<O> = {
  -readonly [K in keyof O]: O[K] extends boolean ? boolean : O[K] extends number ? number : O[K];
};

/**
 * A published update rule over parameters of any shapes: `rule` is written in tensor ops and becomes
 * one kernel over the flat buffers of a model (see docs/optimizers.md).
 */
export interface Rule<
  O extends Options = Options,
  F extends Flags = Flags,
  S extends string = string,
  K extends string = string,
  N extends string = string,
  G extends string = string,
> {
  readonly name: string;
  readonly defaults: O;
  /** What each option that is a number may be. */
  readonly ranges: Readonly<Record<NumberKeys<O>, Range>>;
  /** @throws ValueError when options do not go together. */
  check?(options: Widened<O>): void;
  /** What the formula depends on: a changed flag is another kernel, a changed number is not. */
  flags(options: Widened<O>): F;
  /** Slots of state, each as large as the parameters; they start at zero, or where `start` says. */
  slots(flags: NoInfer<F>): readonly S[];
  /** What a slot holds before the first step. */
  start?(slot: S, p: Tensor, options: Widened<O>): Tensor | null;
  /** The shape of a slot for a parameter of this shape, where it is another (`shaped` rules). */
  slotShape?(slot: S, shape: Shape): Shape;
  /** Why a parameter of this shape is not for this rule, or null. */
  accepts?(shape: Shape): string | null;
  /** State on the device that all parameters share; see `sharedState`. */
  readonly shared?: SharedState<G>;
  /** State of one number for each parameter, with what it starts from; `scalars` may change it. */
  readonly numbers?: Readonly<Record<N, number>>;
  /**
   * The numbers of a step in float64, which enter as uniforms.
   * @param t the number of this step, from 1 on
   */
  scalars(options: Widened<O>, t: number, numbers: Record<N, number>): Record<K, number>;
  /**
   * Those that depend on the step count, for a count that only the device knows because skipped
   * steps do not count. Without it the rule's numbers must not depend on t.
   */
  scalarsOf?(
    t: Tensor,
    scalars: Record<K, Tensor>,
    /** 1 - β^t, from ln β. */
    correction: (logBeta: Tensor) => Tensor,
  ): Partial<Record<K, Tensor>>;
  /** `updateShaped`: works on one parameter in its own shape, not on all of them side by side. */
  readonly shaped?: UpdateAll;
  rule(
    tensors: Record<"p" | "g" | S | G, Tensor>,
    scalars: Record<K, Tensor>,
    flags: NoInfer<F>,
    layers: Layers,
  ): Partial<Record<S | G, Tensor>> & { readonly p: Tensor };
}

/** The parameters that a rule works on, for those that treat each one as a layer. */
export interface Layers {
  /** Where each one ends. */
  readonly ends: readonly number[];
  readonly shapes: readonly Shape[];
  /** Tables of where parameters lie, by what they are the tables of; uploaded once. */
  readonly tables: Map<string, Tensor>;
}

/** State on the device that all parameters share. @throws ValueError where they lie apart */
export type SharedState<G extends string> = (
  name: string,
  options: Options,
  device: Device,
  windows: number,
) => ReadonlyMap<G, Variable>;

/** Every defined rule, for tests that run each. */
export const rules: Rule[] = [];

/** Numbers that an option may be, and how a message says so. */
export interface Range {
  readonly text: string;
  has(x: number): boolean;
}

export const nonNegative: Range = { text: "at least 0", has: (x) => x >= 0 && x < Infinity };
export const positive: Range = { text: "positive", has: (x) => x > 0 && x < Infinity };
export const anyNumber: Range = { text: "a finite number", has: Number.isFinite };
/** For decay rates: at 1 an average would never change. */
export const belowOne: Range = { text: "at least 0 and below 1", has: (x) => x >= 0 && x < 1 };

/** @throws ValueError when an option has no such name, or is outside its range. */
export function checkOptions(rule: Rule, options: Options): void {
  const unknown = Object.keys(options).filter((name) => !(name in rule.defaults));
  if (unknown.length > 0) {
    throw new ValueError(
      `${rule.name}: unknown option ${unknown.join(", ")}. ` +
        `It takes ${Object.keys(rule.defaults).join(", ")}.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    const range = rule.ranges[name];
    const fits = range === undefined ? typeof value === "boolean" : isWithin(value, range);
    if (fits) continue;
    throw new ValueError(
      `${rule.name}: ${name} must be ${range?.text ?? "true or false"}; got ${value}. ` +
        "Change that option.",
    );
  }
  rule.check?.(options);
}

const isWithin = (value: unknown, range: Range): boolean =>
  typeof value === "number" && range.has(value);
