import type { DType } from "../core/dtype.ts";
import type { Attrs, Helper, Kernel, Lanes, Pointwise, Reduction } from "../core/ir.ts";

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
