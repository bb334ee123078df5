import { type DType, promote } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Attrs } from "../core/ir.ts";
import type { Shape } from "../core/shape.ts";
import { constantNode, type DTypeRule } from "../tensor/op.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The shape and dtype rules that several families of ops share. */

export const same = (shapes: readonly Shape[]): Shape => shapes[0]!;

/** Operands become bool, and so is the result. */
export const logical = (dtypes: readonly DType[]): DTypeRule => ({
  operands: dtypes.map(() => "bool"),
  result: "bool",
});

/** float32 in, bool out. */
export const classifying = (dtypes: readonly DType[]): DTypeRule => ({
  operands: dtypes.map(() => "float32"),
  result: "bool",
});

/** The first input is float32, the second int32 indices. */
export const indexed =
  (op: string) =>
  (dtypes: readonly DType[]): DTypeRule => {
    checkIndexDType(op, dtypes[1]!);
    return { operands: [dtypes[0]!, "int32"], result: dtypes[0]! };
  };

/** @throws DTypeError unless the dtype is an integer one. */
export function checkIndexDType(op: string, dtype: DType): void {
  if (dtype === "int32" || dtype === "uint32") return;
  throw new DTypeError(
    `${op}: indices are whole numbers; got dtype ${dtype}. ` +
      'Make them with tensor(indices, { dtype: "int32" }), or convert with x.cast("int32").',
  );
}

/** The result takes the common dtype of inputs 1 and 2; input 0 is bool. */
export function choosing(dtypes: readonly DType[]): DTypeRule {
  const dtype = promote(dtypes[1]!, dtypes[2]!);
  return { operands: ["bool", dtype, dtype], result: dtype };
}

/** A number as a part of the graph: sizes, offsets and factors that the shapes give. */
export const constantLike = (value: number, x: Tensor, dtype: DType = x.dtype): Tensor =>
  new Tensor(constantNode(value, dtype, x.device));

/** The number that a structural constant, or a view that repeats it, holds; else null. */
export function constantOf(x: unknown): number | null {
  if (!(x instanceof Tensor)) return null;
  let { node } = x;
  while (node.op.forward.kind === "view" && node.op.name !== "pad") {
    if (node.inputs.length === 0) return null;
    node = node.inputs[0]!;
  }
  return node.op.forward.kind === "constant" ? node.value : null;
}

/** The key of attributes that hold one list of sizes. */
export const sizesKey =
  <K extends string>(name: K) =>
  (attrs: Attrs & Readonly<Record<K, readonly number[]>>): string =>
    attrs[name].join();
