import { type DType, isFloat, numberDType, promote, promoteScalar } from "../core/dtype.ts";
import { DeviceError, DTypeError } from "../core/errors.ts";
import type { Attrs, Op } from "../core/ir.ts";
import { Node } from "../core/node.ts";
import type { Shape } from "../core/shape.ts";
import { defaultDevice, NO_ATTRS, numberNode } from "./leaves.ts";
import type { Composition, OpDefinition, RegisteredOp, Tuple, VjpCall } from "./opDefinition.ts";
import { recorder, userLine } from "./recorder.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

// What definitions of ops are written with.
export * from "./forwards.ts";
export * from "./leaves.ts";
export type * from "./opDefinition.ts";
export * from "./opRules.ts";

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
