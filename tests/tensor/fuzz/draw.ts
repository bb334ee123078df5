import type { DType } from "../../../src/core/dtype.ts";
import type { Generator } from "../../../src/ops/index.ts";
import type { Device } from "../../../src/tensor/device.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Choices, StepData } from "./graphData.ts";

/** A value, and whether it is the same to the last bit on every device: then kinks are too. */
export interface Value {
  readonly t: Tensor;
  readonly exact: boolean;
}

/** What a step finds around it. */
export interface Scope {
  /** A new leaf; integers lie below `limit`. */
  leaf(shape: readonly number[], dtype?: DType, limit?: number): Value;
  /** Some value that fits, the newest ones first. */
  other(fits: (v: Value) => boolean, choices: Choices): Value | undefined;
  /** Where random numbers come from: every recording draws the same. */
  drawing(choices: Choices): { readonly device: Device; readonly generator: Generator };
  /** The values of these steps, with `first` as the newest one they start from. */
  inner(steps: readonly StepData[], first: Value): Value[];
}

/** One kind of step: what it works on, and what it makes of that. */
export interface Draw {
  takes(x: Value): boolean;
  make(x: Value, choices: Choices, scope: Scope, step: StepData): readonly Value[];
}

export type Draws = Readonly<Record<string, Draw>>;

export const exact = (t: Tensor): Value => ({ t, exact: true });
export const rough = (t: Tensor): Value => ({ t, exact: false });

export const has =
  (...dtypes: readonly DType[]) =>
  ({ t }: Value): boolean =>
    dtypes.includes(t.dtype);

export const isFloat = has("float32");
export const isInteger = has("int32", "uint32");
export const isBool = has("bool");
export const isExactFloat = (x: Value): boolean => isFloat(x) && x.exact;
/** Rank and elements enough to work along an axis. */
export const hasAxis = ({ t }: Value): boolean => t.rank > 0 && t.size > 0;

export const both =
  (...tests: readonly ((x: Value) => boolean)[]) =>
  (x: Value): boolean =>
    tests.every((test) => test(x));

export function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [m, n] = [a.at(-i), b.at(-i)];
    if (m !== n && m !== 1 && n !== 1) return false;
  }
  return true;
}

/** A shape that broadcasts with another: fewer axes, or ones among them. */
export function partOf(shape: readonly number[], choices: Choices): number[] {
  const from = choices.below(shape.length + 1);
  return shape.slice(from).map((n) => (choices.oneIn(3) ? 1 : n));
}

/** A second operand: a value that broadcasts with x, or a new leaf. */
export const partner = ({ t }: Value, choices: Choices, scope: Scope): Value =>
  valueFor(t.shape, t.dtype === "uint32" ? "int32" : t.dtype, choices, scope);

/** A value that broadcasts with a shape, or a new leaf that does. */
export function valueFor(
  shape: readonly number[],
  dtype: DType,
  choices: Choices,
  scope: Scope,
): Value {
  const fits = both(has(dtype), ({ t }) => broadcasts(shape, t.shape));
  const found = choices.oneIn(3) ? undefined : scope.other(fits, choices);
  return found ?? scope.leaf(partOf(shape, choices), dtype);
}

/** Sizes of new axes: few, so that kernels repeat. */
export const SIZES = [2, 3, 4, 1, 8] as const;
