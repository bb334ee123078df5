import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import { backward } from "../../src/autodiff/backward.ts";
import { grad } from "../../src/autodiff/transforms.ts";
import { vmap } from "../../src/autodiff/vmap.ts";
import { DTypeError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { scaledDotProductAttention as attention } from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

let device: CpuDevice;

beforeAll(() => {
  device = new CpuDevice({ precision: "float64" });
  recorder.device = device;
});

const numbers = (shape: number[], start = 0): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return ops.tensor(
    Float64Array.from({ length: size }, (_, i) => Math.sin(start + 0.7 * i)),
    { shape },
  );
};

const bool = (values: number[], shape: number[]) => ops.tensor(values, { shape, dtype: "bool" });

const close = async (a: Tensor, b: Tensor, digits = 10) => {
  expect(a.shape).toEqual(b.shape);
  const wanted = await b.data();
  for (const [i, x] of (await a.data()).entries()) expect(x).toBeCloseTo(wanted[i]!, digits);
};

/** The formula in plain loops, for one query of one problem. */
function byHand(q: number[], ks: number[][], vs: number[][], scale: number): number[] {
  const e = ks.map((k) => Math.exp(scale * k.reduce((s, x, i) => s + x * q[i]!, 0)));
  const total = e.reduce((a, b) => a + b);
  return vs[0]!.map((_, c) => vs.reduce((s, v, j) => s + (e[j]! / total) * v[c]!, 0));
}

describe("scaledDotProductAttention", () => {
  it("is softmax(q kᵀ / √E) v", async () => {
    const [q, k, v] = [numbers([1, 2]), numbers([3, 2], 1), numbers([3, 2], 2)];
    const rows = async (x: Tensor) => (await x.toArray()) as number[][];
    const wanted = byHand((await rows(q))[0]!, await rows(k), await rows(v), 1 / Math.sqrt(2));
    await close(attention(q, k, v), ops.tensor([wanted]));
    const scaled = byHand((await rows(q))[0]!, await rows(k), await rows(v), 3);
    await close(attention(q, k, v, { scale: 3 }), ops.tensor([scaled]));
  });

  it("broadcasts leading axes", async () => {
    const [q, k, v] = [numbers([2, 3, 4, 2]), numbers([3, 5, 2], 1), numbers([2, 1, 5, 3], 2)];
    const out = attention(q, k, v);
    const last = attention(
      ops.select(ops.select(q, 0, 1), 0, 2),
      ops.select(k, 0, 2),
      ops.select(ops.select(v, 0, 1), 0, 0),
    );
    await close(ops.select(ops.select(out, 0, 1), 0, 2), last);
  });

  it("lets a query see only what stands before it, when causal", async () => {
    const [q, v] = [numbers([2, 4, 3]), numbers([2, 4, 3], 2)];
    const later = ops.add(v, ops.reshape(ops.tensor([0, 0, 0, 9]), [4, 1]));
    const [a, b] = [v, later].map((x) => attention(q, x, x, { isCausal: true }));
    await close(ops.narrow(a!, 1, 0, 3), ops.narrow(b!, 1, 0, 3));
    await close(ops.narrow(a!, 1, 0, 1), ops.narrow(v, 1, 0, 1));
    const triangle = ops.cast(ops.tril(ops.ones([4, 4])), "bool");
    await close(a!, attention(q, v, v, { mask: triangle }));
  });

  it("leaves out keys that are masked, as if they were not there", async () => {
    const [q, k, v] = [numbers([2, 2, 3, 4]), numbers([2, 2, 4, 4], 1), numbers([2, 2, 4, 4], 2)];
    const keyMask = bool([1, 1, 0, 0, 1, 1, 0, 0], [2, 4]);
    const short = attention(q, ops.narrow(k, 2, 0, 2), ops.narrow(v, 2, 0, 2));
    await close(attention(q, k, v, { keyMask }), short);
    const bias = ops.tensor([0, 0, -Infinity, -Infinity]);
    await close(attention(q, k, v, { mask: bias }), short);
    const all = ops.ones([3, 4]);
    await close(attention(q, k, v, { keyMask, mask: ops.cast(all, "bool") }), short);
    await close(attention(q, k, v, { keyMask, mask: all }), short);
  });

  it("gives zeros, and no NaN in gradients, to a query that may attend to nothing", async () => {
    const mask = bool([0, 0, 1, 0], [2, 2]);
    for (const own of [mask, ops.where(mask, 0, Number.NEGATIVE_INFINITY)]) {
      for (const width of [3, 200]) {
        const f = (x: Tensor) => ops.sum(attention(x, x, x, { mask: own }));
        const x = numbers([2, width]);
        const out = await attention(x, x, x, { mask: own }).data();
        expect([...out.slice(0, width)]).toEqual(new Array(width).fill(0));
        const slope = await grad(f)(x).data();
        expect([...slope].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("stays finite for large scores", async () => {
    const x = ops.tensor([[300], [-300]]);
    expect([...(await attention(x, x, x).data())]).toEqual([300, -300]);
  });

  it("has the derivative of a learned bias", async () => {
    const [x, bias] = [numbers([3, 2]), numbers([3, 3], 4)];
    const f = (b: Tensor) => ops.sum(ops.mul(attention(x, x, x, { mask: b }), x));
    const plain = (b: Tensor) => {
      const scores = ops.add(ops.mul(ops.matmul(x, ops.transpose(x)), Math.SQRT1_2), b);
      return ops.sum(ops.mul(ops.matmul(ops.softmax(scores), x), x));
    };
    await close(grad(f)(bias), grad(plain)(bias));
  });

  it("is the same for wide rows, which are composed", async () => {
    const wide = (x: Tensor) => ops.cat([x, ops.zeros([2, 4, 126])], 2);
    const [q, k, v] = [numbers([2, 4, 4]), numbers([2, 4, 4], 1), numbers([2, 4, 4], 2)];
    const options = { scale: 0.5, isCausal: true };
    const out = attention(wide(q), wide(k), wide(v), options);
    await close(ops.narrow(out, 2, 0, 4), attention(q, k, v, options));
  });

  it("folds vmap into the batch", async () => {
    const [q, k] = [numbers([3, 2, 4, 2]), numbers([2, 5, 2], 1)];
    const f = (x: Tensor) => attention(x, k, k);
    await close(vmap(f)(q), attention(q, k, k));
  });

  it("drops weights, scaled, anew for each weight, whatever masks them", async () => {
    const v = ops.expand(ops.eye(40), [50, 40, 40]);
    const [q, k] = [ops.zeros([50, 40, 1]), ops.zeros([50, 40, 1])];
    const half = ops.cast(ops.lt(ops.arange(40), 20), "bool");
    for (const [mask, keys] of [
      [null, 40],
      [half, 20],
      [ops.where(half, 0, Number.NEGATIVE_INFINITY), 20],
    ] as const) {
      const weights = await attention(q, k, v, { dropout: 0.25, mask }).data();
      const kept = [...weights].filter((x) => x !== 0);
      expect(kept.length / (50 * 40 * keys)).toBeCloseTo(0.75, 2);
      for (const x of kept) expect(x).toBeCloseTo(1 / 0.75 / keys, 10);
    }
    const off = attention(q, k, v, { dropout: 0.9, training: false });
    await close(off, attention(q, k, v));
    expect([...(await attention(q, k, v, { dropout: 1 }).data())].some((x) => x !== 0)).toBe(false);
  });

  it("keeps float16, and the common dtype of both floats", async () => {
    const x = numbers([3, 2]);
    for (const width of [2, 200]) {
      const wide = ops.expand(ops.narrow(x, 1, 0, 1), [3, width]);
      const half = ops.cast(wide, "float16");
      expect(attention(half, wide, half).dtype).toBe("float32");
      const out = attention(half, half, half);
      expect(out.dtype).toBe("float16");
      await close(ops.cast(out, "float32"), attention(wide, wide, wide), 2);
    }
  });

  it("takes one launch forwards and one backwards", async () => {
    const gpu = await openAdapter(await findAdapter());
    const counter = countGpu(gpu);
    const shape = [2, 2, 6, 4];
    const q = ops.tensor(await numbers(shape).data(), { shape, device: gpu, requiresGrad: true });
    const run = async (x: Tensor) => {
      const out = positions(attention(x, x, x, { isCausal: true }));
      const wanted = attention(numbers(shape), numbers(shape), numbers(shape), { isCausal: true });
      await close(out, positions(wanted), 5);
    };
    counter.take();
    await run(q);
    expect(counter.take().launches).toBe(1);
    counter.take();
    backward(ops.sum(attention(q, q, q)));
    await q.grad!.data();
    // Beside these two: the sum, the ones that its gradient is, and dq + dk + dv.
    expect(counter.take().launches).toBe(5);
    gpu.destroy();
  });
});

/** The heads of a position side by side, as a layer behind them reads them. */
const positions = (x: Tensor): Tensor => ops.permute(x, [0, 2, 1, 3]);

describe("bad input of scaledDotProductAttention", () => {
  const x = () => numbers([2, 3, 4]);
  const cases: [string, new (message: string) => Error, () => unknown, string][] = [
    [
      "features",
      ShapeError,
      () => attention(x(), numbers([2, 3, 5]), x()),
      "have 4 features and keys 5",
    ],
    ["values", ShapeError, () => attention(x(), x(), numbers([2, 4, 4])), "3 keys and 4 values"],
    ["rank", ShapeError, () => attention(numbers([4]), x(), x()), "q is not [..., length"],
    [
      "no keys",
      ShapeError,
      () => attention(x(), numbers([2, 0, 4]), numbers([2, 0, 4])),
      "no keys",
    ],
    ["batches", ShapeError, () => attention(x(), numbers([3, 3, 4]), x()), "do not broadcast"],
    ["dtype", DTypeError, () => attention(ops.cast(x(), "int32"), x(), x()), "q is not a float"],
    [
      "mask shape",
      ShapeError,
      () => attention(x(), x(), x(), { mask: numbers([4, 3]) }),
      "mask does not fit the scores; got [4, 3] for scores [2, 3, 3]",
    ],
    [
      "mask dtype",
      DTypeError,
      () => attention(x(), x(), x(), { mask: ops.cast(numbers([3, 3]), "int32") }),
      "a mask is bool",
    ],
    [
      "keyMask shape",
      ShapeError,
      () => attention(x(), x(), x(), { keyMask: bool([1, 1, 1], [3]) }),
      "keyMask is not [batch, keys]",
    ],
    [
      "keyMask dtype",
      DTypeError,
      () => attention(x(), x(), x(), { keyMask: numbers([2, 3]) }),
      "keyMask is not bool",
    ],
    ["dropout", ValueError, () => attention(x(), x(), x(), { dropout: 1.5 }), "got 1.5"],
    ["scale", ValueError, () => attention(x(), x(), x(), { scale: Number.NaN }), "not finite"],
  ];
  it.each(cases)("%s", (_, kind, run, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});
