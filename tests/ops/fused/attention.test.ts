import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttentionAttrs, Extra } from "../../../kernels/attention/attentionShape.ts";
import { pullback } from "../../../src/autodiff/gradients.ts";
import "../../../src/autodiff/transforms.ts";
import type { Target } from "../../../src/core/ir.ts";
import { CpuDevice } from "../../../src/cpu/device.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import {
  attention,
  attentionBackward,
  attentionStatistics,
} from "../../../src/ops/attention/attentionOps.ts";
import { composedAttention, composedBackward } from "../../../src/ops/attention/composition.ts";
import "../../../src/ops/index.ts";
import { booleans, exactly, type SampleInput, uniform } from "../../../src/ops/samples.ts";
import { noGrad } from "../../../src/tensor/recorder.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { type Fused, fusedDifference } from "../../suite/fused.ts";

const oracle = new CpuDevice({ precision: "float64" });

/** [lead, queries, keys, heads, width, value width]; past 64 rows there are two workgroups. */
type Sizes = readonly [number, number, number, number, number, number];

const masks: Readonly<Record<Extra, (shape: number[]) => SampleInput[]>> = {
  none: () => [],
  allowed: (shape) => [booleans(shape)],
  blocked: (shape) => [booleans(shape)],
  bias: (shape) => [uniform(shape)],
  factor: (shape) => [exactly(shape, [1.25, 0.5, -1, 1.25, 1.25, -1, 2])],
};

function separate([n, l, s, h, e, ev]: Sizes, extra: Extra, causal: boolean) {
  const inputs = [
    uniform([n, l, h, e]),
    uniform([n, s, h, e]),
    uniform([n, s, h, ev]),
    ...masks[extra]([n, h, l, s]),
  ];
  const attrs: AttentionAttrs = { scale: e ** -0.5, causal, extra, rows: 1, packed: false };
  return { g: uniform([n, l, h, ev]), inputs, attrs };
}

function packed([n, l, , h, e]: Sizes, extra: Extra, causal: boolean) {
  const inputs = [uniform([l, n, 3, h, e]), ...masks[extra]([n, h, l, l])];
  const attrs: AttentionAttrs = { scale: e ** -0.5, causal, extra, rows: 0, packed: true };
  return { g: uniform([l, n, h, e]), inputs, attrs };
}

/** Result and gradients by the kernels, or by plain ops: derivatives of both follow elsewhere. */
const both =
  (attrs: AttentionAttrs, fused: boolean): Fused =>
  ([g, ...inputs]) =>
    noGrad(() => {
      if (!fused) {
        const slope = composedBackward([g!, ...inputs], attrs, pullback);
        return [composedAttention(inputs, attrs), slope];
      }
      const out = attention(inputs, attrs);
      const kept = attentionStatistics(inputs, attrs);
      return [out, attentionBackward([g!, ...inputs, out, kept], attrs)];
    });

const cases = {
  "one of everything": separate([1, 1, 1, 1, 1, 1], "none", false),
  "primes, a mask, causal": separate([2, 13, 37, 3, 5, 7], "allowed", true),
  "two workgroups of queries and keys, causal": separate([1, 67, 71, 2, 8, 4], "none", true),
  "packed, masked": packed([2, 9, 9, 2, 4, 4], "blocked", false),
  "packed, with factors, causal": packed([1, 34, 34, 2, 3, 3], "factor", true),
  "rows in arrays, a bias": separate([1, 5, 40, 2, 68, 66], "bias", false),
};

describe.each([true, false])("attention kernels (software: %s)", (software) => {
  let device: GpuDevice;
  beforeAll(async () => {
    device = await openAdapter(await findAdapter(), { limits: { software } });
  });
  afterAll(() => device.destroy());

  it.each(Object.entries(cases))("%s", async (_, { g, inputs, attrs }) => {
    const wrong = await fusedDifference(
      { f: both(attrs, true), device },
      { f: both(attrs, false), device: oracle },
      [g, ...inputs],
      { relative: 1e-4, absolute: 2e-5 },
    );
    expect(wrong).toBe(null);
  });
});

describe.each([true, false])("ways to deal out rows (software: %s)", (software) => {
  const names = software
    ? ["direct 2", "direct 1", "tiled 1x64"]
    : ["tiled 1x32", "tiled 1x128", "tiled 2x64", "direct 1"];

  it.each(names)("%s", async (name) => {
    const found: string[] = [];
    const choose: Target["choose"] = (shapes, variants) => {
      const variant = variants.find((v) => v.name === name);
      if (variant === undefined || !shapes.startsWith("attention")) return variants[0];
      found.push(shapes);
      return variant;
    };
    const device = await openAdapter(await findAdapter(), { limits: { software, choose } });
    const { g, inputs, attrs } = separate([1, 67, 131, 2, 8, 5], "allowed", true);
    const wrong = await fusedDifference(
      { f: both(attrs, true), device },
      { f: both(attrs, false), device: oracle },
      [g, ...inputs],
      { relative: 1e-4, absolute: 2e-5 },
      1,
    );
    expect(wrong).toBe(null);
    expect(found).toHaveLength(2);
    device.destroy();
  });
});

it("has the derivatives of its composition, of first and second order", async () => {
  const device = await openAdapter(await findAdapter());
  const { inputs, attrs } = separate([1, 5, 3, 2, 4, 2], "allowed", true);
  const wrong = await fusedDifference(
    { f: (x) => attention(x, attrs), device },
    { f: (x) => composedAttention(x, attrs), device: oracle },
    inputs,
    { relative: 1e-4, absolute: 2e-5 },
  );
  expect(wrong).toBe(null);
  device.destroy();
});
