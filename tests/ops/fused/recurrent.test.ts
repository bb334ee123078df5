import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../../src/cpu/device.ts";
import { findAdapter } from "../../../src/gpu/adapter.ts";
import { GpuDevice } from "../../../src/gpu/device.ts";
import * as ops from "../../../src/ops/index.ts";
import { gruSteps, lstmSteps, rnnSteps } from "../../../src/ops/recurrent/sequenceSteps.ts";
import { integers, type SampleInput, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Fused, fusedDifference } from "../../suite/fused.ts";

const oracle = new CpuDevice({ precision: "float64" });

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
  readonly reverse?: boolean;
  readonly masked?: boolean;
}

interface Case {
  readonly f: Fused;
  readonly composed: Fused;
  readonly samples: readonly SampleInput[];
}

const inputs = (gates: number, { steps, batch, units, masked }: Sizes): SampleInput[] => {
  const spread = 1 / Math.sqrt(units);
  return [
    uniform([steps, batch, gates * units]),
    uniform([batch, units]),
    uniform([gates * units, units], -spread, spread),
    ...(gates === 4 ? [uniform([batch, units])] : []),
    ...(gates === 3 ? [uniform([gates * units], -spread, spread)] : []),
    ...(masked ? [integers([batch], 0, steps + 1)] : []),
  ];
};

const walk = (x: Tensor, lengths: Tensor | undefined, { reverse = false }: Sizes) => ({
  x,
  reverse,
  lengths: lengths ?? null,
});

const lstm = (sizes: Sizes): Case => ({
  f: ([x, h, w, c, lengths]) => {
    const { reverse } = sizes;
    const { states, cells } = ops.lstmSequence(x!, h!, c!, w!, { reverse, lengths });
    return [states, cells];
  },
  composed: ([x, h, w, c, lengths]) => {
    const { states, cells } = lstmSteps(walk(x!, lengths, sizes), h!, c!, w!);
    return [states, cells];
  },
  samples: inputs(4, sizes),
});

const gru = (sizes: Sizes): Case => ({
  f: ([x, h, w, b, lengths]) => ops.gruSequence(x!, h!, w!, b, { reverse: sizes.reverse, lengths }),
  composed: ([x, h, w, b, lengths]) =>
    gruSteps(walk(x!, lengths, sizes), h!, w!, ops.expand(b!, x!.shape)).states,
  samples: inputs(3, sizes),
});

const rnn = (sizes: Sizes, nonlinearity: "tanh" | "relu"): Case => ({
  f: ([x, h, w, lengths]) =>
    ops.rnnSequence(x!, h!, w!, { reverse: sizes.reverse, lengths, nonlinearity }),
  composed: ([x, h, w, lengths]) =>
    rnnSteps(walk(x!, lengths, sizes), h!, w!, nonlinearity === "relu").states,
  samples: inputs(1, sizes),
});

const ended = { reverse: true, masked: true };
const cases: Record<string, Case> = {
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
    device = await GpuDevice.create(await findAdapter(), { limits: { software } });
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
    const device = await GpuDevice.create(await findAdapter());
    const { f, composed, samples } = lstm({ steps: 2, batch: 2, units: 3 });
    const tolerance = { relative: 1e-4, absolute: 1e-4 };
    const own = { f, device };
    expect(await fusedDifference(own, { f: composed, device: oracle }, samples, tolerance)).toBe(
      null,
    );
    device.destroy();
  });
});
