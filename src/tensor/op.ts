import { type DType, isFloat, numberDType, promote, promoteScalar } from "../core/dtype.ts";
import { DeviceError, DTypeError } from "../core/errors.ts";
import type {
  Attrs,
  Forward,
  Helper,
  Kernel,
  Lanes,
  Op,
  Pointwise,
  Reduction,
} from "../core/ir.ts";
import { Node } from "../core/node.ts";
import { broadcast, type Shape } from "../core/shape.ts";
import { recorder, userLine } from "./recorder.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

export const NO_ATTRS: Attrs = Object.freeze({});

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

/** Every op, in order of definition. */
export const registry: RegisteredOp[] = [];

type Call<N extends number, A extends Attrs> = (
  ...args: Attrs extends A ? [...Tuple<TensorLike, N>] : [...Tuple<TensorLike, N>, attrs: A]
) => Tensor;

export type Unary = (x: TensorLike) => Tensor;
export type Binary = (a: TensorLike, b: TensorLike) => Tensor;
export type Ternary = (a: TensorLike, b: TensorLike, c: TensorLike) => Tensor;

/** The derivative of a fused op that has no kernel for it: its composition's. */
export const vjpOf =
  <A extends Attrs>(composed: Composition<A>) =>
  ({ g, inputs, attrs, pullback }: VjpCall<A>): (Tensor | null)[] =>
    pullback((xs) => composed(xs, attrs, pullback), inputs, g);

/** Defines one op: shape and dtype rule, forward, derivative and samples in one object. */
export function defineOp<N extends number, A extends Attrs = Attrs>(
  def: OpDefinition<N, A>,
): Call<N, A> {
  const op = { ...def, id: registry.length } as unknown as RegisteredOp;
  registry.push(op);
  const call = (...args: unknown[]) => {
    const attrs = (args.length > op.arity ? args[op.arity] : NO_ATTRS) as Attrs;
    return apply(op, args.slice(0, op.arity) as TensorLike[], attrs);
  };
  return call as Call<N, A>;
}

/** An op that takes any number of tensors. */
export function defineVariadic<A extends Attrs>(
  def: OpDefinition<number, A>,
): (inputs: readonly TensorLike[], attrs: A) => Tensor {
  const op = { ...def, id: registry.length } as unknown as RegisteredOp;
  registry.push(op);
  return (inputs, attrs) => apply(op, inputs, attrs);
}

/** Records one node: dtypes and shapes are checked here, at the user's call. */
export function apply(op: RegisteredOp, args: readonly TensorLike[], attrs: Attrs): Tensor {
  const like = referenceOf(op, args);
  const dtypes = dtypesOf(op, args);
  const rule = op.dtype(dtypes, attrs);
  const device = like?.device ?? defaultDevice(op.name);
  const inputs = args.map((a, i) => nodeOf(a, rule.operands[i] ?? dtypes[i], device));
  const shape = op.shape(
    inputs.map((n) => n.shape),
    attrs,
  );
  const key = attrs === NO_ATTRS ? "" : op.key ? op.key(attrs) : JSON.stringify(attrs);
  return new Tensor(record(op, inputs, attrs, key, shape, rule.result, device));
}

export function record(
  op: Op,
  inputs: readonly Node[],
  attrs: Attrs,
  key: string,
  shape: Shape,
  dtype: DType,
  device: Node["device"],
): Node {
  const node = new Node(op, inputs, attrs, key, shape, dtype, device);
  if (!recorder.gradEnabled || !isFloat(dtype)) node.tracking = "none";
  if (recorder.lines) node.line = userLine();
  node.pass = recorder.pass;
  recorder.onRecord?.(node);
  recorder.onLongChain?.(node);
  return node;
}

let casts: ((x: Tensor, dtype: DType) => Tensor) | null = null;
/** Movement of the cast op into the recorder: op.ts stands left of the ops. */
export const provideCast = (cast: (x: Tensor, dtype: DType) => Tensor): void => {
  casts = cast;
};

function nodeOf(arg: TensorLike, dtype: DType, device: Node["device"]): Node {
  if (!(arg instanceof Tensor)) return numberNode(Number(arg), dtype, device);
  return arg.dtype === dtype || casts === null ? arg.node : casts(arg, dtype).node;
}

/**
 * PyTorch's rule: the kind of dtype of tensors with axes gives way only to a higher kind of
 * tensors without, and that of all tensors only to a higher kind of plain numbers.
 */
function dtypesOf(op: RegisteredOp, args: readonly TensorLike[]): DType[] {
  let withAxes: DType | null = null;
  let without: DType | null = null;
  for (const arg of args) {
    if (!(arg instanceof Tensor)) continue;
    const { dtype } = arg;
    if (arg.rank > 0) withAxes = withAxes === null ? dtype : promote(withAxes, dtype);
    else without = without === null ? dtype : promote(without, dtype);
  }
  const adapts = op.forward.kind === "pointwise" ? withAxes : null;
  const scalar = without === null || adapts === null ? without : promoteScalar(without, adapts);
  const all = scalar ?? withAxes ?? "float32";
  return args.map((arg) => {
    if (arg instanceof Tensor) {
      return arg.rank > 0 || adapts === null ? arg.dtype : promoteScalar(arg.dtype, adapts);
    }
    return typeof arg === "boolean" ? "bool" : numberDType(arg, all);
  });
}

/** The first tensor among the arguments; every other must be on its device. */
function referenceOf(op: RegisteredOp, args: readonly TensorLike[]): Tensor | null {
  let like: Tensor | null = null;
  for (const [i, arg] of args.entries()) {
    if (!(arg instanceof Tensor)) {
      checkNumber(op, arg, i);
      continue;
    }
    if (like === null) like = arg;
    else if (like.device !== arg.device) {
      throw new DeviceError(
        `${op.name}: tensors of two devices; got ${like.device} and ${arg.device}. ` +
          "Move one: tensor(await x.data(), { shape: x.shape, device }).",
      );
    }
  }
  return like;
}

function checkNumber(op: RegisteredOp, arg: unknown, at: number): void {
  const takes = op.forward.kind === "pointwise";
  if (takes && (typeof arg === "number" || typeof arg === "boolean")) return;
  const got = typeof arg === "object" ? (arg?.constructor?.name ?? String(arg)) : String(arg);
  throw new DTypeError(
    `${op.name}: argument ${at} is not a tensor; got ${typeof arg} ${got}. ` +
      "Make one with tensor(value) (and await what is a promise).",
  );
}

export function defaultDevice(op: string): Node["device"] {
  if (recorder.device) return recorder.device;
  throw new DeviceError(
    `${op}: no device yet. Call \`await init()\` once before the first tensor.`,
  );
}

const leaf = (kind: "source" | "scalar" | "constant" | "iota", id: number): Op => ({
  id,
  name: kind,
  forward: { kind },
});
// Leaves have negative ids, so that they never collide with registered ops.
export const SOURCE = leaf("source", -1);
export const SCALAR = leaf("scalar", -2);
export const CONSTANT = leaf("constant", -3);
export const IOTA = leaf("iota", -4);

/** A number as a scalar node: a uniform, or a constant of the graph inside derivative rules. */
export function numberNode(value: number, dtype: DType, device: Node["device"]): Node {
  if (recorder.numbersAreConstants) return constantNode(value, dtype, device);
  const node = new Node(SCALAR, [], NO_ATTRS, "", [], dtype, device);
  node.value = value;
  if (recorder.lines) node.line = userLine();
  return node;
}

export function constantNode(value: number, dtype: DType, device: Node["device"]): Node {
  const key = Object.is(value, -0) ? "-0" : String(value);
  const node = new Node(CONSTANT, [], { value }, key, [], dtype, device);
  node.value = value;
  return node;
}

// ---- Shape and dtype rules that most ops share -------------------------------------------------

/** Inputs broadcast together (NumPy). */
export const broadcasting =
  (name: string) =>
  (shapes: readonly Shape[]): Shape =>
    broadcast(name, shapes);

const common = (dtypes: readonly DType[]): DType => dtypes.reduce(promote);

const alike = (dtypes: readonly DType[], operand: DType, result = operand): DTypeRule => ({
  operands: dtypes.map(() => operand),
  result,
});

/** All inputs take the common dtype, and so does the result. */
export const promoting = (dtypes: readonly DType[]): DTypeRule => alike(dtypes, common(dtypes));

/** The common dtype, but bool counts as int32. */
const number = (dtypes: readonly DType[]): DType => {
  const dtype = common(dtypes);
  return dtype === "bool" ? "int32" : dtype;
};

/** All inputs take the common dtype, and so does the result. Bool counts as int32. */
export const arithmetic = (dtypes: readonly DType[]): DTypeRule => alike(dtypes, number(dtypes));

/** Everything becomes the common float dtype: float32 where there is no float. */
export const floating = (dtypes: readonly DType[]): DTypeRule => {
  const dtype = common(dtypes);
  return alike(dtypes, isFloat(dtype) ? dtype : "float32");
};

/** Inputs take the common dtype; the result is bool. */
export const comparison = (dtypes: readonly DType[]): DTypeRule =>
  alike(dtypes, number(dtypes), "bool");

/** Inputs keep their dtype; the result has that of input `like`. */
export const keepDType =
  (like = 0) =>
  (dtypes: readonly DType[]): DTypeRule => ({ operands: dtypes, result: dtypes[like] });

// ---- Forwards ----------------------------------------------------------------------------------

/** An element-wise forward: WGSL and JavaScript of one element. */
export function pointwise(def: {
  wgsl(args: readonly string[], lanes: Lanes, attrs: Attrs): string;
  js(attrs: Attrs, dtype: DType): (...args: number[]) => number;
  weight?: number;
  helpers?: readonly Helper[];
  rounds?: true;
}): Pointwise {
  return { kind: "pointwise", weight: 1, helpers: [], ...def };
}

export function reduction(
  def: Omit<Reduction, "kind" | "helpers" | "additive"> & {
    helpers?: readonly Helper[];
    additive?: boolean;
  },
): Reduction {
  return { kind: "reduction", helpers: [], additive: false, ...def };
}

export function kernel(def: Omit<Kernel, "kind" | "output"> & { output?: number }): Kernel {
  return { kind: "kernel", output: 0, ...def };
}
