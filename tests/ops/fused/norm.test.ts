import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../../src/cpu/device.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import * as ops from "../../../src/ops/index.ts";
import { type SampleInput, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { type Fused, fusedDifference } from "../../suite/fused.ts";

const oracle = new CpuDevice({ precision: "float64" });
const eps = 0.1;

type Shape = readonly number[];
interface Case {
  readonly f: Fused;
  readonly composed: Fused;
  readonly samples: readonly SampleInput[];
}

/** (x - mean) / √(variance + eps) over axes. */
function unit(x: Tensor, axes: Shape, centered = true): Tensor {
  const apart = centered ? ops.sub(x, ops.mean(x, axes, true)) : x;
  return ops.div(apart, ops.sqrt(ops.add(ops.mean(ops.square(apart), axes, true), eps)));
}

const channels = (part: Tensor, x: Tensor): Tensor =>
  ops.reshape(
    part,
    x.shape.map((n, d) => (d === 1 ? n : 1)),
  );

const affine = (y: Tensor, w: Tensor, b: Tensor): Tensor =>
  ops.add(ops.mul(y, channels(w, y)), channels(b, y));

const parts = (shape: Shape) => [uniform(shape, 0.5, 2), uniform(shape)];

const layer = (shape: Shape, last: number): Case => {
  const own = shape.slice(-last);
  const axes = own.map((_, d) => d - last);
  return {
    f: ([x, w, b]) => ops.layerNorm(x!, own, { weight: w!, bias: b!, eps }),
    composed: ([x, w, b]) => ops.add(ops.mul(unit(x!, axes), w!), b!),
    samples: [uniform(shape), ...parts(own)],
  };
};

const rms = (shape: Shape): Case => ({
  f: ([x, w]) => ops.rmsNorm(x!, shape.at(-1)!, { weight: w!, eps }),
  composed: ([x, w]) => ops.mul(unit(x!, [-1], false), w!),
  samples: [uniform(shape), uniform([shape.at(-1)!])],
});

const group = (shape: Shape, groups: number): Case => ({
  f: ([x, w, b]) => ops.groupNorm(x!, groups, { weight: w!, bias: b!, eps }),
  composed: ([x, w, b]) => {
    const apart = ops.reshape(x!, [x!.shape[0]!, groups, -1]);
    return affine(ops.reshape(unit(apart, [2]), x!.shape), w!, b!);
  },
  samples: [uniform(shape), ...parts([shape[1]!])],
});

const instance = (shape: Shape): Case => ({
  f: ([x]) => ops.instanceNorm(x!, { eps }),
  composed: ([x]) => unit(x!, shape.map((_, d) => d).slice(2)),
  samples: [uniform(shape)],
});

const batch = (shape: Shape): Case => ({
  f: ([x, w, b]) =>
    ops.relu(ops.batchNorm(x!, null, null, { weight: w!, bias: b!, training: true, eps })),
  composed: ([x, w, b]) => {
    const axes = shape.flatMap((_, d) => (d === 1 ? [] : [d]));
    return ops.relu(affine(unit(x!, axes), w!, b!));
  },
  samples: [uniform(shape), ...parts([shape[1]!])],
});

const cases: Readonly<Record<string, Case>> = {
  "layerNorm of rows of one": layer([7, 1], 1),
  "layerNorm past a workgroup, an odd number of rows": layer([19, 523], 1),
  "layerNorm over two axes": layer([3, 2, 4, 11], 2),
  rmsNorm: rms([5, 67]),
  groupNorm: group([3, 6, 5, 13], 2),
  instanceNorm: instance([2, 3, 17, 19]),
  "batchNorm of rows": batch([131, 37]),
  "batchNorm of images": batch([3, 5, 8, 31]),
};

describe.each([true, false])("normalization kernels (software: %s)", (software) => {
  let device: GpuDevice;
  beforeAll(async () => {
    device = await openAdapter(await findAdapter(), { limits: { software } });
  });
  afterAll(() => device.destroy());

  it.each(Object.entries(cases))("%s", async (_, { f, composed, samples }) => {
    const tolerance = { relative: 1e-3, absolute: 1e-4 };
    const own = { f, device };
    const other = { f: composed, device: oracle };
    expect(await fusedDifference(own, other, samples, tolerance)).toBeNull();
  });

  it("keep their digits where the mean is 10⁴ times the deviation", async () => {
    const values = Float32Array.from({ length: 1200 }, (_, i) => 10_000 + Math.sin(i * 1.7));
    const norms = [
      (x: Tensor) => ops.layerNorm(x, 300),
      (x: Tensor) => ops.groupNorm(x, 2),
      (x: Tensor) => ops.batchNorm(x, null, null, { training: true }),
    ];
    for (const norm of norms) {
      const got = await norm(ops.tensor(values, { shape: [2, 2, 300], device })).data();
      const wanted = await norm(ops.tensor(values, { shape: [2, 2, 300], device: oracle })).data();
      const apart = Array.from(wanted, (y, i) => Math.abs(y - got[i]!));
      expect(Math.max(...apart)).toBeLessThan(2e-3);
    }
  });
});
