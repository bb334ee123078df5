import { convForwardKernel, convInputGradKernel } from "../../../kernels/conv/convForward.ts";
import { convWeightGradKernel } from "../../../kernels/conv/convWeightGrad.ts";
import type { Attrs, Kernel, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import { defineOp, floating, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { uniform } from "../samples.ts";
import {
  batchConv,
  channelsToColumns,
  channelsToRows,
  columnsToChannels,
  joinN,
  rowsToChannels,
} from "./convBatch.ts";
import { forwardReference, inputGradReference, weightGradReference } from "./convReference.ts";
import type { ConvAttrs } from "./geometry.ts";

/**
 * The three convolutions between x [n, c, ...input], w [o, c / groups, ...kernel] and
 * g [n, o, ...output]: each takes two of them and gives the third, is linear in both, and has
 * derivatives made of the other two. Convolution is the first of them forward, transposed
 * convolution the second.
 */

type Conv = (a: Tensor, b: Tensor, attrs: ConvAttrs) => Tensor;
type ShapeRule = (shapes: readonly Shape[], attrs: ConvAttrs) => Shape;

const outShape: ShapeRule = ([x, w], { output }) => [x![0]!, w![0]!, ...output];
const inShape: ShapeRule = ([g, w], { input, groups }) => [g![0]!, w![1]! * groups, ...input];
const weightShape: ShapeRule = ([x, g], { kernel, groups }) => [g![1]!, x![1]! / groups, ...kernel];

const key = (a: ConvAttrs): string =>
  `${[a.input, a.kernel, a.output, a.stride, a.padding, a.dilation].join(";")};${a.groups}`;

const convKernel = (
  family: string,
  shape: ShapeRule,
  rest: Pick<Kernel, "source" | "reference" | "absorbs">,
): Kernel =>
  kernel({
    family,
    outputs: (attrs, inputs) => [
      {
        shape: shape(
          inputs.map((i) => i.shape),
          attrs as ConvAttrs,
        ),
        dtype: "float32",
      },
    ],
    strided: () => true,
    ...rest,
  });

const attrs2d: ConvAttrs = {
  input: [4, 5],
  kernel: [3, 2],
  output: [2, 6],
  stride: [2, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 2,
};
const attrs1d: ConvAttrs = {
  input: [6],
  kernel: [2],
  output: [4],
  stride: [1],
  padding: [0],
  dilation: [2],
  groups: 1,
};
const none: ConvAttrs = { ...attrs1d, groups: 1 };

/** out[n, o, p] = Σ over c, k of w[o, c, k] x[n, c, p * stride - padding + k * dilation]. */
export const convForward: Conv = defineOp<2, ConvAttrs>({
  name: "convForward",
  arity: 2,
  shape: outShape,
  dtype: floating,
  key,
  forward: convKernel("convForward", outShape, {
    source: convForwardKernel,
    reference: forwardReference,
  }),
  vjp: ({ g, inputs: [x, w], attrs }) => [
    convInputGrad(g, w!, attrs),
    convWeightGrad(x!, g, attrs),
  ],
  batch: (call) => batchConv(convForward, [joinN, rowsToChannels], [1, 0, 1])(call),
  operands: ["x", "w"],
  derivative: ["g convolved backwards with w", "x correlated with g"],
  samples: () => [
    [uniform([2, 4, 4, 5]), uniform([6, 2, 3, 2]), attrs2d],
    [uniform([2, 3, 6], -1, 1, "transposed"), uniform([4, 3, 2], -1, 1, "transposed"), attrs1d],
    [uniform([0, 1, 6]), uniform([2, 1, 2]), none],
  ],
});

/** The transpose of convForward in x: every g is spread to the places that it was made from. */
export const convInputGrad: Conv = defineOp<2, ConvAttrs>({
  name: "convInputGrad",
  arity: 2,
  shape: inShape,
  dtype: floating,
  key,
  forward: convKernel("convInputGrad", inShape, {
    source: convInputGradKernel,
    reference: inputGradReference,
  }),
  vjp: ({ g, inputs: [y, w], attrs }) => [convForward(g, w!, attrs), convWeightGrad(g, y!, attrs)],
  batch: (call) => batchConv(convInputGrad, [joinN, columnsToChannels], [1, 0, 1])(call),
  operands: ["h", "w"],
  derivative: ["g convolved with w", "g correlated with h"],
  samples: () => [
    [uniform([2, 6, 2, 6]), uniform([6, 2, 3, 2]), attrs2d],
    [uniform([2, 4, 4], -1, 1, "transposed"), uniform([4, 3, 2], -1, 1, "transposed"), attrs1d],
    [uniform([0, 2, 4]), uniform([2, 1, 2]), none],
  ],
});

/** out[o, c, k] = Σ over n, p of g[n, o, p] x[n, c, p * stride - padding + k * dilation]. */
export const convWeightGrad: Conv = defineOp<2, ConvAttrs>({
  name: "convWeightGrad",
  arity: 2,
  shape: weightShape,
  dtype: floating,
  key,
  forward: convKernel("convWeightGrad", weightShape, {
    source: convWeightGradKernel,
    reference: weightGradReference,
    absorbs,
  }),
  vjp: ({ g, inputs: [x, y], attrs }) => [convInputGrad(y!, g, attrs), convForward(x!, g, attrs)],
  batch: (call) => batchConv(convWeightGrad, [channelsToColumns, channelsToRows], [1, 1, 0])(call),
  operands: ["x", "h"],
  derivative: ["h convolved backwards with g", "x convolved with g"],
  samples: () => [
    [uniform([2, 4, 4, 5]), uniform([2, 6, 2, 6]), attrs2d],
    [uniform([2, 3, 6], -1, 1, "transposed"), uniform([2, 4, 4], -1, 1, "transposed"), attrs1d],
    [uniform([0, 1, 6]), uniform([0, 2, 4]), none],
  ],
});

/** The bias's gradient: the sum of g over all but the channels. */
function absorbs(_: Attrs, inputs: readonly Spec[], input: number, axes: readonly number[]) {
  const summed = (n: number, d: number) =>
    d === 1 ? !axes.includes(1) : n === 1 || axes.includes(d);
  return input === 1 && inputs[1]!.shape.every(summed);
}
