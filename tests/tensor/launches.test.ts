import {
  add,
  batchNorm,
  compile,
  crossEntropy,
  DataLoader,
  erf,
  gelu,
  init,
  layerNorm,
  matmul,
  mul,
  ones,
  relu,
  SGD,
  sum,
  type Tensor,
  TensorDataset,
  tensor,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import { mlpStep } from "../../benchmarks/mlpStep.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";

/** What is counted is what stays: no trials of a tuner, no texts that run until others are there. */
const settled = { device: "webgpu", tune: "off", limits: { quickStart: false } } as const;

let counter: ReturnType<typeof countGpu>;

beforeAll(async () => {
  counter = countGpu(await init(settled));
});

const ramp = (...shape: number[]): Tensor => {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
    { shape },
  );
};

/** Values, and the launches, submits and copies that computing them took. */
async function cost(...wanted: Tensor[]) {
  for (const { node } of wanted) exportWithNextPlan(node);
  counter.take();
  const values = [await wanted[0].data()];
  const { launches, submits } = counter.take();
  for (const t of wanted.slice(1)) values.push(await t.data());
  return { launches, submits, values: values.map((v) => [...v]) };
}

const close = (got: number[], wanted: number[]) => {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 4);
};

describe.each([true, false])("a training step, compiled: %s", (compiled) => {
  it("takes at most 14 launches in one submit, and makes nothing after it is warm", async () => {
    const { step } = mlpStep({ compiled, batch: 16, sizes: [24, 16, 12, 4] });
    for (let i = 0; i < 3; i++) await (await step()).item();
    for (let i = 0; i < 4; i++) {
      counter.take();
      const loss = await step();
      const { launches, submits, pipelines, shaders, buffers, bindGroups } = counter.take();
      expect(launches).toBeLessThanOrEqual(14);
      expect({ submits, pipelines, shaders, buffers, bindGroups }).toEqual({
        submits: 1,
        pipelines: 0,
        shaders: 0,
        buffers: 0,
        bindGroups: 0,
      });
      await loss.item();
      // Reading is the one submit of the copy that it maps: the loss was there already.
      expect(counter.take()).toMatchObject({ launches: 0, submits: 1 });
    }
  });
});

describe("launches", () => {
  it("gelu costs the same from primitives as built in", async () => {
    const x = ramp(64, 32);
    const own = (t: Tensor) => mul(mul(t, 0.5), add(erf(mul(t, Math.SQRT1_2)), 1));
    const mine = await cost(own(x));
    const builtIn = await cost(gelu(x));
    expect(mine.launches).toBe(1);
    expect(builtIn.launches).toBe(mine.launches);
    expect(mine.values).toEqual(builtIn.values);
  });

  it("an element-wise chain is one", async () => {
    const x = ramp(100);
    let y = x;
    for (let i = 0; i < 20; i++) y = add(mul(y, 0.5), x);
    const { launches, values } = await cost(y);
    expect(launches).toBe(1);
    const limit = (v: number) => 2 * v - v / 2 ** 20;
    close(values[0], [...(await x.data())].map(limit));
  });

  it("element-wise work before and after a reduction is none of its own", async () => {
    const x = ramp(6, 8);
    const { launches, values } = await cost(relu(mul(sum(mul(x, x), 1), 2)));
    expect(launches).toBe(1);
    const data = await x.data();
    const row = (i: number) => [...data].slice(8 * i, 8 * i + 8).reduce((s, v) => s + 2 * v * v, 0);
    close(values[0], [0, 1, 2, 3, 4, 5].map(row));
  });

  it("a product, its bias and its activation are one", async () => {
    const [x, w, b] = [ramp(8, 6), ramp(6, 4), ramp(4)];
    const { launches, values } = await cost(relu(add(matmul(x, w), b)));
    expect(launches).toBe(1);
    const [xs, ws, bs] = await Promise.all([x.data(), w.data(), b.data()]);
    const wanted = Array.from({ length: 32 }, (_, i) => {
      let dot = bs[i % 4];
      for (let k = 0; k < 6; k++) dot += xs[(i >> 2) * 6 + k] * ws[k * 4 + (i % 4)];
      return Math.max(dot, 0);
    });
    close(values[0], wanted);
  });

  it("a normalization of rows, with its activation, is one; of a batch two", async () => {
    const x = ramp(6, 8);
    const rows = await cost(relu(layerNorm(x, 8, { weight: ramp(8), bias: ramp(8) })));
    expect(rows.launches).toBe(1);
    const columns = await cost(relu(batchNorm(x, null, null, { training: true, weight: ramp(8) })));
    expect(columns.launches).toBe(2);
    const data = [...(await x.data())];
    const column = [0, 8, 16, 24, 32, 40].map((at) => data[at]);
    const mean = column.reduce((a, v) => a + v, 0) / 6;
    const variance = column.reduce((a, v) => a + (v - mean) ** 2, 0) / 6;
    const unit = (v: number) => (Math.sin(1) * (v - mean)) / Math.sqrt(variance + 1e-5);
    const wanted = column.map((v) => Math.max(unit(v), 0));
    const got = columns.values[0].filter((_, i) => i % 8 === 0);
    close(got, wanted);
  });

  it("several outputs of one size come from one", async () => {
    const x = ramp(40);
    const y = mul(x, 3);
    const { launches, values } = await cost(y, add(y, 1), relu(x));
    expect(launches).toBe(1);
    const data = [...(await x.data())];
    close(
      values[0],
      data.map((v) => 3 * v),
    );
    close(
      values[1],
      data.map((v) => 3 * v + 1),
    );
    close(
      values[2],
      data.map((v) => Math.max(v, 0)),
    );
  });

  it("views cost nothing", async () => {
    const x = ramp(4, 6);
    const moved = x.t().reshape([2, 12]).flip(1).slice([0, 1], [2, 11], [1, 3]);
    const { launches, values } = await cost(add(moved, 1));
    expect(launches).toBe(1);
    const data = await x.data();
    const flat = Array.from({ length: 24 }, (_, i) => data[(i % 4) * 6 + Math.floor(i / 4)]);
    const rows = [flat.slice(0, 12).reverse(), flat.slice(12).reverse()];
    close(
      values[0],
      rows.flatMap((r) => [1, 4, 7, 10].map((i) => r[i] + 1)),
    );
  });

  it("a part of a computed tensor is read where it lies", async () => {
    const x = ramp(4, 6);
    counter.take();
    const part = await x.narrow(0, 1, 2).data();
    expect(counter.take().launches).toBe(0);
    expect([...part]).toEqual([...(await x.data())].slice(6, 18));
  });
});

describe("a sum of more tensors than one kernel can bind", () => {
  const total = async (device: GpuDevice, count: number) => {
    // Larger than what shares a buffer with others: each has a binding of its own.
    const size = 20_000;
    const parts = Array.from({ length: count }, (_, i) => {
      const values = new Float32Array(size).map((_, j) => ((i * 7 + j) % 5) - 2);
      return tensor(values, { device });
    });
    const got = await parts.reduce((a, b) => add(a, b)).data();
    const wanted = (j: number) => parts.reduce((s, _, i) => s + (((i * 7 + j) % 5) - 2), 0);
    expect(got.every((v, j) => v === wanted(j))).toBe(true);
  };

  it("is split within the adapter's limit", async () => {
    const device = (await init(settled)) as GpuDevice;
    await total(device, 2 * device.target.maxBindings + 3);
  });

  it("and within a smaller one, which no kernel exceeds", async () => {
    const device = (await init({
      ...settled,
      limits: { ...settled.limits, maxBindings: 4 },
    })) as GpuDevice;
    const bound: number[] = [];
    const create = device.gpu.createBindGroup.bind(device.gpu);
    device.gpu.createBindGroup = (descriptor) => {
      if (descriptor.label !== "uniforms") bound.push([...descriptor.entries].length);
      return create(descriptor);
    };
    await total(device, 9);
    const step = compile((x: Tensor) => sum(mul(x, x), 0));
    await (await step(tensor([1, 2], { device }))).data();
    expect(Math.max(...bound)).toBeLessThanOrEqual(4);
    expect(bound.length).toBeGreaterThan(2);
  });
});

describe("batches gathered on the device", () => {
  it.each([true, false])("go along in the step's one submit, compiled: %s", async (compiled) => {
    await init(settled);
    const dataset = new TensorDataset(ramp(24, 8), tensor(new Int32Array(24).fill(1)));
    const { model } = mlpStep({ compiled, batch: 4, sizes: [8, 5, 3] });
    const sgd = new SGD(model.parameters(), { lr: 0.1 });
    const record = (x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y);
      sgd.zeroGrad();
      loss.backward();
      return { loss, done: sgd.step() };
    };
    const step = compile((x: Tensor, y: Tensor) => record(x, y).loss);
    let steps = 0;
    for (const [x, y] of new DataLoader(dataset, { batchSize: 4, shuffle: true })) {
      counter.take();
      await (compiled ? step(x, y) : record(x, y).done);
      if (++steps <= 3) continue;
      expect(counter.take()).toMatchObject({ submits: 1, buffers: 0, bindGroups: 0, pipelines: 0 });
    }
    expect(steps).toBe(6);
  });
});

describe("chains of thousands of ops", () => {
  it("are cut into kernels that can be compiled, plain and compiled", async () => {
    await init(settled);
    const chain = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 3000; i++) y = add(y, 1);
      return y;
    };
    expect([...(await chain(tensor([1, 2])).data())]).toEqual([3001, 3002]);
    const compiled = compile((x: Tensor) => chain(x).sum());
    for (let i = 0; i < 3; i++)
      expect(await (await compiled(tensor([1, i]))).item()).toBe(6001 + i);
  });
});

describe("shapes that change at every step", () => {
  it("keep only so many plans: their memory is given back", async () => {
    await init(settled);
    const live: number[] = [];
    for (let n = 1; n <= 150; n++) {
      expect(
        await mul(ones([n, 3]), 2)
          .sum()
          .item(),
      ).toBe(6 * n);
      live.push(counter.liveBytes);
    }
    expect(live[149]).toBe(live[99]);
  });
});
