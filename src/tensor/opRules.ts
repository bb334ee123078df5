// Shape and dtype rules that most ops share.
import { type DType, isFloat, promote } from "../core/dtype.ts";
import { broadcast, type Shape } from "../core/shape.ts";
import type { DTypeRule } from "./opDefinition.ts";

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
