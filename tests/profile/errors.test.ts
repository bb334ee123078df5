import {
  CompileError,
  compile,
  DeviceError,
  GradError,
  grad,
  init,
  measurePeaks,
  profile,
  type Tensor,
  tensor,
  ValueError,
  vmap,
} from "tapegrad";
import { beforeEach, describe, expect, it } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";

let device: GpuDevice;
beforeEach(async () => {
  device = (await init({ device: "webgpu" })) as GpuDevice;
});

const step = () => tensor([1, 2]).mul(2).data();
const quick = { steps: 1, warmUp: 0 } as const;

describe("profile refuses", () => {
  it("what is no function", () => {
    expect(() => profile(step() as never)).toThrow(ValueError);
    expect(() => profile(undefined as never)).toThrow(/not a function; got undefined.*Pass one/);
    expect(() => profile(null as never)).toThrow(/got null/);
  });

  it("options that make no sense", () => {
    expect(() => profile(step, { steps: 0 })).toThrow(/steps is not a whole number from 1 on/);
    expect(() => profile(step, { warmUp: 0.5 })).toThrow(/warmUp is not .* got 0\.5/);
    expect(() => profile(step, { method: "guess" as never })).toThrow(/unknown method "guess"/);
  });

  it("a step that launches nothing", async () => {
    await expect(profile(() => 1, quick)).rejects.toThrow(ValueError);
    const x = tensor([1]);
    await expect(profile(async () => void x.mul(2), quick)).rejects.toThrow(
      /launched nothing on webgpu .*Await what it computes/,
    );
  });

  it("the cpu device", async () => {
    const cpu = await init({ device: "cpu" });
    expect(() => profile(step)).toThrow(DeviceError);
    expect(() => profile(step)).toThrow(/kernels run on webgpu only; got cpu/);
    expect(() => measurePeaks(cpu as never)).toThrow(/kernels run on webgpu only/);
  });

  it("a call inside compile or a transform", async () => {
    const inside = (x: Tensor) => {
      void profile(step, quick);
      return x.mul(2);
    };
    await expect(compile(inside)(tensor([1]))).rejects.toThrow(CompileError);
    await expect(compile(inside)(tensor([1]))).rejects.toThrow(/profile: .*from outside/);
    expect(() => vmap(inside)(tensor([1]))).toThrow(GradError);
    expect(typeof grad).toBe("function");
  });

  it("a second profile of the device while one is under way, and inside its step", async () => {
    const first = profile(step, quick);
    expect(() => profile(step, quick)).toThrow(/another profile .* is under way/);
    await first;
    await expect(profile(() => profile(step, quick), quick)).rejects.toThrow(DeviceError);
    expect((await profile(step, quick)).step.launches).toBe(1);
  });
});

describe("what goes wrong in a step", () => {
  it("rejects the profile, and leaves the device as it was", async () => {
    let calls = 0;
    const failing = async () => {
      await step();
      if (calls++ === 2) throw new RangeError("mine");
    };
    await expect(profile(failing, { steps: 1 })).rejects.toThrow(new RangeError("mine"));
    expect(device.probe).toBeNull();
    expect((await profile(step, quick)).step.launches).toBe(1);
  });

  it.each([1, 4, 7])("is told as DeviceError when the device is lost in call %i", async (last) => {
    let calls = 0;
    const x = tensor(new Float32Array(1000));
    const train = compile((values: Tensor) => values.mul(2).sum());
    const losing = async () => {
      if (++calls === last) device.gpu.destroy();
      await train(x);
    };
    const late = new Promise((_, reject) => setTimeout(reject, 20_000, new Error("it hangs")));
    const outcome = Promise.race([profile(losing, { steps: 3, warmUp: 1 }), late]);
    await expect(outcome).rejects.toThrow(DeviceError);
  });
});
