import { sizeOf } from "../../core/shape.ts";
import { arithmetic, defineOp, reduction, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { div, mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, logicalAnd, where } from "../elementwise/compare.ts";
import { permute, reshape } from "../movement/movement.ts";
import { wrap } from "../rules.ts";
import { integers, uniform } from "../samples.ts";
import { sum } from "./reduce.ts";
import {
  type Axes,
  attrsOf,
  type ReduceAttrs,
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
    js: (dtype) => (dtype === "float32" ? (a, b) => a * b : wrap(dtype, Math.imul)),
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

/** Product over axes; 1 of no elements. Its gradient is right at zeros, too. */
export function prod(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return prodOp(x, attrsOf("prod", x, axes, keepDims));
}

/** Up to this many factors all products of the others are formed: right at every order. */
const FEW = 32;

/** Gradient of a product: g times the product of the other factors, also where some are 0. */
function prodSlope(call: VjpCall<ReduceAttrs>): [Tensor] {
  const { inputs, attrs } = call;
  const count = attrs.axes.reduce((n, d) => n * inputs[0]!.shape[d]!, 1);
  return [count <= FEW ? mul(keptGradient(call), others(inputs[0]!, attrs)) : byDivision(call)];
}

const kept = (x: Tensor, t: Tensor, axes: readonly number[]): Tensor =>
  reshape(
    t,
    x.shape.map((n, d) => (axes.includes(d) ? 1 : n)),
  );

const keptGradient = ({ g, inputs: [x], attrs }: VjpCall<ReduceAttrs>): Tensor =>
  kept(x!, g, attrs.axes);

/** [rest, n] with the factors last; for each factor the product of a row with 1 in its place. */
function others(x: Tensor, { axes }: ReduceAttrs): Tensor {
  const rest = x.shape.flatMap((_, d) => (axes.includes(d) ? [] : [d]));
  const order = [...rest, ...axes];
  const n = axes.reduce((m, d) => m * x.shape[d]!, 1);
  const ordered = permute(x, order);
  const rows = reshape(ordered, [n === 0 ? 0 : sizeOf(x.shape) / n, 1, n]);
  const index = iota(n, x.device);
  const own = eq(reshape(index, [n, 1]), index);
  const products = prod(where(own, 1, rows), 2);
  const back = order.map((_, i) => order.indexOf(i));
  return permute(reshape(products, ordered.shape), back);
}

/** out / x, but counting the zeros: with one zero only its own slope is left, with two none. */
function byDivision(call: VjpCall<ReduceAttrs>): Tensor {
  const { out, attrs } = call;
  const x = call.inputs[0]!;
  const zero = eq(x, 0);
  const zeros = sum(cast(zero, "int32"), attrs.axes, true);
  const product = prod(where(zero, 1, x), attrs.axes, true);
  const only = where(logicalAnd(zero, eq(zeros, 1)), product, 0);
  const slope = where(eq(zeros, 0), div(kept(x, out, attrs.axes), x), only);
  return mul(keptGradient(call), slope);
}
