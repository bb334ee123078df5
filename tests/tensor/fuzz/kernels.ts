import * as ops from "../../../src/ops/index.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  both,
  type Draw,
  type Draws,
  exact,
  has,
  hasAxis,
  isExactFloat,
  isFloat,
  partner,
  partOf,
  rough,
  type Scope,
  SIZES,
  type Value,
} from "./draw.ts";
import type { Choices } from "./graphData.ts";

function matmul({ t }: Value, choices: Choices, scope: Scope): Value[] {
  const a = t.rank < 2 ? ops.reshape(t, [1, t.size]) : t;
  const k = a.shape.at(-1)!;
  const batch = choices.oneIn(2) ? partOf(a.shape.slice(0, -2), choices) : [];
  const squared = choices.oneIn(3);
  const b = squared ? ops.transpose(a) : scope.leaf([...batch, k, choices.pick(SIZES)]).t;
  const product = ops.mul(ops.matmul(a, b), 1 / Math.sqrt(Math.max(k, 1)));
  if (choices.below(2) === 0) return [rough(product)];
  return [rough(ops.tanh(ops.add(product, scope.leaf([product.shape.at(-1)!]).t)))];
}

/** [channels, height, width], or with a batch in front. */
const asImages = (t: Tensor): Tensor =>
  t.rank >= 3 ? t : ops.reshape(t, [...new Array<number>(3 - t.rank).fill(1), ...t.shape]);

const isImage = (x: Value): boolean => x.t.rank >= 1 && x.t.rank <= 4 && x.t.size > 0;

function conv({ t }: Value, choices: Choices, scope: Scope): Value[] {
  const x = asImages(t);
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  const padding = choices.below(2);
  const kernel = [h, w].map((n) => Math.min(1 + choices.below(3), n + 2 * padding));
  const depthwise = choices.oneIn(3);
  const out = depthwise ? c * (1 + choices.below(2)) : choices.pick(SIZES);
  const groups = depthwise ? c : 1;
  const weight = scope.leaf([out, c / groups, ...kernel]).t;
  const bias = choices.below(2) === 0 ? null : scope.leaf([out]).t;
  const options = { padding, stride: 1 + choices.below(2), groups };
  const made = ops.conv2d(x, weight, bias, options);
  return [rough(ops.mul(made, 1 / Math.sqrt((c / groups) * kernel[0]! * kernel[1]!)))];
}

function convTranspose({ t }: Value, choices: Choices, scope: Scope): Value[] {
  const x = asImages(t);
  const c = x.shape.at(-3)!;
  const weight = scope.leaf([c, choices.pick([2, 1, 3]), 2, 2]).t;
  const made = ops.convTranspose2d(x, weight, null, { stride: 1 + choices.below(2) });
  return [rough(ops.mul(made, 0.5 / Math.sqrt(c)))];
}

function pool(op: "max" | "avg"): Draw {
  return {
    takes: both(op === "max" ? isExactFloat : isFloat, isImage),
    make: ({ t }, choices) => {
      const x = asImages(t);
      const kernel = x.shape.slice(-2).map((n) => Math.min(1 + choices.below(3), n));
      const options = { stride: 1 + choices.below(2), padding: 0 };
      if (op === "avg") return [rough(ops.avgPool2d(x, kernel, options))];
      const { values, indices } = ops.maxPool2d(x, kernel, { ...options, returnIndices: true });
      return [exact(indices), exact(values)];
    },
  };
}

function gruCell({ t }: Value, choices: Choices, scope: Scope): Value[] {
  const inputs = t.shape.at(-1)!;
  const x = ops.reshape(t, [t.size / inputs, inputs]);
  const hidden = choices.pick(SIZES);
  const small = (shape: number[]) => ops.mul(scope.leaf(shape).t, 0.5);
  const weightIh = small([3 * hidden, inputs]);
  const weightHh = small([3 * hidden, hidden]);
  return [rough(ops.gruCell(x, scope.leaf([x.shape[0]!, hidden]).t, { weightIh, weightHh }))];
}

/** The steps of a sequence lie along the first axis. */
function lstm({ t }: Value, choices: Choices, scope: Scope): Value[] {
  const inputs = t.shape.at(-1)!;
  const x = ops.reshape(t, [t.shape[0]!, -1, inputs]);
  const hidden = choices.pick(SIZES);
  const small = (...shape: number[]) => ops.mul(scope.leaf(shape).t, 0.5);
  const [h, c] = [small(x.shape[1]!, hidden), small(x.shape[1]!, hidden)];
  const gates = ops.linear(x, small(4 * hidden, inputs));
  const reverse = choices.oneIn(2);
  const { states, cells } = ops.lstmSequence(gates, h, c, small(4 * hidden, hidden), { reverse });
  return [rough(states), rough(cells)];
}

function layerNorm({ t }: Value, _: Choices, scope: Scope): Value[] {
  const size = t.shape.at(-1)!;
  const [weight, bias] = [scope.leaf([size]).t, scope.leaf([size]).t];
  return [rough(ops.layerNorm(t, size, { weight, bias, eps: 0.5 }))];
}

function batchNorm({ t }: Value, _: Choices, scope: Scope): Value[] {
  const x = ops.reshape(t, [1, t.shape[0]!, t.size / t.shape[0]!]);
  const weight = scope.leaf([t.shape[0]!]).t;
  return [
    rough(ops.reshape(ops.batchNorm(x, null, null, { weight, training: true, eps: 0.5 }), t.shape)),
  ];
}

export const kernels: Draws = {
  matmul: { takes: isFloat, make: matmul },
  conv2d: { takes: both(isFloat, isImage), make: conv },
  convTranspose2d: { takes: both(isFloat, isImage), make: convTranspose },
  gruCell: { takes: both(isFloat, hasAxis), make: gruCell },
  lstmSequence: {
    takes: both(isFloat, ({ t }) => t.rank >= 2 && t.size > 0 && t.shape[0]! <= 4),
    make: lstm,
  },
  layerNorm: { takes: both(isFloat, hasAxis), make: layerNorm },
  batchNorm: {
    takes: both(isFloat, (x) => hasAxis(x) && x.t.size > x.t.shape[0]!),
    make: batchNorm,
  },
  maxPool2d: pool("max"),
  avgPool2d: pool("avg"),
  crossEntropy: {
    takes: both(isFloat, ({ t }) => t.rank === 2 && t.size > 0),
    make: ({ t }, choices, scope) => {
      const labels = places([t.shape[0]!], t.shape[1]!, choices, scope);
      return [rough(ops.crossEntropy(ops.tanh(t), labels, { reduction: "none" }))];
    },
  },
};

/** Indices below a limit: known from the host, or computed and checked on the device. */
function places(shape: readonly number[], limit: number, choices: Choices, scope: Scope): Tensor {
  const fits = both(has("int32"), ({ t }) => t.shape.join() === shape.join());
  const computed = choices.below(2) === 0 ? undefined : scope.other(fits, choices);
  if (computed === undefined) return scope.leaf(shape, "int32", limit).t;
  return ops.remainder(computed.t, limit);
}

/** Axis, and indices along it in the shape of x but there. */
function indexed(x: Tensor, choices: Choices, scope: Scope) {
  const axis = choices.below(x.rank);
  const shape = x.shape.with(axis, choices.pick(SIZES));
  return { axis, shape, index: places(shape, x.shape[axis]!, choices, scope) };
}

const isLine = both(hasAxis, has("float32", "int32"));

export const indexing: Draws = {
  gather: {
    takes: isLine,
    make: ({ t, exact }, choices, scope) => {
      const { axis, index } = indexed(t, choices, scope);
      return [{ t: ops.gather(t, axis, index), exact }];
    },
  },
  take: {
    takes: isLine,
    make: ({ t, exact }, choices, scope) => {
      const axis = choices.below(t.rank);
      const index = places([choices.pick(SIZES)], t.shape[axis]!, choices, scope);
      return [{ t: ops.take(t, index, axis), exact }];
    },
  },
  shuffled: {
    takes: isLine,
    make: ({ t, exact }, choices, scope) => {
      const axis = choices.below(t.rank);
      const index = ops.randperm(t.shape[axis]!, scope.drawing(choices));
      return [{ t: ops.take(t, index, axis), exact }];
    },
  },
  scatterAdd: {
    takes: both(isFloat, hasAxis),
    make: (x, choices, scope) => {
      const { axis, shape, index } = indexed(x.t, choices, scope);
      const source = partner(x, choices, scope).t;
      const fits = source.shape.join() === shape.join() ? source : scope.leaf(shape).t;
      return [rough(ops.mul(ops.scatterAdd(x.t, axis, index, fits), 0.5))];
    },
  },
};

export const random: Draws = {
  dropout: {
    takes: isFloat,
    make: ({ t, exact }, choices, scope) => [
      { t: ops.dropout(t, 0.5, true, scope.drawing(choices)), exact },
    ],
  },
  noise: {
    takes: isFloat,
    make: ({ t }, choices, scope) => [rough(ops.mul(t, ops.rand(t.shape, scope.drawing(choices))))],
  },
  mask: {
    takes: () => true,
    make: ({ t }, choices, scope) => [exact(ops.bernoulli(0.5, t.shape, scope.drawing(choices)))],
  },
};
