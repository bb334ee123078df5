import { init, type ProfileReport, profile, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { batch, sizes, trainingStep } from "./step.ts";

const steps = 4;
const warmUp = 3;
let device: GpuDevice;

beforeAll(async () => {
  device = (await init({ device: "webgpu" })) as GpuDevice;
});

/** Both ways of timing kernels, of the same training step. */
const methods = ["timestamps", "alone"] as const;
const reports = new Map<string, Promise<{ report: ProfileReport; losses: number[] }>>();

async function makeReport(method: "timestamps" | "alone") {
  const training = trainingStep();
  const report = await profile(training.step, { steps, warmUp, method });
  return { report, losses: await training.losses() };
}

function profiled(method: "timestamps" | "alone") {
  const made = reports.get(method) ?? makeReport(method);
  reports.set(method, made);
  return made;
}

const sumOf = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0);

describe.each(methods)("a compiled step, timed by %s", (method) => {
  it("has the launches and submits that are counted from outside", async () => {
    const { report } = await profiled(method);
    const training = trainingStep();
    const counter = countGpu(device);
    for (let i = 0; i < 4; i++) await training.step();
    await training.losses();
    counter.take();
    await training.step();
    const counted = counter.take();
    expect(report.launches).toHaveLength(counted.launches);
    expect(report.step).toMatchObject({
      launches: counted.launches,
      submits: counted.submits,
      bytesWritten: counted.bytesWritten,
    });
  });

  it("has the operations of its matrix products", async () => {
    const { report } = await profiled(method);
    const [inputs, hidden, classes] = sizes;
    const forward = [batch * inputs * hidden, batch * hidden * classes];
    // Both again for the weights, and the second for what is before it.
    const products = [...forward, ...forward, forward[1]].map((n) => 2 * n);
    const found = report.launches.filter(({ label }) => label.startsWith("matmul"));
    expect(found.map(({ flops }) => flops).sort()).toEqual(products.sort());
  });

  it("has a time for every kernel, and shares that add up to one", async () => {
    const { report } = await profiled(method);
    expect(report.method).toBe(method);
    for (const kernel of report.kernels) expect(kernel.milliseconds).toBeGreaterThan(0);
    expect(sumOf(report.kernels, (k) => k.share)).toBeCloseTo(1, 12);
    expect(sumOf(report.kernels, (k) => k.launches)).toBe(report.step.launches);
    const total = report.step.kernelMilliseconds;
    expect(sumOf(report.kernels, (k) => k.milliseconds)).toBeCloseTo(total, 9);
    expect(sumOf(report.launches, (l) => l.milliseconds)).toBeCloseTo(total, 9);
    const times = report.kernels.map((k) => k.milliseconds);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("computes what it computes without a profile, bit for bit", async () => {
    const { losses } = await profiled(method);
    const timed = method === "alone" ? 1 : steps;
    expect(losses).toHaveLength(warmUp + 2 * steps + timed);
    const plain = trainingStep();
    for (let i = 0; i < losses.length; i++) await plain.step();
    expect(await plain.losses()).toEqual(losses);
    expect(losses.at(-1)).toBeLessThan(losses[0]);
  });
});

describe("a kernel", () => {
  it("reads and writes what its values hold", async () => {
    const x = tensor(new Float32Array(4096).fill(2));
    const report = await profile(() => x.mul(3).add(1).data(), { steps: 1 });
    expect(report.kernels).toHaveLength(1);
    expect(report.kernels[0]).toMatchObject({ bytes: 2 * 4 * 4096, limit: "bandwidth" });
    const rows = x.reshape([64, 64]);
    const sums = await profile(() => rows.sum(1).data(), { steps: 1 });
    expect(sums.step.bytes).toBe(4 * (4096 + 64));
  });

  it("of the same label counts once, with all its launches", async () => {
    const x = tensor(new Float32Array(4096).fill(2));
    const step = async () => {
      await x.mul(3).data();
      await x.mul(4).data();
    };
    const report = await profile(step, { steps: 2 });
    expect(report.launches).toHaveLength(2);
    expect(report.kernels).toHaveLength(1);
    expect(report.kernels[0].launches).toBe(2);
  });

  it("is left out when only some of the steps launch it", async () => {
    const x = tensor(new Float32Array(256).fill(2));
    let calls = 0;
    const step = async () => {
      await x.mul(3).data();
      if (calls++ % 2 === 0) await x.sum().data();
    };
    const report = await profile(step, { steps: 3, warmUp: 0, method: "timestamps" });
    expect(report.launches).toHaveLength(2);
    expect(report.notes.join()).toMatch(/1 of the timed steps launched other kernels/);
  });
});

describe("a profile", () => {
  it("leaves the device as it was", async () => {
    await profiled("timestamps");
    const mine = [device, device.gpu.queue].flatMap((o) => Object.keys(o));
    expect(mine).not.toEqual(expect.arrayContaining(["submit"]));
    expect(mine).not.toEqual(expect.arrayContaining(["settle"]));
    expect(device.probe).toBeNull();
  });

  it("does not count the time that a step waits for values as the host's", async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
    const read = device.read;
    device.read = async (...args: Parameters<typeof read>) => {
      await pause();
      return read.apply(device, args);
    };
    try {
      const report = await profile(() => tensor([1, 2]).mul(2).data(), { steps: 2 });
      expect(report.step.milliseconds).toBeGreaterThan(90);
      expect(report.step.hostMilliseconds).toBeLessThan(report.step.milliseconds);
    } finally {
      delete (device as Partial<GpuDevice>).read;
    }
  });
});
