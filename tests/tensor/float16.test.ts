import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { gradcheck } from "../../src/autodiff/gradcheck.ts";
import { roundHalf } from "../../src/core/half.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { loadSafetensors } from "../../src/io/safetensors.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/io/safetensorsFormat.ts";
import * as ops from "../../src/ops/index.ts";
import { clipGradNorm } from "../../src/optim/gradients/clip.ts";
import { Adam } from "../../src/optim/rules/adam.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

const values = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const half = (data: number[] | Float32Array, requiresGrad = false): Tensor =>
  ops.tensor(data, { dtype: "float16", requiresGrad });
const rounded = (data: Iterable<number>) => Float32Array.from(data, roundHalf);

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float32" });
});

describe("float16 is rounded where it is stored", () => {
  it("at upload and by a cast, also one that is not stored", async () => {
    const x = [0.1, 65519, 65520, 1e-8, 3e-8, Number.NaN, -2.00048828125];
    expect(await half(x).data()).toEqual(rounded(x));
    expect(await ops.cast(ops.tensor(x), "float16").data()).toEqual(rounded(x));
    const there = ops.cast(ops.cast(ops.tensor(x), "float16"), "float32");
    expect(await ops.add(there, 0).data()).toEqual(rounded(x));
    expect(await ops.full([2], 0.1, { dtype: "float16" }).data()).toEqual(rounded([0.1, 0.1]));
  });

  it("while what is computed is float32 until then", async () => {
    const [a, b] = [values(20), values(20).reverse()];
    const [x, y] = [rounded(a), rounded(b)];
    const product = await ops.mul(half(a), half(b)).data();
    expect(product).toEqual(rounded(x.map((v, i) => v * y[i]!)));
    const dot = await ops.sum(ops.mul(half(a), half(b))).item();
    expect(dot).toBe(roundHalf(x.reduce((sum, v, i) => sum + v * y[i]!, 0)));
    // The number is not rounded, as in PyTorch: 0.1 would be 0.0999755859375.
    expect(await ops.mul(half([1000]), 0.1).item()).toBe(100);
  });

  it("so that sums too large for it are right in their mean", async () => {
    const x = ops.ones([70_000], { dtype: "float16" });
    expect(await ops.sum(x).item()).toBe(Number.POSITIVE_INFINITY);
    expect(await ops.mean(x).item()).toBe(1);
  });

  it("so that moments are taken about a mean that is not rounded", async () => {
    const x = half([2001, 2002, 2004]);
    expect(await ops.variance(x).item()).toBe(roundHalf(7 / 3));
    const normal = await ops.layerNorm(x, [3]).data();
    expect(normal).toEqual(rounded([-4, -1, 5].map((v) => v / Math.sqrt(14))));
  });

  it("reads as a Float32Array, and as the odd part of another", async () => {
    const x = half(values(9));
    expect(await x.data()).toBeInstanceOf(Float32Array);
    expect(await ops.narrow(x, 0, 3, 3).data()).toEqual(rounded(values(9).subarray(3, 6)));
  });

  it("matrix products and softmax keep the dtype", async () => {
    const [a, b] = [ops.reshape(half(values(12)), [3, 4]), ops.reshape(half(values(8)), [4, 2])];
    const wide = ops.matmul(ops.cast(a, "float32"), ops.cast(b, "float32"));
    expect(ops.matmul(a, b).dtype).toBe("float16");
    expect(await ops.matmul(a, b).data()).toEqual(rounded(await wide.data()));
    expect(ops.matmul(a, ops.cast(b, "float32")).dtype).toBe("float32");
    expect([ops.softmax(a, 1), ops.sqrt(a), ops.max(a), ops.sum(a, 1)].map((t) => t.dtype)).toEqual(
      new Array(4).fill("float16"),
    );
  });
});

describe("gradients of float16", () => {
  it("are float16, through casts and through other dtypes", async () => {
    const x = half([1.5, -2, 0.25], true);
    const w = ops.tensor([2, 3, 5], { requiresGrad: true });
    backward(ops.sum(ops.mul(ops.cast(x, "float32"), w)));
    expect([x.grad!.dtype, w.grad!.dtype]).toEqual(["float16", "float32"]);
    expect(await x.grad!.toArray()).toEqual([2, 3, 5]);
    expect(await w.grad!.toArray()).toEqual([1.5, -2, 0.25]);
    const y = half([3], true);
    backward(ops.sum(ops.mul(y, ops.tensor([0.1]))));
    expect(await y.grad!.item()).toBe(roundHalf(0.1));
  });

  it("are checked in float64, where nothing is rounded", async () => {
    const device = new CpuDevice({ precision: "float64" });
    const x = ops.tensor([0.3, -0.7], { dtype: "float16", device });
    const f = (t: Tensor) => ops.sum(ops.exp(ops.cast(ops.mul(t, t), "float32")));
    expect((await gradcheck(f, [x], { order: 2 })).ok).toBe(true);
  });

  it("train parameters whose state is float32", async () => {
    const w = new Variable(half([1, -2, 3]), { requiresGrad: true });
    const v = new Variable(ops.tensor([1, -2, 3]), { requiresGrad: true });
    const opt = new Adam([w, v], { lr: 0.1 });
    for (let i = 0; i < 5; i++) {
      opt.zeroGrad();
      backward(ops.add(ops.sum(ops.square(w)), ops.sum(ops.square(v))));
      clipGradNorm([w, v], 1);
      await opt.step();
    }
    expect([w.dtype, w.grad!.dtype]).toEqual(["float16", "float16"]);
    const [got, wanted] = [await w.data(), await v.data()];
    got.forEach((x, i) => {
      expect(x).toBeCloseTo(wanted[i]!, 2);
      expect(x).toBe(roundHalf(x));
    });
    const { tensors: state } = opt.stateDict();
    expect(state.get("m.0")!.dtype).toBe("float32");
  });

  it("go to variables of float16 only from values of float16", () => {
    const w = new Variable(half([1]), { name: "w" });
    expect(() => w.assign(ops.tensor([1]))).toThrow('Cast it: x.cast("float16")');
  });
});

describe("float16 in safetensors", () => {
  const data = rounded([0.1, -1, 65504, 3e-8, Number.POSITIVE_INFINITY]);
  const file = () =>
    serializeSafetensors([
      ["h", { dtype: "float16", shape: [5], data }],
      ["f", { dtype: "float32", shape: [1], data: Float32Array.of(0.1) }],
    ]);

  it("takes two bytes an element and comes back bit for bit", async () => {
    expect(new TextDecoder().decode(file())).toContain('"h":{"dtype":"F16","shape":[5]');
    const kept = parseSafetensors(file(), "test", { float16: "keep" }).tensors.get("h")!;
    expect(kept).toEqual({ dtype: "float16", shape: [5], data });
    const loaded = await loadSafetensors(file(), { float16: "keep" });
    expect(loaded.get("h")!.dtype).toBe("float16");
    expect(await loaded.get("h")!.data()).toEqual(data);
  });

  it("becomes float32 unless it is to be kept", async () => {
    const loaded = await loadSafetensors(file());
    expect(loaded.get("h")!.dtype).toBe("float32");
    expect(await loaded.get("h")!.data()).toEqual(data);
  });
});
