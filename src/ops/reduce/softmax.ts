import { softmaxBackwardKernel, softmaxKernel } from "../../../kernels/rows/softmax.ts";
import { type DType, isFloat, type TypedArray } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { normalizeAxis, type Shape } from "../../core/shape.ts";
import { type Binary, defineOp, floating, kernel, type Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { mul, neg, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { exp } from "../elementwise/elementwise.ts";
import { permute, reshape } from "../movement/movement.ts";
import { same } from "../rules.ts";
import { exactly, type SampleInput, uniform } from "../samples.ts";
import { sum } from "./reduce.ts";

type RowFunction = (
  out: TypedArray,
  inputs: readonly TypedArray[],
  start: number,
  end: number,
) => void;

/** A reference that works row by row on contiguous [rows, columns]. */
const byRows =
  (row: RowFunction) =>
  ({ inputs, outputs, create }: ReferenceCall): TypedArray[] => {
    const out = create(outputs[0]!);
    const [rows, columns] = outputs[0]!.shape as [number, number];
    const data = inputs.map((i) => i.data);
    for (let r = 0; r < rows; r++) row(out, data, r * columns, (r + 1) * columns);
    return [out];
  };

const softmaxRow =
  (log: boolean): RowFunction =>
  (out, [x], start, end) => {
    let top = x![start]!;
    for (let i = start; i < end; i++) top = Math.max(top, x![i]!);
    let total = 0;
    for (let i = start; i < end; i++) total += Math.exp(x![i]! - top);
    for (let i = start; i < end; i++) {
      out[i] = log ? x![i]! - top - Math.log(total) : Math.exp(x![i]! - top) / total;
    }
  };

const backwardRow =
  (log: boolean): RowFunction =>
  (out, [g, y], start, end) => {
    let total = 0;
    for (let i = start; i < end; i++) total += log ? g![i]! : g![i]! * y![i]!;
    for (let i = start; i < end; i++) {
      out[i] = log ? g![i]! - Math.exp(y![i]!) * total : y![i]! * (g![i]! - total);
    }
  };

const rows = (): SampleInput[] => [
  uniform([3, 5]),
  uniform([4, 3], -2, 2, "transposed"),
  uniform([2, 300], -2, 2, "sliced"),
  uniform([0, 4]),
  uniform([1, 1]),
  exactly([2, 3], [1000, 999, -1000, 0, 1, -1]),
];

/** Gradients beside results of the size that rows of `n` have: sums over them stay near 1. */
const beside = (range: (n: number) => [number, number]): SampleInput[][] =>
  rows().map(({ shape, layout }) => [uniform(shape), uniform(shape, ...range(shape[1]!), layout)]);

const family = (name: string) => ({
  family: name,
  outputs: (_: unknown, inputs: readonly { readonly shape: Shape }[]) => [
    { shape: inputs[0]!.shape, dtype: "float32" as const },
  ],
  strided: () => true,
});

const softmaxRows: Unary = defineOp<1>({
  name: "softmax",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: kernel({
    ...family("softmax"),
    source: (call) => softmaxKernel(call, false),
    reference: byRows(softmaxRow(false)),
  }),
  vjp: ({ g, out }) => [softmaxBackward(g, out)],
  batch: joinLeading(([x]) => softmaxRows(x!)),
  derivative: ["y·(g - Σ g·y)"],
  samples: () => rows().map((x) => [x]),
});

const logSoftmaxRows: Unary = defineOp<1>({
  name: "logSoftmax",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: kernel({
    ...family("logSoftmax"),
    source: (call) => softmaxKernel(call, true),
    reference: byRows(softmaxRow(true)),
  }),
  vjp: ({ g, out }) => [logSoftmaxBackward(g, out)],
  batch: joinLeading(([x]) => logSoftmaxRows(x!)),
  derivative: ["g - exp(y)·Σ g"],
  samples: () => rows().map((x) => [x]),
});

/** y·(g - Σ g·y) per row: the gradient of softmax, from its result y [rows, columns]. */
export const softmaxBackward: Binary = defineOp<2>({
  name: "softmaxBackward",
  arity: 2,
  shape: same,
  dtype: floating,
  forward: kernel({
    ...family("softmaxBackward"),
    source: (call) => softmaxBackwardKernel(call, false),
    reference: byRows(backwardRow(false)),
  }),
  vjp: ({ g: h, inputs }) => {
    const [g, y] = inputs as [Tensor, Tensor];
    const gy = sum(mul(g, y), 1, true);
    const hy = sum(mul(h, y), 1, true);
    return [softmaxBackward(h, y), sub(mul(h, sub(g, gy)), mul(g, hy))];
  },
  batch: joinLeading(([g, y]) => softmaxBackward(g!, y!)),
  operands: ["h", "y"],
  derivative: ["y·(g - Σ g·y)", "g·(h - Σ h·y) - h·Σ g·y"],
  samples: () => beside((n) => [0.2 / n, 2 / n]),
});

/** g - eʸ·Σ g per row: the gradient of logSoftmax, from its result y [rows, columns]. */
export const logSoftmaxBackward: Binary = defineOp<2>({
  name: "logSoftmaxBackward",
  arity: 2,
  shape: same,
  dtype: floating,
  forward: kernel({
    ...family("logSoftmaxBackward"),
    source: (call) => softmaxBackwardKernel(call, true),
    reference: byRows(backwardRow(true)),
  }),
  vjp: ({ g: h, inputs }) => {
    const [g, y] = inputs as [Tensor, Tensor];
    const p = exp(y);
    const hp = mul(h, p);
    return [sub(h, sum(hp, 1, true)), neg(mul(hp, sum(g, 1, true)))];
  },
  batch: joinLeading(([g, y]) => logSoftmaxBackward(g!, y!)),
  operands: ["h", "y"],
  derivative: ["g - Σ g·exp(y)", "-g·exp(y)·Σ h"],
  samples: () => beside((n) => [-Math.log(n) - 1, -Math.log(n) + 1]),
});

/** Calls a row function on [rows, columns] with `axis` as the columns. */
function alongAxis(op: string, rowwise: Unary, x: Tensor, axis: number): Tensor {
  // A scalar counts as one axis, as in PyTorch.
  const at = normalizeAxis(op, axis, Math.max(1, x.rank));
  if (x.rank === 0) return reshape(rowwise(reshape(x, [1, 1])), []);
  if (x.size === 0) return rowwise(x);
  const last = x.rank - 1;
  const order = x.shape.map((_, d) => d).filter((d) => d !== at);
  const moved = permute(x, [...order, at]);
  const flat = rowwise(reshape(moved, [x.size / x.shape[at]!, x.shape[at]!]));
  const back = x.shape.map((_, d) => (d === at ? last : d < at ? d : d - 1));
  return permute(reshape(flat, moved.shape), back);
}

/** PyTorch's `dtype`: x is converted first. @throws DTypeError unless it is a float dtype */
function converted(op: string, x: Tensor, dtype: DType | undefined): Tensor {
  if (dtype === undefined || dtype === x.dtype) return x;
  if (isFloat(dtype)) return cast(x, dtype);
  throw new DTypeError(`${op}: the result is a float; got dtype ${dtype}. Use "float32".`);
}

/**
 * softmax(x)ᵢ = e^xᵢ / Σⱼ e^xⱼ along `axis`; never overflows.
 * @param x any shape  @param dtype what x is converted to first  @returns the same shape
 * @throws ShapeError for an unknown axis, DTypeError for a dtype that is no float
 */
export const softmax = (x: Tensor, axis = -1, dtype?: DType): Tensor =>
  alongAxis("softmax", softmaxRows, converted("softmax", x, dtype), axis);

/**
 * logSoftmax(x)ᵢ = xᵢ - ln Σⱼ e^xⱼ along `axis`; exact where softmax would round to 0.
 * @throws ShapeError for an unknown axis, DTypeError for a dtype that is no float
 */
export const logSoftmax = (x: Tensor, axis = -1, dtype?: DType): Tensor =>
  alongAxis("logSoftmax", logSoftmaxRows, converted("logSoftmax", x, dtype), axis);

/**
 * softmin(x)ᵢ = e^-xᵢ / Σⱼ e^-xⱼ along `axis`: the softmax of -x.
 * @throws ShapeError for an unknown axis, DTypeError for a dtype that is no float
 */
export const softmin = (x: Tensor, axis = -1, dtype?: DType): Tensor =>
  alongAxis("softmin", softmaxRows, neg(converted("softmin", x, dtype)), axis);
