import { expect, it } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { program, source } from "./programs.ts";

const device = () => new CpuDevice({ precision: "float64" });

it("prints what it is", () => {
  expect(device().line).toBe("cpu (interpreter, float64)");
  expect(String(new CpuDevice({ precision: "float32" }))).toBe("cpu (interpreter, float32)");
});

it("reads copies in the type of the dtype", async () => {
  const d = device();
  const values = [1, 2, 3];
  const storage = d.upload(values, "float32");
  values[0] = 9;
  const first = await d.read(storage, 3, "float32");
  first[1] = 9;
  expect(await d.read(storage, 3, "float32")).toEqual(new Float64Array([1, 2, 3]));
  expect(await d.read(d.upload([0, 2, NaN], "bool"), 3, "bool")).toEqual(new Uint8Array([0, 1, 1]));
  expect(await d.read(d.upload([-1], "uint32"), 1, "uint32")).toEqual(
    new Uint32Array([2 ** 32 - 1]),
  );
  const single = new CpuDevice({ precision: "float32" });
  const rounded = await single.read(single.upload([0.1], "float32"), 1, "float32");
  expect(rounded).toEqual(new Float32Array([0.1]));
});

it("segments share memory, home and a byte offset", async () => {
  const d = device();
  const whole = d.allocate(5, "float32");
  const part = d.segment(whole, 2, 2);
  expect(part.home).toBe(whole.home);
  expect(part.offset).toBe(16);
  const from = d.upload([7, 8], "float32");
  d.load(program([source([2])], [0])).run({ sources: [from], scalars: [], targets: [part] });
  expect([...(await d.read(whole, 5, "float32"))]).toEqual([0, 0, 7, 8, 0]);
  expect(() => d.segment(whole, 4, 2)).toThrow(
    "segment: elements 4 to 6 do not lie in the storage",
  );
});

it("the same bytes as another version go stale by themselves", async () => {
  const d = device();
  const old = d.upload([1], "float32");
  const next = d.again(old);
  old.stale = "weight was overwritten.";
  await expect(d.read(old, 1, "float32")).rejects.toThrow(
    new DeviceError("weight was overwritten."),
  );
  const copy = d.load(program([source([1])], [0]));
  const target = d.allocate(1, "float32");
  expect(() => copy.run({ sources: [old], scalars: [], targets: [target] })).toThrow(
    "weight was overwritten.",
  );
  expect([...(await d.read(next, 1, "float32"))]).toEqual([1]);
});

it("refuses memory that was freed, and everything once it is destroyed", async () => {
  const d = device();
  const storage = d.upload([1], "float32");
  d.free(storage);
  await expect(d.read(storage, 1, "float32")).rejects.toThrow(DeviceError);
  const loaded = d.load(program([], []));
  d.destroy();
  expect(() => d.upload([1], "float32")).toThrow("allocate: the device was destroyed; got cpu (");
  expect(() => loaded.run({ sources: [], scalars: [], targets: [] })).toThrow(
    "run: the device was destroyed",
  );
  await expect(d.settle()).rejects.toThrow(DeviceError);
});

it("settle lets a timer have its turn", async () => {
  const d = device();
  let ticked = false;
  setTimeout(() => {
    ticked = true;
  }, 0);
  const end = performance.now() + 200;
  while (!ticked && performance.now() < end) await d.settle();
  expect(ticked).toBe(true);
});
