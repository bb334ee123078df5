import { compile, tensor } from "tapegrad";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { ShaderError } from "../../src/gpu/errors.ts";
import { shortHash, type Winners } from "../../src/gpu/tuner/records.ts";
import type { Timer } from "../../src/gpu/tuner/stopwatch.ts";
import { type Decision, Tuner, type TunerOptions } from "../../src/gpu/tuner/tuner.ts";
import { registry } from "../../src/tensor/op.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";
import { numbered } from "./tunerOp.ts";

registry.splice(
  registry.findIndex(({ name }) => name === "numbered"),
  1,
);

let device: GpuDevice;
let saved: Winners;
let decisions: Decision[];

beforeEach(async () => {
  device = await openAdapter(await findAdapter());
  saved = {};
  decisions = [];
});

afterEach(() => {
  device.destroy();
  vi.restoreAllMocks();
});

/** Lets the device tune by a clock that knows each variant's time. */
function tuneBy(times: Record<string, number>, options: Partial<TunerOptions> = {}) {
  const timer = vi.fn<Timer>(async (_plan, _call, { name }) => times[name] ?? 10);
  const tuner = new Tuner(device, {
    mode: "full",
    decided: new Map(),
    recorded: {},
    hash: (winners) => shortHash(JSON.stringify(winners)),
    save: async (winners) => {
      saved = { ...saved, ...winners };
    },
    timer,
    ...options,
  });
  tuner.onDecision = (decision) => decisions.push(decision);
  device.tuner = tuner;
  return timer;
}

/** The number of the variant that computed it. */
const ran = async (ways: string[], size = 4): Promise<number> =>
  (await numbered(tensor(new Array(size).fill(0), { device }), { ways }).data())[0]!;

const CLASS = "ways 4 (one | three | two)";
const ALL = ["one", "two", "three"];

describe("the clock decides", () => {
  it("the fastest variant runs, and is remembered", async () => {
    tuneBy({ one: 3, two: 2, three: 1 });
    expect(await ran(ALL)).toBe(3);
    expect(saved).toEqual({ [CLASS]: "three" });
    expect(device.tuning.winners).toEqual(saved);
    expect(decisions).toMatchObject([{ key: CLASS, first: "one", winner: "three" }]);
  });

  it("the static choice stays unless another is 3 % faster", async () => {
    tuneBy({ one: 1, two: 0.98, three: 1.2 });
    expect(await ran(ALL)).toBe(1);
    expect(saved).toEqual({ [CLASS]: "one" });
    tuneBy({ one: 1, two: 0.96, three: 1.2 });
    expect(await ran(ALL, 8)).toBe(2);
  });

  it("a class is timed once, whichever plan it is in", async () => {
    const timer = tuneBy({ one: 3, two: 1, three: 2 });
    expect(await ran(ALL)).toBe(2);
    const asked = timer.mock.calls.length;
    const x = tensor([1, 2, 3, 4], { device });
    expect(await numbered(x.mul(2), { ways: ALL }).toArray()).toEqual([4, 6, 8, 10]);
    expect(await numbered(x, { ways: ["three", "two", "one"] }).toArray()).toEqual([3, 4, 5, 6]);
    expect(timer).toHaveBeenCalledTimes(asked);
    // Another class of sizes, and another list of variants.
    expect([await ran(ALL, 64), await ran(["three", "two"])]).toEqual([2, 2]);
    expect(Object.keys(saved).sort()).toEqual([
      CLASS,
      "ways 4 (three | two)",
      "ways 64 (one | three | two)",
    ]);
  });

  it("two plans that meet the class at the same time agree", async () => {
    tuneBy({ one: 3, two: 1 });
    const x = tensor([0, 0, 0, 0], { device });
    const [a, b] = [numbered(x, { ways: ALL }), numbered(x.add(10), { ways: ALL })];
    expect((await Promise.all([a.data(), b.data()])).map(([v]) => v)).toEqual([2, 12]);
    expect(decisions).toHaveLength(1);
  });

  it("several classes of one plan, and runs that wait in order", async () => {
    tuneBy({ one: 3, two: 1, three: 2 });
    const step = compile((x: ReturnType<typeof tensor>) => {
      const y = numbered(x, { ways: ["one", "two"] });
      return numbered(y, { ways: ["one", "three"] }).add(numbered(y.sum(0, true), { ways: ALL }));
    });
    const x = tensor([0, 0], { device });
    const results = await Promise.all([step(x), step(x), step(x)]);
    for (const y of results) expect(await y.toArray()).toEqual([11, 11]);
    expect(Object.values(saved).sort()).toEqual(["three", "two", "two"]);
  });

  it("a single variant is no question", async () => {
    const timer = tuneBy({});
    expect(await ran(["two"])).toBe(2);
    expect(timer).not.toHaveBeenCalled();
    expect(device.tuning.winners).toEqual({});
  });
});

describe("the record", () => {
  it("decides when tuning is on, and nothing is timed", async () => {
    const timer = tuneBy({ one: 1 }, { mode: "on", recorded: { [CLASS]: "three" } });
    expect(await ran(ALL)).toBe(3);
    expect(timer).not.toHaveBeenCalled();
    expect(saved).toEqual({});
  });

  it("is timed anew when tuning is full", async () => {
    tuneBy({ one: 1 }, { mode: "full", recorded: { [CLASS]: "three" } });
    expect(await ran(ALL)).toBe(1);
    expect(saved).toEqual({ [CLASS]: "one" });
  });

  it("names that no kernel offers are as good as none", async () => {
    tuneBy({ two: 1 }, { mode: "on", recorded: { [CLASS]: "seven", "ways 8 (one)": "x" } });
    expect(await ran(ALL)).toBe(2);
    expect(saved).toEqual({ [CLASS]: "two" });
  });

  it("what this process decided comes first", async () => {
    const decided = new Map([[CLASS, "two"]]);
    tuneBy({ one: 1 }, { mode: "on", recorded: { [CLASS]: "three" }, decided });
    expect(await ran(ALL)).toBe(2);
  });

  it("has a hash that changes with each winner", async () => {
    tuneBy({ one: 1 });
    const before = device.tuning.hash;
    await ran(ALL);
    expect(device.tuning.hash).not.toBe(before);
  });
});

describe("variants that cannot be used", () => {
  it("one that does not compile is dropped with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    tuneBy({ broken: 1, one: 3, two: 2 });
    expect(await ran(["one", "broken", "two"])).toBe(2);
    expect(warn.mock.calls.join()).toMatch(/variant broken of ways 4 .* dropped on webgpu/);
  });

  it("the static one may be the broken one", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    tuneBy({});
    expect(await ran(["broken", "two"])).toBe(2);
  });

  it("where none is left, the static one's error is told", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    tuneBy({});
    await expect(ran(["broken", "worse"])).rejects.toThrow(ShaderError);
  });
});

describe("the device's own clock", () => {
  it("times real work without touching what it reads", async () => {
    tuneBy({}, { timer: undefined });
    const x = tensor([1, 2, 3, 4], { device });
    const y = numbered(x.mul(2), { ways: ["one", "two"] });
    const added = (await y.data())[0]! - 2;
    expect(await x.toArray()).toEqual([1, 2, 3, 4]);
    expect(await y.toArray()).toEqual([2, 4, 6, 8].map((v) => v + added));
    const [{ times }] = decisions as [Decision];
    expect(Object.keys(times)).toEqual(["one", "two"]);
    for (const ms of Object.values(times)) expect(ms).toBeGreaterThan(0);
  });
});
