import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../../src/cpu/device.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { fusedDifference } from "../../suite/fused.ts";
import { gru, lstm, rnn, type SequenceCase } from "../../suite/sequences.ts";

const oracle = new CpuDevice({ precision: "float64" });

const ended = { reverse: true, masked: true };
const cases: Record<string, SequenceCase> = {
  "lstm 1x1x1": lstm({ steps: 1, batch: 1, units: 1 }),
  "lstm 3x2x17, ending early, in reverse": lstm({ steps: 3, batch: 2, units: 17, ...ended }),
  "lstm 2x9x65": lstm({ steps: 2, batch: 9, units: 65 }),
  "gru 5x17x8, ending early, in reverse": gru({ steps: 5, batch: 17, units: 8, ...ended }),
  "gru 2x3x130": gru({ steps: 2, batch: 3, units: 130 }),
  "rnn 2x259x3, ending early": rnn({ steps: 2, batch: 259, units: 3, masked: true }, "tanh"),
  "rnn 2x1x260": rnn({ steps: 2, batch: 1, units: 260 }, "tanh"),
  "rnn 3x2x7, relu": rnn({ steps: 3, batch: 2, units: 7 }, "relu"),
};

describe.each([true, false])("a sequence in one launch (software: %s)", (software) => {
  let device: GpuDevice;
  beforeAll(async () => {
    device = await openAdapter(await findAdapter(), { limits: { software } });
  });
  afterAll(() => device.destroy());

  it.each(Object.entries(cases))("%s is step by step, with derivatives", async (_, given) => {
    const { f, composed, samples } = given;
    const wrong = await fusedDifference(
      { f, device },
      { f: composed, device: oracle },
      samples,
      { relative: 1e-4, absolute: 1e-4 },
      1,
    );
    expect(wrong).toBe(null);
  });
});

describe("second derivatives, for which the steps are recorded again", () => {
  it.each(Object.entries(cases))("%s in float64", async (_, { f, composed, samples }) => {
    const tolerance = { relative: 1e-6, absolute: 1e-9 };
    const own = { f, device: oracle };
    expect(await fusedDifference(own, { f: composed, device: oracle }, samples, tolerance)).toBe(
      null,
    );
  });

  it("on the GPU", async () => {
    const device = await openAdapter(await findAdapter());
    const { f, composed, samples } = lstm({ steps: 2, batch: 2, units: 3 });
    const tolerance = { relative: 1e-4, absolute: 1e-4 };
    const own = { f, device };
    expect(await fusedDifference(own, { f: composed, device: oracle }, samples, tolerance)).toBe(
      null,
    );
    device.destroy();
  });
});
