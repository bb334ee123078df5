import { describe, expect, it } from "vitest";
import type { Target } from "../../../src/core/ir.ts";
import { CpuDevice } from "../../../src/cpu/device.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { fusedDifference } from "../../suite/fused.ts";
import { gru, lstm, rnn, type SequenceCase } from "../../suite/sequences.ts";

const oracle = new CpuDevice({ precision: "float64" });

const software: Record<string, SequenceCase> = {
  "lstm 7x33x64": lstm({ steps: 7, batch: 33, units: 64 }),
  "lstm 1x9x130, batch first, ending early": lstm({
    steps: 1,
    batch: 9,
    units: 130,
    batchFirst: true,
    masked: true,
  }),
  "gru 7x18x5, batch first, in reverse": gru({
    steps: 7,
    batch: 18,
    units: 5,
    batchFirst: true,
    reverse: true,
  }),
  "rnn 7x4x1": rnn({ steps: 7, batch: 4, units: 1 }, "tanh"),
};

const hardware: Record<string, SequenceCase> = {
  "lstm 7x3x64, batch first": lstm({ steps: 7, batch: 3, units: 64, batchFirst: true }),
  "lstm 1x2x130": lstm({ steps: 1, batch: 2, units: 130 }),
  "gru 2x387x32, ending early": gru({ steps: 2, batch: 387, units: 32, masked: true }),
  "rnn 7x2x5, in reverse": rnn({ steps: 7, batch: 2, units: 5, reverse: true }, "relu"),
};

/** Runs a case once with each variant of its kernels, and gives the names of those tried. */
async function tryAll({ f, composed, samples }: SequenceCase, software: boolean) {
  const tolerance = { relative: 1e-4, absolute: 1e-4 };
  const truth = { f: composed, device: oracle };
  const tried = new Set<string>();
  let most = 1;
  for (let turn = 0; turn < most; turn++) {
    const names: string[] = [];
    const choose: Target["choose"] = (shapes, variants) => {
      if (!shapes.startsWith("sequence")) return variants[0];
      most = Math.max(most, variants.length);
      const variant = variants[Math.min(turn, variants.length - 1)]!;
      names.push(`${shapes}: ${variant.name}`);
      return variant;
    };
    const device = await openAdapter(await findAdapter(), { limits: { software, choose } });
    const wrong = await fusedDifference({ f, device }, truth, samples, tolerance, 1);
    expect(wrong, names.join(", ")).toBe(null);
    device.destroy();
    for (const name of names) tried.add(name);
  }
  return tried;
}

describe("every way to share out a sequence gives what the steps give", {
  timeout: 240_000,
}, () => {
  it.each(Object.entries(software))("%s on a software adapter", async (_, given) => {
    expect((await tryAll(given, true)).size).toBeGreaterThan(1);
  });

  it.each(Object.entries(hardware))("%s on a GPU", async (_, given) => {
    expect((await tryAll(given, false)).size).toBeGreaterThan(1);
  });
});
