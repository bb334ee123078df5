import {
  infHelper,
  invoke,
  isNanHelper,
  logHelper,
  nanHelper,
  sqrtHelper,
} from "../../../kernels/math/floatHelpers.ts";
import { powHelper } from "../../../kernels/math/specialHelpers.ts";
import type { Attrs } from "../../core/ir.ts";
import { defineOp, floating, pointwise, type Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul } from "../elementwise/arithmetic.ts";
import { eq, where } from "../elementwise/compare.ts";
import { abs, sign } from "../elementwise/extrema.ts";
import { pow } from "../elementwise/power.ts";
import { unary } from "../elementwise/unary.ts";
import { same } from "../rules.ts";
import { distinct, exactly, uniform } from "../samples.ts";

/**
 * Powers whose slope at 0 does not exist and is taken for 0, as PyTorch does in norms. A second
 * derivative there is NaN: only the first one is chosen.
 */

/** √x. */
export const root: Unary = unary("root", {
  wgsl: sqrtHelper,
  uses: [nanHelper, isNanHelper],
  js: Math.sqrt,
  slope: ({ g, out }) => mul(g, where(eq(out, 0), 0, div(0.5, out))),
  derivative: "g / (2√x)",
  samples: () => [[uniform([2, 3], 0.5, 4)], [uniform([3, 4], 0.5, 4, "transposed")]],
});

interface PowerAttrs extends Attrs {
  readonly p: number;
}

const powerOp = defineOp<1, PowerAttrs>({
  name: "sizePower",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: pointwise({
    wgsl: ([x], lanes, { p }) => {
      const type = lanes.type("float32");
      return invoke(powHelper, lanes, `abs(${x})`, `${type}(${Number(p)})`);
    },
    js: (attrs) => (x) => Math.abs(x!) ** (attrs as PowerAttrs).p,
    weight: 8,
    helpers: [powHelper, logHelper, infHelper, nanHelper, isNanHelper],
  }),
  key: ({ p }) => String(p),
  vjp: ({ g, inputs: [x], attrs: { p } }) => {
    const slope = where(eq(x!, 0), 0, pow(abs(x!), p - 1));
    return [mul(mul(mul(g, p), sign(x!)), slope)];
  },
  derivative: ({ p }) => [`g·${p}·sign(x)·|x|^${p - 1}`],
  samples: () => [
    [distinct([3, 4]), { p: 0.5 }],
    [distinct([2, 3], 0.25, "transposed"), { p: -1 }],
    [exactly([3], [-8, 4, 0.5]), { p: 1.5 }],
  ],
});

/** |x|^p. */
export const sizePower = (x: Tensor, p: number): Tensor => powerOp(x, { p });
