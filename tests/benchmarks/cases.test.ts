import { init } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { type Case, type CaseName, cases } from "../../benchmarks/cases.ts";
import { side } from "../../benchmarks/sides/tapegrad.ts";
import { transpose } from "../../benchmarks/workloads/random.ts";

// The same small case on the GPU and on the cpu device in float64: the benchmark's own code decides
// what is computed, so that it cannot be fast by computing less.
const sizes: Record<CaseName, unknown> = {
  matmul1024: { size: 12 },
  bmm64: { batch: 3, size: 5 },
  elementwise: { count: 37 },
  sum: { count: 1000 },
  softmax: { size: 9 },
  conv: { batch: 2, side: 6, inChannels: 3, outChannels: 5 },
  convTrain: { batch: 2, side: 6, inChannels: 3, outChannels: 5 },
  twoAdds: { count: 21 },
  mlp: { batch: 4, widths: [6, 5, 4, 3] },
  cnn: { batch: 2 },
  lstm: { batch: 2, steps: 3, inputs: 4, hidden: 8, outputs: 5 },
};

const STEPS = 4;

/** What a case gives on the default device: all numbers of an operation, the losses of training. */
async function results(name: CaseName): Promise<number[]> {
  const entry: Case = cases[name];
  const runnable = await entry.build(side, sizes[name]);
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    await runnable.step(i);
    losses.push(await runnable.read());
  }
  return runnable.all ? [...(await runnable.all())] : losses;
}

const onGpu = new Map<CaseName, number[]>();
const names = Object.keys(cases) as CaseName[];

beforeAll(async () => {
  const line = await side.open();
  expect(line).toMatch(/^webgpu /);
  for (const name of names) onGpu.set(name, await results(name));
  await init({ device: "cpu", precision: "float64" });
});

describe("every case of the benchmark", () => {
  it.each(names)("%s computes what it says", async (name) => {
    const exact = await results(name);
    const measured = onGpu.get(name)!;
    expect(measured).toHaveLength(exact.length);
    expect(new Set(exact).size).toBe(exact.length); // no two equal: nothing is left out
    const scale = Math.max(...exact.map(Math.abs));
    for (const [i, value] of exact.entries()) {
      expect(Math.abs(measured[i] - value) / scale, `${name}[${i}]`).toBeLessThan(1e-4);
    }
  });
});

describe("workloads", () => {
  it("are laid out anew by transposing", () => {
    const x = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const turned = transpose(x, [1, 0]);
    expect(turned.shape).toEqual([3, 2]);
    expect([...turned.data]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});
