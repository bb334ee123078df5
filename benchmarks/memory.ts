// Whether training holds memory flat: npm run -s memory [-- mlp cnn lstm]
// Device bytes and JavaScript heap after 1 000 and after 10 000 more compiled steps, each awaited,
// the loss read at every tenth; in child processes on Dawn's null backend, which executes nothing,
// with garbage collected before each look. Status 1 when bytes differ or the heap grew by 1 MB.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  compile,
  crossEntropy,
  init,
  manualSeed,
  nn,
  optim,
  type Shape,
  type Tensor,
  tensor,
} from "tapegrad";
import { DigitsCnn } from "../examples/models/digitsCnn.ts";
import { RowLstm } from "../examples/models/rowLstm.ts";
import { countGpu } from "./counter.ts";

const WARM_UP = 1000;
const STEPS = 10_000;
const BATCH = 16;
const MEGABYTE = 2 ** 20;

interface Case {
  readonly image: Shape;
  readonly model: () => nn.Layer;
}

const cases: Readonly<Record<string, Case>> = {
  mlp: {
    image: [64],
    model: () => new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10)),
  },
  cnn: { image: [1, 8, 8], model: () => new DigitsCnn() },
  lstm: { image: [8, 8], model: () => new RowLstm(8, 32, 10) },
};

/** What is held now, after garbage was collected. */
interface Held {
  readonly device: number;
  readonly heap: number;
}

/** A training step over a few batches in turn. */
function stepOf({ image, model: build }: Case): (i: number) => Promise<Tensor> {
  manualSeed(0);
  const model = build();
  const adam = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const size = BATCH * image.reduce((a, b) => a * b, 1);
  const batches = [0, 1, 2, 3].map((b) => ({
    x: tensor(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i + b)),
      { shape: [BATCH, ...image] },
    ),
    y: tensor(Int32Array.from({ length: BATCH }, (_, i) => (i + b) % 10)),
  }));
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    adam.zeroGrad();
    loss.backward();
    adam.step();
    return loss;
  });
  return (i) => {
    const { x, y } = batches[i % batches.length]!;
    return step(x, y);
  };
}

async function measure(name: string): Promise<Held[]> {
  const counter = countGpu(await init({ device: "webgpu" }));
  const step = stepOf(cases[name]!);
  const held: Held[] = [];
  for (let i = 1; i <= WARM_UP + STEPS; i++) {
    const loss = await step(i);
    if (i % 10 === 0) await loss.item();
    if (i !== WARM_UP && i !== WARM_UP + STEPS) continue;
    // Finalizers run in a later turn, and what they free is garbage only after it.
    for (let k = 0; k < 4; k++) {
      globalThis.gc?.();
      await sleep(10);
    }
    held.push({ device: counter.liveBytes, heap: process.memoryUsage().heapUsed });
  }
  return held;
}

function inChild(name: string): Held[] {
  const flags = ["--expose-gc", "--import", import.meta.resolve("tsx")];
  const env = { ...process.env, TAPEGRAD_DAWN: "backend=null" };
  const args = [...flags, fileURLToPath(import.meta.url), "--child", name];
  const printed = execFileSync(process.execPath, args, { env }).toString();
  return JSON.parse(printed.trim().split("\n").at(-1)!) as Held[];
}

function show(name: string): boolean {
  const [before, after] = inChild(name) as [Held, Held];
  const grown = after.heap - before.heap;
  const isFlat = after.device === before.device && grown < MEGABYTE;
  const mb = (bytes: number) => `${(bytes / MEGABYTE).toFixed(2)} MB`;
  console.log(
    `${name.padEnd(5)} device ${before.device} B, then ${after.device} B; ` +
      `heap ${mb(before.heap)}, then ${mb(after.heap)} (${grown < 0 ? "" : "+"}${mb(grown)})` +
      `${isFlat ? "" : ": NOT FLAT"}`,
  );
  return isFlat;
}

const [first, ...rest] = process.argv.slice(2);
if (first === "--child") {
  console.log(JSON.stringify(await measure(rest[0]!)));
  process.exit(0);
}
const names = first === undefined ? Object.keys(cases) : [first, ...rest];
const unknown = names.find((name) => !Object.hasOwn(cases, name));
if (unknown !== undefined) {
  console.error(`memory: no case "${unknown}". Use ${Object.keys(cases).join(", ")}.`);
  process.exit(2);
}
console.log(`After ${WARM_UP} compiled steps, and after ${STEPS} more:`);
if (!names.map(show).every(Boolean)) process.exitCode = 1;
