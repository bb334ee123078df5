import { conv2d, matmul, softmax, sum, type Tensor, type TypedArray, tensor } from "tapegrad";
import { afterAll, expect, it } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import type { Winners } from "../../src/gpu/tuner/records.ts";
import { Tuner } from "../../src/gpu/tuner/tuner.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

const devices: GpuDevice[] = [];
afterAll(() => {
  for (const device of devices) device.destroy();
});

/** A device on which this record is all that counts, or variant `name` wins wherever there is one. */
async function deviceWith(recorded: Winners, name = ""): Promise<GpuDevice> {
  const device = await openAdapter(await findAdapter());
  devices.push(device);
  device.tuner = new Tuner(device, {
    mode: "on",
    recorded,
    decided: new Map(),
    hash: () => "",
    save: async () => {},
    timer: async (_plan, _call, of) => (of.name === name ? 1 : 10),
  });
  return device;
}

const waves = (shape: number[], device: GpuDevice): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7)),
    { shape, device },
  );
};

/** The largest one, relative to numbers above 1. */
function difference(got: TypedArray, wanted: TypedArray): number {
  let most = 0;
  for (const [i, value] of got.entries()) {
    most = Math.max(most, Math.abs(value - wanted[i]!) / Math.max(1, Math.abs(value)));
  }
  return most;
}

const COMPUTATIONS: Record<string, (device: GpuDevice) => Tensor> = {
  matmul: (d) => matmul(waves([70, 65], d), waves([65, 50], d)),
  softmax: (d) => softmax(waves([130, 300], d), -1),
  sum: (d) => sum(waves([300, 500], d)),
  relation: (d) => waves([300, 300], d).mul(2).add(1),
  conv2d: (d) => conv2d(waves([2, 3, 12, 12], d), waves([5, 3, 3, 3], d), null, { padding: 1 }),
};

it.each(Object.keys(COMPUTATIONS))(
  "%s: whichever variant wins, the result is the same",
  async (name) => {
    const compute = COMPUTATIONS[name]!;
    const plain = await deviceWith({});
    const wanted = await compute(plain).data();
    const classes = Object.keys(plain.tuning.winners);
    const names = new Set(classes.flatMap((key) => /\((.*)\)$/.exec(key)![1]!.split(" | ")));
    for (const variant of names) {
      const device = await deviceWith({}, variant);
      const got = await compute(device).data();
      expect(Object.values(device.tuning.winners)).toContain(variant);
      expect(difference(got, wanted)).toBeLessThan(2e-5);
      // By the record the same again, to the bit.
      const again = await deviceWith(device.tuning.winners, "none of them");
      expect(difference(await compute(again).data(), got)).toBe(0);
    }
  },
);
