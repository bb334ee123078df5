import {
  add,
  compile,
  DeviceError,
  DTypeError,
  IndexError,
  init,
  mul,
  nn,
  ShapeError,
  type Tensor,
  take,
  tensor,
  Variable,
  zeros,
} from "tapegrad";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { ShaderError } from "../../src/gpu/errors.ts";
import { uniform } from "../../src/ops/samples.ts";
import { defineOp, floating, pointwise, registry, type Unary } from "../../src/tensor/op.ts";

beforeAll(async () => {
  await init({ device: "webgpu" });
});

const known = registry.length;
afterAll(() => {
  registry.length = known;
});

describe("bad input", () => {
  it("tensors of two devices", async () => {
    const here = tensor([1]);
    const there = tensor([1], { device: (await init({ device: "cpu" })) as never });
    await expect(async () => add(here, there)).rejects.toThrow(/add: tensors of two devices/);
    const v = new Variable(here);
    expect(() => v.assign(there)).toThrow(DeviceError);
    await init({ device: "webgpu" });
  });

  it("a tensor after dispose()", async () => {
    const x = tensor([1, 2]);
    const y = x.add(1);
    x.dispose();
    expect(() => x.add(1)).toThrow(
      /used after dispose\(\).*Dispose of a tensor after its last use/,
    );
    expect(() => x.data()).toThrow(DeviceError);
    await expect(y.data()).rejects.toThrow(/disposed/);
    expect(String(x)).toMatch(/disposed/);
  });

  it("a number where a tensor is meant", () => {
    expect(() => nn.Linear.prototype.forward.call(new nn.Linear(2, 2), 3 as never)).toThrow();
    expect(() => tensor([1]).matmul(2 as never)).toThrow(DTypeError);
    expect(() => add(Promise.resolve(1) as never, tensor([1]))).toThrow(/await what is a promise/);
    expect(() => add(undefined as never, tensor([1]))).toThrow(DTypeError);
  });

  it("sizes that are no numbers", () => {
    expect(() => zeros([Number.NaN])).toThrow(ShapeError);
    expect(() => zeros([2, -1])).toThrow(ShapeError);
    expect(() => tensor([1, 2]).reshape([Number.NaN, 2])).toThrow(ShapeError);
    expect(() => tensor([1, 2]).sum(Number.NaN)).toThrow(ShapeError);
  });
});

describe("what goes wrong on the device", () => {
  it("indices that a kernel made: reads clamp, and the next awaited call names the op", async () => {
    const table = tensor([10, 20, 30]);
    const index = mul(tensor([0, 1, 5]), 1).cast("int32");
    const read = take(table, index);
    await expect(read.data()).rejects.toThrow(IndexError);
    expect([
      ...(await take(table, index)
        .data()
        .catch(() => read.data())),
    ]).toEqual([10, 20, 30]);
    const failure = take(table, mul(tensor([-4]), 1).cast("int32")).data();
    await expect(failure).rejects.toThrow(/^(take|gather|indexSelect)/);
    expect(await add(table, 1).toArray()).toEqual([11, 21, 31]);
  });

  it("a shader that WebGPU rejects: op, kernel and line", async () => {
    const broken: Unary = defineOp<1>({
      name: "brokenOp",
      arity: 1,
      shape: ([x]) => x,
      dtype: floating,
      forward: pointwise({ wgsl: ([x]) => `noSuchFunction(${x})`, js: () => (x) => x }),
      vjp: null,
      derivative: ["none"],
      samples: () => [[uniform([2])]],
    });
    const shown = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const failure = broken(tensor([1, 2])).data();
    await expect(failure).rejects.toThrow(ShaderError);
    await expect(failure).rejects.toThrow(/brokenOp \[2\].*line \d+.*noSuchFunction/s);
    shown.mockRestore();
    expect(await tensor([1]).add(1).item()).toBe(2);
  });

  it("a loop that never awaits is stopped, and told why", async () => {
    const own = (await init({ device: "webgpu" })) as GpuDevice;
    const v = new Variable(tensor([0]));
    const loop = () => {
      for (let i = 0; i < 5000; i++) v.assign(v.add(1));
    };
    expect(loop).toThrow(/without one await.*Await the step/s);
    own.destroy();
    await init({ device: "webgpu" });
  });
});

describe("a lost device", () => {
  const soon = (promise: Promise<unknown>) => {
    const late = new Promise((_, reject) => setTimeout(reject, 10_000, new Error("it hangs")));
    return Promise.race([promise, late]);
  };

  it("makes data() reject, never gives zeros, and never hangs", async () => {
    const own = (await init({ device: "webgpu" })) as GpuDevice;
    const v = new Variable(tensor([1, 2]));
    const step = compile((x: Tensor) => {
      v.assign(v.add(x));
      return v.mul(2);
    });
    const x = tensor([1, 1]);
    for (let i = 0; i < 4; i++) await step(x);
    const [before, pending] = [await step(x), v.mul(3)];
    own.gpu.destroy();
    await expect(soon(before.data())).rejects.toThrow(DeviceError);
    await expect(soon(pending.data())).rejects.toThrow(/lost.*init\(\)/s);
    await expect(soon(step(x))).rejects.toThrow(DeviceError);
    expect(() => tensor([1])).toThrow(DeviceError);
    await init({ device: "webgpu" });
    expect(await tensor([1]).add(1).item()).toBe(2);
  });

  it("during a read under way", async () => {
    const own = (await init({ device: "webgpu" })) as GpuDevice;
    const reading = tensor([1, 2]).add(1).data();
    own.gpu.destroy();
    const outcome = await soon(reading).then(
      (data) => [...(data as Float32Array)],
      (error) => error,
    );
    if (Array.isArray(outcome)) expect(outcome).toEqual([2, 3]);
    else expect(outcome).toBeInstanceOf(DeviceError);
  });

  it("that was destroyed on purpose says so", async () => {
    const own = (await init({ device: "webgpu" })) as GpuDevice;
    const x = tensor([1]);
    own.destroy();
    await expect(soon(x.data())).rejects.toThrow(/destroyed.*init\(\)/);
    await init({ device: "webgpu" });
  });
});
