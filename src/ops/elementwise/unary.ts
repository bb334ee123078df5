import { invoke } from "../../../kernels/math/floatHelpers.ts";
import type { Helper } from "../../core/ir.ts";
import { defineOp, floating, pointwise, type Unary, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import type { SampleInput } from "../samples.ts";

export interface UnaryDefinition {
  /** WGSL of one argument: a helper, or the name of a built-in. */
  readonly wgsl: Helper | string;
  readonly uses?: readonly Helper[];
  readonly js: (x: number) => number;
  readonly slope: (call: VjpCall & { readonly x: Tensor }) => Tensor;
  readonly derivative: string;
  readonly samples: () => SampleInput[][];
  readonly gradcheck?: { readonly order?: 0 | 1 | 2; readonly why: string };
  readonly weight?: number;
  /** A built-in's or helper's further arguments. */
  readonly rest?: string;
}

/** A float32 function of one argument, with its slope. */
export function unary(name: string, def: UnaryDefinition): Unary {
  const { wgsl } = def;
  return defineOp<1>({
    name,
    arity: 1,
    shape: same,
    dtype: floating,
    forward: pointwise({
      wgsl: ([x], lanes) =>
        typeof wgsl === "string"
          ? `${wgsl}(${x})`
          : invoke(wgsl, lanes, x!, ...(def.rest ? [def.rest] : [])),
      js: () => def.js as (...args: number[]) => number,
      weight: def.weight ?? 4,
      helpers: [...(typeof wgsl === "string" ? [] : [wgsl]), ...(def.uses ?? [])],
    }),
    vjp: (call) => [def.slope({ ...call, x: call.inputs[0]! })],
    derivative: [def.derivative],
    samples: def.samples,
    gradcheck: def.gradcheck,
  });
}
