import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { DTypeError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  LayerNorm,
  type Module,
  MultiheadAttention,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../../src/nn/index.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

interface Golden {
  readonly attention: readonly {
    readonly name: string;
    readonly out: number[];
    readonly weights: number[];
    readonly grads: number[][];
    readonly bias: number[] | null;
  }[];
  readonly encoder: readonly { normFirst: boolean; out: number[]; grad: number[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../golden/attention.json", import.meta.url), "utf8"),
) as Golden;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

/** The numbers of the golden file: sin(start + 0.7 k). */
function numbers(shape: readonly number[], start: number, requiresGrad = false): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float64Array.from({ length: size }, (_, k) => Math.sin(start + 0.7 * k));
  return ops.tensor(data, { shape, requiresGrad });
}

const bool = (values: readonly number[], shape: readonly number[]): Tensor =>
  ops.tensor([...values], { shape, dtype: "bool" });

function fill<M extends Module>(module: M): M {
  for (const [i, p] of module.parameters().entries()) p.assign(ops.mul(numbers(p.shape, i), 0.6));
  return module;
}

async function near(got: Tensor | null, wanted: readonly number[], digits = 6) {
  const data = [...(await got!.data())];
  expect(data.length).toBe(wanted.length);
  for (const [i, x] of data.entries()) expect(x).toBeCloseTo(wanted[i]!, digits);
}

const same = async (a: Tensor, b: Tensor) => {
  expect(a.shape).toEqual(b.shape);
  await near(a, [...(await b.data())], 10);
};

const pad = () => bool([0, 0, 0, 1, 0, 1, 0, 0], [2, 4]);
const block = () => bool([0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0], [3, 4]);
const causal = (n: number) => ops.logicalNot(ops.cast(ops.tril(ops.ones([n, n])), "bool"));

const masks: Readonly<Record<string, () => object>> = {
  "no mask": () => ({}),
  keyPaddingMask: () => ({ keyPaddingMask: pad() }),
  "attnMask bool": () => ({ attnMask: block() }),
  "attnMask float": () => ({ attnMask: numbers([3, 4], 5) }),
  "attnMask of each head, keyPaddingMask": () => ({
    attnMask: ops.gt(numbers([4, 3, 4], 6), 0.8),
    keyPaddingMask: pad(),
  }),
  "other features, no bias": () => ({ attnMask: block() }),
};

describe("MultiheadAttention", () => {
  it.each(golden.attention)("is PyTorch's: $name", async ({ name, out, weights, grads, bias }) => {
    const other = name.startsWith("other");
    const [kdim, vdim] = other ? [3, 5] : [4, 4];
    const options = { batchFirst: true, bias: !other, kdim, vdim };
    const layer = fill(new MultiheadAttention(4, 2, options));
    const inputs = [
      numbers([2, 3, 4], 1, true),
      numbers([2, 4, kdim], 2, true),
      numbers([2, 4, vdim], 3, true),
    ] as const;
    const [y, w] = layer.forward(...inputs, {
      ...masks[name]!(),
      needWeights: true,
      averageAttnWeights: false,
    });
    await near(y, out);
    expect(w!.shape).toEqual([2, 2, 3, 4]);
    await near(w, weights);
    backward(ops.sum(ops.mul(y, numbers(y.shape, 4))));
    for (const [i, x] of inputs.entries()) await near(x.grad, grads[i]!);
    if (bias) await near(layer.inProjBias!.grad, bias);
  });

  it("projects one tensor by one product, and keys that are the values too", async () => {
    const layer = fill(new MultiheadAttention(6, 3));
    const copy = (x: Tensor) => ops.mul(x, 1);
    const [x, y] = [numbers([5, 2, 6], 1), numbers([4, 2, 6], 2)];
    await same(layer.forward(x)[0], layer.forward(x, copy(x), copy(x))[0]);
    await same(layer.forward(x, y)[0], layer.forward(x, y, copy(y))[0]);
  });

  it("takes [L, N, E], [N, L, E] with batchFirst and [L, E]", async () => {
    const layer = fill(new MultiheadAttention(4, 2));
    const first = fill(new MultiheadAttention(4, 2, { batchFirst: true }));
    const x = numbers([3, 2, 4], 1);
    const turned = (y: Tensor) => ops.permute(y, [1, 0, 2]);
    const keyPaddingMask = bool([0, 0, 1, 0, 1, 0], [2, 3]);
    const wanted = layer.forward(x, x, x, { keyPaddingMask })[0];
    await same(
      turned(first.forward(turned(x), turned(x), turned(x), { keyPaddingMask })[0]),
      wanted,
    );
    const one = ops.select(x, 1, 0);
    const masked = { keyPaddingMask: bool([0, 0, 1], [3]), needWeights: true };
    const [alone, weights] = layer.forward(one, one, one, masked);
    await same(alone, ops.select(wanted, 1, 0));
    expect(weights!.shape).toEqual([3, 3]);
  });

  it("does not see later positions when causal, nor keys that are padding", async () => {
    const layer = fill(new MultiheadAttention(4, 2, { batchFirst: true }));
    const x = numbers([2, 5, 4], 1);
    const later = ops.cat([ops.narrow(x, 1, 0, 3), numbers([2, 2, 4], 9)], 1);
    const [a, b] = [x, later].map((y) => layer.forward(y, y, y, { isCausal: true })[0]);
    await same(ops.narrow(a!, 1, 0, 3), ops.narrow(b!, 1, 0, 3));
    await same(a!, layer.forward(x, x, x, { attnMask: causal(5) })[0]);
    const short = ops.narrow(x, 1, 0, 3);
    const keyPaddingMask = bool([0, 0, 0, 1, 1, 0, 0, 0, 1, 1], [2, 5]);
    await same(layer.forward(x, x, x, { keyPaddingMask })[0], layer.forward(x, short)[0]);
  });

  it("gives the mean of the heads' weights, which add up to 1", async () => {
    const layer = fill(new MultiheadAttention(4, 2, { batchFirst: true }));
    const x = numbers([2, 5, 4], 1);
    expect(layer.forward(x)[1]).toBe(null);
    const [, weights] = layer.forward(x, x, x, { needWeights: true, isCausal: true });
    expect(weights!.shape).toEqual([2, 5, 5]);
    await near(ops.sum(weights!, 2), new Array(10).fill(1));
  });

  it("gives the last bias to a query without keys, and no NaN", async () => {
    const layer = fill(new MultiheadAttention(4, 2, { batchFirst: true }));
    const x = numbers([1, 2, 4], 1, true);
    const [out] = layer.forward(x, x, x, { keyPaddingMask: bool([1, 1], [1, 2]) });
    const bias = [...(await layer.outProj.bias!.data())];
    await near(out, [...bias, ...bias]);
    backward(ops.sum(out));
    expect([...(await x.grad!.data())].every((g) => g === 0)).toBe(true);
  });

  it("starts as PyTorch's does, by its seed, with its names", async () => {
    const layer = new MultiheadAttention(32, 4, { seed: 3 });
    expect(layer.namedParameters().map(([name]) => name)).toEqual([
      "in_proj_weight",
      "in_proj_bias",
      "out_proj.weight",
      "out_proj.bias",
    ]);
    const top = async (x: Tensor) => Math.max(...[...(await x.data())].map(Math.abs));
    const bound = Math.sqrt(6 / (32 + 96));
    expect(await top(layer.inProjWeight!)).toBeLessThanOrEqual(bound);
    expect(await top(layer.inProjWeight!)).toBeGreaterThan(0.98 * bound);
    expect(await top(layer.outProj.weight)).toBeLessThanOrEqual(1 / Math.sqrt(32));
    expect(await top(layer.inProjBias!)).toBe(0);
    expect(await top(layer.outProj.bias!)).toBe(0);
    const again = new MultiheadAttention(32, 4, { seed: 3 });
    await same(again.inProjWeight!, layer.inProjWeight!);
    const apart = new MultiheadAttention(4, 2, { kdim: 3, bias: false });
    expect(apart.namedParameters().map(([name, p]) => `${name} ${p.shape}`)).toEqual([
      "q_proj_weight 4,4",
      "k_proj_weight 4,3",
      "v_proj_weight 4,4",
      "out_proj.weight 4,4",
    ]);
  });

  it("drops weights in training only, by its seed", async () => {
    const make = () => fill(new MultiheadAttention(4, 2, { dropout: 0.5, seed: 1 }));
    const x = numbers([5, 3, 4], 1);
    const [a, b] = [make(), make()];
    const first = a.forward(x)[0];
    await same(first, b.forward(x)[0]);
    expect([...(await a.forward(x)[0].data())]).not.toEqual([...(await first.data())]);
    await same(a.eval().forward(x)[0], fill(new MultiheadAttention(4, 2)).forward(x)[0]);
  });
});

describe("TransformerEncoderLayer", () => {
  it.each(golden.encoder)("is PyTorch's: norms first $normFirst", async (wanted) => {
    const options = { dimFeedforward: 5, dropout: 0, activation: "gelu" } as const;
    const { normFirst } = wanted;
    const layer = fill(new TransformerEncoderLayer(4, 2, { ...options, normFirst }));
    const x = numbers([3, 2, 4], 1, true);
    const srcKeyPaddingMask = bool([0, 0, 1, 0, 0, 0], [2, 3]);
    const y = layer.forward(x, { srcMask: causal(3), srcKeyPaddingMask });
    await near(y, wanted.out);
    backward(ops.sum(ops.mul(y, numbers(y.shape, 4))));
    await near(x.grad, wanted.grad);
    await same(layer.forward(x, { isCausal: true, srcKeyPaddingMask }), y);
  });

  it("takes any activation, and drops by its seed", async () => {
    const options = { dimFeedforward: 5, dropout: 0, batchFirst: true };
    const x = numbers([2, 3, 4], 1);
    const relu = fill(new TransformerEncoderLayer(4, 2, options));
    const own = fill(new TransformerEncoderLayer(4, 2, { ...options, activation: ops.relu }));
    await same(relu.forward(x), own.forward(x));
    const dropping = () => new TransformerEncoderLayer(4, 2, { dimFeedforward: 5, seed: 4 });
    await same(dropping().forward(x), dropping().forward(x));
  });

  it("stands in a TransformerEncoder under PyTorch's names", async () => {
    const make = (seed: number) => new TransformerEncoderLayer(4, 2, { dimFeedforward: 5, seed });
    const norm = new LayerNorm(4);
    const encoder = new TransformerEncoder([make(0), make(1)], { norm }).eval();
    const own = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"];
    const names = [
      ...own.map((name) => `self_attn.${name}`),
      ...["linear1", "linear2", "norm1", "norm2"].flatMap((n) => [`${n}.weight`, `${n}.bias`]),
    ];
    expect([...encoder.stateDict().keys()].sort()).toEqual(
      [
        ...[0, 1].flatMap((i) => names.map((name) => `layers.${i}.${name}`)),
        "norm.weight",
        "norm.bias",
      ].sort(),
    );
    const x = numbers([3, 2, 4], 1);
    const [first, second] = encoder.layers;
    const wanted = norm.forward(second!.forward(first!.forward(x)));
    await same(encoder.forward(x), wanted);
  });

  it("prints how it was made", () => {
    const attention = new MultiheadAttention(4, 2, { dropout: 0.1, bias: false, kdim: 3 });
    expect(`${attention}`).toBe("MultiheadAttention(4, 2, { dropout: 0.1, bias: false, kdim: 3 })");
    const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 5, normFirst: true });
    const text = "TransformerEncoderLayer(4, 2, { dimFeedforward: 5, normFirst: true })";
    expect(`${layer}`).toBe(text);
    expect(`${new TransformerEncoder([layer])}`).toBe(`TransformerEncoder([${text}])`);
  });
});

describe("bad input", () => {
  const layer = () => new MultiheadAttention(4, 2, { batchFirst: true });
  const x = () => numbers([2, 3, 4], 1);
  const attend = (options: () => object) => () => layer().forward(x(), x(), x(), options());
  const cases: [string, new (message: string) => Error, () => unknown, string][] = [
    ["heads", ValueError, () => new MultiheadAttention(6, 4), "4 heads do not divide 6 features"],
    ["sizes", ValueError, () => new MultiheadAttention(0, 1), "embedDim is not a whole number"],
    ["dropout", ValueError, () => new MultiheadAttention(4, 2, { dropout: 2 }), "dropout is not a"],
    [
      "addBiasKv",
      ValueError,
      () => new MultiheadAttention(4, 2, { addBiasKv: true } as object),
      "addBiasKv is not supported",
    ],
    ["features", ShapeError, () => layer().forward(numbers([2, 3, 5], 1)), "query does not have 4"],
    ["keys", ShapeError, () => layer().forward(x(), numbers([2, 3, 2], 1)), "key does not have 4"],
    ["batches", ShapeError, () => layer().forward(x(), numbers([1, 3, 4], 1)), "batches differ"],
    [
      "values",
      ShapeError,
      () => layer().forward(x(), x(), numbers([2, 2, 4], 1)),
      "keys and values differ in number",
    ],
    ["rank", ShapeError, () => layer().forward(numbers([4], 1)), "not all inputs are [batch"],
    ["length 0", ShapeError, () => layer().forward(numbers([2, 0, 4], 1)), "there are no keys"],
    [
      "padding",
      ShapeError,
      attend(() => ({ keyPaddingMask: bool([0, 0, 0], [3]) })),
      "keyPaddingMask has another shape than the scores; got [3]. Give it the shape [2, 3].",
    ],
    [
      "attnMask",
      ShapeError,
      attend(() => ({ attnMask: numbers([2, 3, 3], 1) })),
      "Give it the shape [3, 3] or [4, 3, 3].",
    ],
    [
      "mask dtype",
      DTypeError,
      attend(() => ({ attnMask: ops.tensor([1], { dtype: "int32" }) })),
      "attnMask is neither bool",
    ],
    [
      "activation",
      ValueError,
      () => new TransformerEncoderLayer(4, 2, { activation: "swish" as "relu" }),
      'unknown activation; got "swish"',
    ],
    ["no layers", ValueError, () => new TransformerEncoder([]), "there are no layers"],
  ];
  it.each(cases)("%s", (_, kind, run, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});
