import type { DType } from "../../src/core/dtype.ts";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { isNanHelper, maxHelper, minHelper, oneLane } from "../math/floatHelpers.ts";
import { scatterKernel } from "./scatter.ts";

export type Fold = "sum" | "prod" | "amax" | "amin";

type Combine = (a: string, b: string) => string;

function combiner(call: KernelCall, fold: Fold, dtype: DType): Combine {
  if (fold === "sum") return (a, b) => `${a} + ${b}`;
  if (fold === "prod") return (a, b) => `${a} * ${b}`;
  const builtin = fold === "amax" ? "max" : "min";
  if (dtype !== "float32") return (a, b) => `${builtin}(${a}, ${b})`;
  call.use(isNanHelper, oneLane);
  const name = call.use(fold === "amax" ? maxHelper : minHelper, oneLane);
  return (a, b) => `${name}(${a}, ${b})`;
}

/**
 * Inputs x, index, source: the fold of what lands on a place with x, or without it (attribute
 * `includeSelf`). A place that nothing lands on shows what stood there, so a second array keeps
 * which ones those are.
 */
export function scatterFoldKernel(call: KernelCall): KernelSource {
  const [before, index, source] = call.inputs as [Operand, Operand, Operand];
  const { fold, includeSelf, trusted } = call.attrs as {
    readonly fold: Fold;
    readonly includeSelf: boolean;
    readonly trusted: boolean;
  };
  const combine = combiner(call, fold, call.outputs[0]!.dtype);
  return scatterKernel(call, {
    name: fold,
    source,
    index,
    trusted,
    words: 2,
    others: (space, size) => `var${space} landed: array<u32, ${size}>;`,
    land: `if (landed[at] == 0u) { folded[at] = next; landed[at] = 1u; }
      else { folded[at] = ${combine("folded[at]", "next")}; }`,
    begin: "var any = landed[at] != 0u;",
    join: `if (landed[other] != 0u) {
        value = select(folded[other], ${combine("value", "folded[other]")}, any);
        any = true;
      }`,
    end: `let before = ${before.at(["o", "j", "i"])};
    value = select(before, ${includeSelf ? combine("before", "value") : "value"}, any);`,
  });
}
