import { describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import type { Target } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { findAdapter } from "../../src/gpu/adapter.ts";
import { GpuDevice } from "../../src/gpu/device.ts";
import type { Device } from "../../src/tensor/device.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { RandomGraph } from "./randomGraph.ts";

const FIRST = Number(process.env.FUZZ_FIRST ?? 0);
const COUNT = process.env.FUZZ_COUNT;

/** Outputs and gradients of a graph, computed by one plan or one by one. */
async function valuesOf(seed: number, device: Device, together: boolean) {
  const graph = new RandomGraph(seed, device);
  backward(graph.loss(), { retainGraph: true });
  const gradients = graph.leaves.map((leaf) => leaf.grad);
  const wanted = [...graph.outputs, ...gradients.filter((g) => g !== null)];
  if (together) for (const { node } of wanted) exportWithNextPlan(node);
  const read = async (t: Tensor | null) => (t === null ? [] : [...(await t.data())]);
  const values: number[][] = [];
  for (const t of [...graph.outputs, ...gradients]) values.push(await read(t));
  return { values, outputs: graph.outputs.length, steps: graph.steps };
}

/** Rounding grows with the largest number around, not with each element. */
function worst(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Infinity;
  const scale = 1 + wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return got.reduce((m, x, i) => {
    const apart = Math.abs(x - wanted[i]) / scale;
    return Number.isNaN(apart) ? Infinity : Math.max(m, apart);
  }, 0);
}

async function compare(seed: number, gpu: Device, oracle: Device): Promise<string | null> {
  try {
    const wanted = await valuesOf(seed, oracle, true);
    const got = await valuesOf(seed, gpu, seed % 4 !== 3);
    const errors = wanted.values.map((x, i) => worst(got.values[i], x));
    const bad = errors.findIndex((e) => e > 2e-4);
    if (bad < 0) return null;
    const what = bad < wanted.outputs ? `output ${bad}` : `gradient ${bad - wanted.outputs}`;
    return `seed ${seed}: ${what} is off by ${errors[bad]}`;
  } catch (error) {
    return `seed ${seed}: ${error instanceof Error ? error.stack : error}`;
  }
}

/** Each is a way that the planner has to decide otherwise, and how many graphs there is time for. */
const targets: [string, number, Partial<Target>][] = [
  ["as the adapter is", 120, {}],
  ["with four bindings a kernel", 60, { maxBindings: 4 }],
  ["with the kernels for hardware", 12, { software: false }],
];

describe("random graphs give what float64 gives", () => {
  it.each(targets)(
    "%s",
    async (_, count, limits) => {
      const oracle = new CpuDevice({ precision: "float64" });
      const gpu = await GpuDevice.create(await findAdapter(), { limits });
      const failures: string[] = [];
      for (let seed = FIRST; seed < FIRST + Number(COUNT ?? count); seed++) {
        const failure = await compare(seed, gpu, oracle);
        if (failure !== null) failures.push(failure);
      }
      gpu.destroy();
      expect(failures).toEqual([]);
    },
    300_000,
  );
});
