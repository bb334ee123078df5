import * as ops from "../../src/ops/index.ts";
import {
  booleans,
  distinct,
  exactly,
  integers,
  type SampleInput,
  uniform,
} from "../../src/ops/samples.ts";
import { NO_ATTRS, type RegisteredOp } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** A function made of ops, tried like an op: values, shapes and gradients on both devices. */
export type Composed = Pick<RegisteredOp, "name" | "arity" | "vjp" | "samples" | "sampleCall">;

type Inputs = readonly (SampleInput | readonly SampleInput[])[];

function composed(name: string, f: (...inputs: never[]) => Tensor, samples: () => Inputs[]) {
  const vjp = () => [];
  return { name, arity: 0, vjp, samples, sampleCall: f } as unknown as Composed;
}

type U = (x: Tensor) => Tensor;
const unary = (name: string, f: U, samples: SampleInput[] = [uniform([2, 5])]): Composed =>
  composed(name, f as never, () => samples.map((x) => [x]));

const activations = (): Composed[] =>
  (
    [
      ["gelu", (x) => ops.gelu(x)],
      ["gelu by tanh", (x) => ops.gelu(x, { approximate: "tanh" })],
      ["silu", ops.silu],
      ["softplus of slope 2", (x) => ops.softplus(x, 2)],
      ["logSigmoid", ops.logSigmoid],
      ["mish", ops.mish],
      ["leakyRelu", (x) => ops.leakyRelu(x, 0.1)],
      ["elu", (x) => ops.elu(x, 0.7)],
      ["selu", ops.selu],
      ["hardtanh", (x) => ops.hardtanh(x)],
      ["hardswish", ops.hardswish],
      ["hardsigmoid", ops.hardsigmoid],
      ["relu6", ops.relu6],
      ["clamp", (x) => ops.clamp(x, -0.6, 0.7)],
    ] as [string, U][]
  ).map(([name, f]) => unary(name, f, [distinct([3, 7], 0.17)]));

const moves = (): Composed[] => {
  const parts = [
    uniform([2, 3]),
    uniform([2, 1], -2, 2, "sliced"),
    uniform([2, 4], -2, 2, "transposed"),
  ];
  return [
    composed("cat", ((x: Tensor[]) => ops.cat(x, 1)) as never, () => [
      [parts],
      [parts.slice(0, 1)],
    ]),
    composed("stack", ((x: Tensor[]) => ops.stack(x, -1)) as never, () => [
      [[parts[0], uniform([2, 3])]],
    ]),
    composed("cat of integers", ((x: Tensor[]) => ops.cat(x)) as never, () => [
      [[integers([3], 0, 5), integers([2], 0, 5)]],
    ]),
    unary("split", (x) => ops.mul(...(ops.split(x, [2, 2], 1) as [Tensor, Tensor])), [
      uniform([3, 4]),
    ]),
    unary("chunk", (x) => ops.chunk(x, 3, 0)[2], [uniform([5, 2])]),
    unary("slice backwards", (x) => ops.slice(x, [null, 4], [null, 0], [1, -2]), [uniform([2, 6])]),
    unary("slice from the end", (x) => ops.slice(x, [0, -3], [1, -1]), [uniform([2, 6])]),
    unary("tile", (x) => ops.tile(x, [2, 1, 3]), [uniform([2, 3])]),
    unary("flatten and squeeze", (x) => ops.squeeze(ops.unsqueeze(ops.flatten(x, 1), 0)), [
      uniform([2, 3, 2], -2, 2, "transposed"),
    ]),
    unary("unbind", (x) => ops.unbind(x, 1)[1], [uniform([2, 3])]),
  ];
};

const reductions = (): Composed[] => [
  unary("mean", (x) => ops.mean(x, [0, -1]), [uniform([2, 3, 4])]),
  unary("variance", (x) => ops.variance(x, 1), [uniform([3, 6]), uniform([3, 6], 99, 101)]),
  unary("std", (x) => ops.std(x, 0, { correction: 0, keepDims: true }), [uniform([4, 3])]),
  unary("logSumExp", (x) => ops.logSumExp(x, 1), [uniform([3, 6]), exactly([1, 2], [1e4, 1e4])]),
  unary("argmax", (x) => ops.argmax(x, 1), [distinct([4, 6]), exactly([2, 3], [1, 1, 0, 2, 3, 3])]),
  unary("argmin of all", (x) => ops.argmin(x), [distinct([4, 6])]),
  unary("prod with a zero", (x) => ops.prod(x, 1), [exactly([3, 3], [1, 0, 2, 0, 0, 3, 1, 2, 3])]),
  unary("prod of many", (x) => ops.prod(x, 0), [uniform([40, 2], 0.9, 1.1)]),
  unary("softmax over axis 0", (x) => ops.softmax(x, 0), [uniform([4, 2, 3])]),
  unary("logSoftmax over axis 1", (x) => ops.logSoftmax(x, 1), [
    uniform([2, 4, 3], -2, 2, "sliced"),
  ]),
  unary("second derivative of softmax", (x) => ops.mul(ops.softmax(x), ops.softmax(x)), [
    uniform([2, 3]),
  ]),
];

const places = (): Composed[] => [
  composed("take", ((x: Tensor, i: Tensor) => ops.take(x, i, 1)) as never, () => [
    [uniform([2, 5, 3]), integers([2, 2], 0, 5)],
    [uniform([2, 5]), integers([], 0, 5)],
  ]),
  composed("gather", ((x: Tensor, i: Tensor) => ops.gather(x, 1, i)) as never, () => [
    [uniform([4, 5, 3]), integers([2, 6, 3], 0, 5)],
  ]),
  composed(
    "scatterAdd",
    ((x: Tensor, i: Tensor, s: Tensor) => ops.scatterAdd(x, 0, i, s)) as never,
    () => [[uniform([4, 3]), integers([6, 2], 0, 4), uniform([6, 3])]],
  ),
  composed(
    "indexAdd",
    ((x: Tensor, i: Tensor, s: Tensor) => ops.indexAdd(x, 1, i, s)) as never,
    () => [[uniform([2, 4]), integers([5], 0, 4), uniform([2, 5])]],
  ),
  unary("oneHot", (x) => ops.oneHot(x, 6), [integers([2, 3], 0, 6)]),
];

type Loss = Parameters<typeof ops.crossEntropy>[2];
const entropy = (name: string, options: Loss, samples: () => Inputs[]): Composed =>
  composed(
    `crossEntropy ${name}`,
    ((x: Tensor, y: Tensor, weight?: Tensor) =>
      ops.crossEntropy(x, y, { ...options, weight })) as never,
    samples,
  );

const losses = (): Composed[] => {
  const rows = (): Inputs[] => [
    [uniform([4, 5]), integers([4], 0, 5)],
    [uniform([2, 5, 3]), integers([2, 3], 0, 5)],
    [uniform([5]), integers([], 0, 5)],
    [uniform([300, 3]), integers([300], 0, 3)],
    [uniform([4, 5]), uniform([4, 5], 0, 1)],
  ];
  const weighted = (): Inputs[] => [
    [uniform([4, 5]), exactly([4], [1, 4, 0, 2], "int32"), uniform([5], 0.5, 2)],
  ];
  return [
    entropy("mean", {}, rows),
    entropy("sum", { reduction: "sum" }, rows),
    entropy("none", { reduction: "none" }, rows),
    entropy("smoothed", { labelSmoothing: 0.1 }, rows),
    entropy("ignoring", { ignoreIndex: 2 }, () => rows().slice(0, 4)),
    entropy("weighted", { labelSmoothing: 0.2, ignoreIndex: 0 }, weighted),
    composed("mseLoss", ops.mseLoss as never, () => [[uniform([2, 3]), uniform([2, 3])]]),
    composed("l1Loss", ops.l1Loss as never, () => [[distinct([2, 3]), distinct([2, 3], 0.31)]]),
    composed("where of three", ops.where as never, () => [
      [booleans([3]), uniform([2, 3]), uniform([])],
    ]),
  ];
};

/** Functions of the public API that are made of several ops. */
export const compositions = (): RegisteredOp[] =>
  [...activations(), ...moves(), ...reductions(), ...places(), ...losses()].map(
    (c) => ({ ...c, attrs: NO_ATTRS }) as unknown as RegisteredOp,
  );
