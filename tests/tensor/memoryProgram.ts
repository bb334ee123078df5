// Trains for a long time and prints what memory it held on the way, as JSON in the last line.
// Started by memory.test.ts with --expose-gc and, where values do not matter, on a backend that
// executes nothing.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { init, losses, noGrad, optim, sum, type Tensor, tensor, Variable } from "tapegrad";
import { countGpu } from "../../benchmarks/counter.ts";
import { mlpStep } from "../../benchmarks/mlpStep.ts";

/** What is held at one step, after garbage was collected. */
export interface Sample {
  readonly step: number;
  readonly heap: number;
  readonly deviceBytes: number;
  /** Pipelines made since the sample before. */
  readonly pipelines: number;
}

export interface MemoryReport {
  readonly samples: Sample[];
  readonly last: number;
}

const [what, ...at] = process.argv.slice(2);
const stops = at.map(Number);
const counter = countGpu(await init({ device: "webgpu" }));

async function sample(step: number): Promise<Sample> {
  // Finalizers run in a later turn, and what they free is garbage only after it.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await sleep(10);
  }
  const { pipelines } = counter.take();
  const heap = process.memoryUsage().heapUsed;
  return { step, heap, deviceBytes: counter.liveBytes, pipelines };
}

async function run(step: () => Promise<Tensor>): Promise<MemoryReport> {
  const samples: Sample[] = [];
  let last = 0;
  for (let i = 1; i <= stops[stops.length - 1]; i++) {
    const loss = await step();
    if (i % 10 === 0) last = await loss.item();
    if (stops.includes(i)) {
      last = await loss.item();
      samples.push(await sample(i));
    }
  }
  return { samples, last };
}

/** A sum of all losses that nobody asks for until the end. */
async function runningTotal(): Promise<MemoryReport> {
  const v = new Variable(tensor([1, 2, 3, 4]), { requiresGrad: true });
  const opt = new optim.SGD([v], { lr: 0 });
  const x = tensor([1, 1, 1, 1]);
  let total = noGrad(() => sum(x));
  const { samples } = await run(async () => {
    const loss = losses.mseLoss(v, x);
    opt.zeroGrad();
    loss.backward();
    await opt.step();
    total = noGrad(() => total.add(loss));
    return x.sum();
  });
  return { samples, last: await total.item() };
}

const sizes = [8, 8, 8, 4];
const report =
  what === "total"
    ? await runningTotal()
    : await run(mlpStep({ compiled: what === "compiled", batch: 8, sizes }).step);
console.log(JSON.stringify(report));
process.exit(0);
