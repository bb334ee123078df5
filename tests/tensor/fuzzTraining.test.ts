import { describe, expect, it } from "vitest";
import "../../src/index.ts";
import { backward } from "../../src/autodiff/backward.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { findAdapter } from "../../src/gpu/adapter.ts";
import { GpuDevice } from "../../src/gpu/device.ts";
import { Adam, clipGradNorm, SGD } from "../../src/optim/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import type { Device } from "../../src/tensor/device.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";
import { RandomGraph } from "./randomGraph.ts";

const FIRST = Number(process.env.FUZZ_FIRST ?? 0);
const COUNT = Number(process.env.FUZZ_COUNT ?? 20);
const STEPS = 4;

/** Losses of a few steps and the parameters after them: every leaf of the graph is one. */
async function train(seed: number, device: Device, compiled: boolean): Promise<number[]> {
  recorder.device = device;
  const parameters: Variable[] = [];
  const leafOf = (index: number, fresh: Tensor): Tensor => {
    parameters[index] ??= new Variable(fresh, { requiresGrad: true });
    return parameters[index];
  };
  new RandomGraph(seed, device, leafOf);
  const plain = seed % 2 === 0;
  const opt = plain ? new SGD(parameters, { lr: 1e-2, momentum: 0.9 }) : new Adam(parameters);
  const record = () => {
    const loss = new RandomGraph(seed, device, leafOf).loss();
    opt.zeroGrad();
    backward(loss);
    if (seed % 3 !== 0) clipGradNorm(parameters, 0.5);
    return { loss, done: opt.step() };
  };
  const step = compile(() => record().loss);
  const losses: Tensor[] = [];
  for (let i = 0; i < STEPS; i++) {
    if (compiled) losses.push(await step());
    else {
      const { loss, done } = record();
      await done;
      losses.push(loss);
    }
  }
  const read = await Promise.all([...losses, ...parameters].map((t) => t.data()));
  return read.flatMap((data) => [...data]);
}

async function compare(seed: number, gpu: Device, oracle: Device): Promise<string | null> {
  try {
    const wanted = await train(seed, oracle, false);
    for (const compiled of [false, true]) {
      const got = await train(seed, gpu, compiled);
      const scale = 1 + wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
      const wrong = wanted.filter((x, i) => !(Math.abs(x - got[i]) / scale < 1e-3)).length;
      if (wrong > 0) return `seed ${seed}, compiled: ${compiled}: ${wrong} of ${got.length} wrong`;
    }
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // A graph may not reach any of its leaves, or none by a path with a slope.
    return /does not depend|no parameter has a gradient/.test(text)
      ? null
      : `seed ${seed}: ${text}`;
  }
}

describe("training random graphs gives the parameters that float64 gives", () => {
  it.each([{}, { maxBindings: 4 }])(
    "%o",
    async (limits) => {
      const oracle = new CpuDevice({ precision: "float64" });
      const gpu = await GpuDevice.create(await findAdapter(), { limits });
      const failures: string[] = [];
      for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
        const failure = await compare(seed, gpu, oracle);
        if (failure !== null) failures.push(failure);
      }
      gpu.destroy();
      expect(failures).toEqual([]);
    },
    300_000,
  );
});
