import { isFloat } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import { arithmetic, defineOp, reduction, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong, iota } from "../creation/iota.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { eq, where } from "../elementwise/compare.ts";
import { wrap } from "../elementwise/numbers.ts";
import { unsqueeze } from "../movement/join.ts";
import { permute, reshape } from "../movement/movement.ts";
import { zeroPad } from "../movement/window.ts";
import { integers, uniform } from "../samples.ts";
import { part, reversed } from "../scan/lines.ts";
import { cumulatedProduct } from "../scan/scanOps.ts";
import {
  type Axes,
  keptShape,
  type ReduceAttrs,
  type ReduceOptions,
  reduceCall,
  reduced,
  reduceKey,
  samplesOf,
} from "./reduceRules.ts";

const prodOp = defineOp<1, ReduceAttrs>({
  name: "prod",
  arity: 1,
  shape: reduced,
  dtype: arithmetic,
  forward: reduction({
    identity: () => 1,
    wgsl: (a, b) => `(${a} * ${b})`,
    js: (dtype) => (isFloat(dtype) ? (a, b) => a * b : wrap(dtype, Math.imul)),
  }),
  key: reduceKey,
  vjp: prodSlope,
  derivative: ["g · product of the others"],
  samples: () => [
    ...samplesOf((shape, layout) => uniform(shape, 0.7, 1.4, layout)),
    [uniform([2, 4], -1, 1), { axes: [0], keepDims: false }],
    [integers([2, 3], -9, 9), { axes: [1], keepDims: false }],
  ],
});

/**
 * Product over axes; 1 of no elements. Its gradient is right at zeros, too, at every order.
 * @throws ShapeError for an unknown axis
 */
export function prod(x: Tensor, axes?: Axes, options: boolean | ReduceOptions = false): Tensor {
  return prodOp(...reduceCall("prod", x, axes, options));
}

/** Up to this many factors all products of the others are formed; else by running products. */
const FEW = 32;

/** Gradient of a product: g times the product of the other factors, also where some are 0. */
function prodSlope({ g, inputs: [x], attrs }: VjpCall<ReduceAttrs>): [Tensor] {
  const { axes } = attrs;
  const rest = x!.shape.flatMap((_, d) => (axes.includes(d) ? [] : [d]));
  const order = [...rest, ...axes];
  const n = axes.reduce((m, d) => m * x!.shape[d]!, 1);
  const ordered = permute(x!, order);
  const rows = reshape(ordered, [n === 0 ? 0 : sizeOf(x!.shape) / n, n]);
  const products = x!.size > 0 && n > FEW ? bothSides(rows) : leftOut(rows);
  const back = order.map((_, i) => order.indexOf(i));
  const slope = permute(reshape(products, ordered.shape), back);
  return [mul(reshape(g, keptShape(x!, axes)), slope)];
}

/** For each factor of [rows, n] the product of its row with 1 in its place. */
function leftOut(rows: Tensor): Tensor {
  const n = rows.shape[1]!;
  const index = iota(n, rows.device);
  const own = eq(reshape(index, [n, 1]), index);
  return prod(where(own, 1, unsqueeze(rows, 1)), 2);
}

/** For each factor the product of those before it, times that of those behind it. */
function bothSides(rows: Tensor): Tensor {
  const [count, n] = rows.shape as [number, number];
  const lines = reshape(rows, [count, n, 1]);
  const before = (x: Tensor) => {
    const running = zeroPad(part(cumulatedProduct(x), 0, n - 1), [0, 1, 0], [0, 0, 0]);
    return where(eq(indexAlong(x, 1), 0), 1, running);
  };
  return reshape(mul(before(lines), reversed(before(reversed(lines)))), [count, n]);
}
