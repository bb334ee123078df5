import type { DType } from "../core/dtype.ts";
import type { Attrs, Forward, Op } from "../core/ir.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "./tensor.ts";

/** What a derivative rule is given: `g` is d(loss)/d(out). */
export interface VjpCall<A extends Attrs = Attrs> {
  readonly g: Tensor;
  readonly out: Tensor;
  readonly inputs: readonly Tensor[];
  readonly attrs: A;
  readonly pullback: Pullback;
}

/**
 * d(sum of g·f(inputs)) / d(inputs), null where f does not depend on one: for derivatives of what
 * is composed from ops.
 */
export type Pullback = (
  f: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  g: Tensor,
) => (Tensor | null)[];

/** What an op computes, written with other ops. */
export type Composition<A extends Attrs = Attrs> = (
  inputs: readonly Tensor[],
  attrs: A,
  pullback: Pullback,
) => Tensor;

/** A tuple of `N` values. */
export type Tuple<T, N extends number, R extends T[] = []> = R["length"] extends N
  ? R
  : Tuple<T, N, [...R, T]>;

/** The gradient of each input; null where there is none to give. */
export type Gradients<N extends number> = number extends N
  ? (Tensor | null)[]
  : Tuple<Tensor | null, N>;

/** What a batching rule is given: `inputs[i]` has the batch as axis 0 where `batched[i]`. */
export interface BatchCall<A extends Attrs = Attrs> {
  readonly inputs: readonly Tensor[];
  readonly batched: readonly boolean[];
  /** How many examples the batch has. */
  readonly size: number;
  readonly attrs: A;
}

/** Inputs are cast to `operands` before the op sees them; the result has `result`. */
export interface DTypeRule {
  readonly operands: readonly DType[];
  readonly result: DType;
}

export interface OpDefinition<N extends number = number, A extends Attrs = Attrs> {
  readonly name: string;
  readonly arity: N;
  /** @throws ShapeError when the inputs do not fit. */
  shape(shapes: readonly Shape[], attrs: A): Shape;
  /** @throws DTypeError when the inputs do not fit. */
  dtype(dtypes: readonly DType[], attrs: A): DTypeRule;
  readonly forward: Forward;
  /** Attributes as text for plan keys; the default is their JSON. */
  key?(attrs: A): string;
  /** d(loss)/d(inputs), written with ops, so that every higher order comes free. */
  readonly vjp: ((call: VjpCall<A>) => Gradients<N>) | null;
  /** Why there is no derivative, when `vjp` is null. */
  readonly nondifferentiable?: string;
  /**
   * All examples at once, with the batch as axis 0 of the result; written with ops. Only kernels
   * need one: what is pointwise, a view or a reduction is batched by what it is. Where it gives
   * null, and where there is none, the composition is batched.
   */
  readonly batch?: (call: BatchCall<A>) => Tensor | null;
  /** A fused kernel's composition: what it is held against in tests, and its meaning elsewhere. */
  readonly composed?: Composition<A>;
  /** It draws random numbers: its last two inputs are the seed and the number of the draw. */
  readonly draws?: true;
  /** Why there is no batching rule, where a kernel has none. */
  readonly unbatchable?: string;
  /**
   * The local derivative as a formula, for the tape: one per input, or one for all. `g` is
   * d(loss)/d(out), `y` the result unless an operand has that name.
   */
  readonly derivative: readonly string[] | ((attrs: A) => readonly string[]);
  /** What the formulas call the inputs, where that is not x; a, b; a, b, c. */
  readonly operands?: readonly string[];
  /** Inputs (and attributes after them) for its tests: gradcheck and devices run on each. */
  samples(): readonly (readonly unknown[])[];
  /** The function of the public API, where it takes other arguments than the op itself. */
  readonly sampleCall?: (...sample: never[]) => Tensor;
  /** Second derivatives, or any, cannot be checked by differences at these samples. */
  readonly gradcheck?: { readonly order?: 0 | 1 | 2; readonly why: string };
}

/** An op as registered: callable through `record`, found by tests in `registry`. */
export interface RegisteredOp extends Op, Omit<OpDefinition, "forward"> {
  readonly id: number;
}
