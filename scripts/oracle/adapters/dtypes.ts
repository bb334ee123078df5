import type { DType } from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { isObject, type Json } from "../golden.ts";

const names: Readonly<Record<string, DType>> = {
  float64: "float32",
  float32: "float32",
  float16: "float16",
  int64: "int32",
  int32: "int32",
  bool: "bool",
};

/** The `dtype` of a call: PyTorch's 64-bit ones are computed in 32 bits here. */
export function dtypeOf(a: Arguments): DType | undefined {
  const asked = a.any("dtype") ?? null;
  if (asked === null) return undefined;
  const name = String(isObject(asked as Json) ? (asked as { dtype?: Json }).dtype : asked);
  const found = names[name.replace(/^torch\./, "")];
  if (found !== undefined) return found;
  throw a.without(`dtype = ${name}`);
}
