// What every optimizer costs and does: launches of a step, state, digits, Rosenbrock's valley.
//   npm run -s optimizers [-- Adam SGD …]
// Launches are counted in WebGPU's own objects, of the step alone. Bytes are those of the slots.
// The digits are learnt by an MLP 64-64-10 in 200 steps of 64 at the rule's default rate; the way
// down Rosenbrock's valley from (-1.2, 1) is counted at the rate given, up to 5000 steps.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import {
  compile,
  crossEntropy,
  DataLoader,
  type Device,
  init,
  manualSeed,
  nn,
  optim,
  select,
  type Tensor,
  TensorDataset,
  tensor,
  Variable,
} from "tapegrad";
import { readSplit } from "../examples/digits/readSplit.ts";
import { countGpu } from "./counter.ts";

const DIGITS_STEPS = 200;
const VALLEY_STEPS = 5000;

type Made = new (parameters: Iterable<Variable>, options?: object) => optim.Optimizer;

interface Row {
  /** The exported class, and options beside the defaults. */
  readonly rule: string;
  readonly options?: Readonly<Record<string, number | boolean>>;
  /** Options on Rosenbrock's valley. */
  readonly valley: Readonly<Record<string, number | boolean>>;
}

const rows: readonly Row[] = [
  { rule: "SGD", valley: { lr: 1e-3 } },
  { rule: "SGD", options: { momentum: 0.9 }, valley: { lr: 1e-3, momentum: 0.9 } },
  {
    rule: "SGD",
    options: { momentum: 0.9, nesterov: true },
    valley: { lr: 5e-4, momentum: 0.97, nesterov: true },
  },
  { rule: "ASGD", valley: { lr: 1e-3 } },
  { rule: "SignSGD", valley: { lr: 1e-3 } },
  { rule: "SGLD", valley: { lr: 1e-3, temperature: 0 } },
  { rule: "Rprop", valley: {} },
  { rule: "Adagrad", valley: { lr: 0.5 } },
  { rule: "Adadelta", valley: { lr: 1 } },
  { rule: "RMSprop", valley: { lr: 1e-3, momentum: 0.9 } },
  { rule: "Adam", valley: { lr: 0.05 } },
  { rule: "Adam", options: { amsgrad: true }, valley: { lr: 0.05, amsgrad: true } },
  { rule: "AdamW", valley: { lr: 0.05, weightDecay: 0 } },
  { rule: "Adamax", valley: { lr: 0.1 } },
  { rule: "NAdam", valley: { lr: 0.05 } },
  { rule: "RAdam", valley: { lr: 0.05 } },
  { rule: "AdaBelief", valley: { lr: 0.05 } },
  { rule: "Yogi", valley: { lr: 0.05 } },
  { rule: "Adan", valley: { lr: 0.05 } },
  { rule: "Lion", valley: { lr: 1e-3 } },
  { rule: "LARS", valley: { lr: 0.5, trust: 0.02 } },
  { rule: "LAMB", valley: { lr: 0.01 } },
  { rule: "SparseAdam", valley: { lr: 0.05 } },
  { rule: "Adafactor", valley: { lr: 0.05 } },
  { rule: "Muon", valley: {} },
  { rule: "ScheduleFree", valley: { lr: 0.1 } },
  { rule: "Prodigy", valley: {} },
];

const { train: digits } = readSplit(
  readFileSync(new URL("../examples/data/digits.safetensors", import.meta.url)),
  "digits",
);

const classOf = (rule: string): Made => (optim as unknown as Record<string, Made>)[rule]!;

/** Authors and year, as the docstring of the rule gives them. */
function sourceOf(rule: string): string {
  const folder = new URL("../src/optim/rules/", import.meta.url);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), "utf8");
    const doc = new RegExp(
      `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:const|class) ${rule}\\b`,
    ).exec(text);
    if (doc === null) continue;
    const flat = doc[1]!.replace(/\s*\n \* ?/g, " ");
    return /\(([A-Z][^()]*?\d{4})/.exec(flat)?.[1] ?? "PyTorch";
  }
  return "";
}

/** A small classifier's parameters; Muon takes matrices only. */
function mlp(rule: string) {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 10));
  const all = model.parameters();
  return { model, all, own: rule === "Muon" ? all.filter(({ rank }) => rank === 2) : all };
}

/** Launches of one step by itself. */
async function launchesOf(device: Device, { rule, options }: Row): Promise<number> {
  const counter = countGpu(device);
  const { own } = mlp(rule);
  const optimizer = new (classOf(rule))(own, options);
  const grads = own.map((p) => new Variable(p.mul(0.1)));
  for (let i = 0; i < 3; i++) {
    own.forEach((p, k) => {
      p.grad = grads[k]!;
    });
    counter.take();
    await optimizer.step();
  }
  return counter.take().launches;
}

/** Bytes of state for each parameter, of a layer of 64 x 64. */
function stateBytes({ rule, options }: Row): number {
  const { own } = mlp(rule);
  const { tensors } = new (classOf(rule))(own, options).stateDict();
  const size = own.reduce((n, p) => n + p.size, 0);
  return [...tensors.values()].reduce((n, t) => n + 4 * t.size, 0) / size;
}

/** The mean loss over the last 20 of the steps on digits. */
async function digitsLoss({ rule, options }: Row): Promise<number> {
  const { model, all, own } = mlp(rule);
  const optimizer = new (classOf(rule))(own, options);
  const rest = all.filter((p) => !own.includes(p));
  const others = rest.length === 0 ? null : new optim.AdamW(rest);
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    for (const p of all) p.grad = null;
    loss.backward();
    void optimizer.step();
    void others?.step();
    return loss;
  });
  const data = new TensorDataset(
    tensor(digits.x, { shape: [digits.count, 64] }),
    tensor(digits.y, { dtype: "int32" }),
  );
  const losses: number[] = [];
  while (losses.length < DIGITS_STEPS) {
    for await (const [x, y] of new DataLoader(data, {
      batchSize: 64,
      shuffle: true,
      dropLast: true,
    })) {
      if (losses.length < DIGITS_STEPS) losses.push(await (await step(x!, y!)).item());
    }
  }
  return losses.slice(-20).reduce((a, b) => a + b, 0) / 20;
}

/** Steps until (1 - x)² + 100 (y - x²)² is below 1e-6, or null. */
async function valleySteps({ rule, valley }: Row): Promise<number | null> {
  if (rule === "Muon") return null;
  const p = new Variable(tensor([-1.2, 1]), { requiresGrad: true });
  const optimizer = new (classOf(rule))([p], valley);
  const step = compile(() => {
    const [x, y] = [select(p, 0, 0), select(p, 0, 1)];
    const loss = x.mul(-1).add(1).square().add(y.sub(x.square()).square().mul(100));
    optimizer.zeroGrad();
    loss.backward();
    void optimizer.step();
    return loss;
  });
  for (let t = 0; t < VALLEY_STEPS; t++) if ((await (await step()).item()) < 1e-6) return t;
  return null;
}

const named = ({ rule, options }: Row): string =>
  options === undefined
    ? rule
    : `${rule}, ${Object.entries(options)
        .map(([k, v]) => (v === true ? k : `${k} ${v}`))
        .join(", ")}`;

const valleyText = ({ valley }: Row): string =>
  Object.entries(valley)
    .map(([k, v]) => (v === true ? k : `${k} ${v}`))
    .join(", ") || "defaults";

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = rows.filter(({ rule }) => wanted.length === 0 || wanted.includes(rule));
  const device = await init({ device: "webgpu" });
  console.log(`${device.line}\n`);
  const header = ["optimizer", "launches", "bytes of state", "digits", "valley", "at", "source"];
  const table = [header];
  for (const row of chosen) {
    const launches = await launchesOf(device, row);
    const loss = await digitsLoss(row);
    table.push([named(row), `${launches}`, stateBytes(row).toFixed(1), loss.toFixed(3)]);
  }
  device.destroy();
  // The way down the valley is long and thin: the interpreter is quicker at two numbers.
  await init({ device: "cpu" });
  for (const [i, row] of chosen.entries()) {
    const steps = await valleySteps(row);
    const text =
      row.rule === "Muon" ? "no matrix" : steps === null ? `> ${VALLEY_STEPS}` : `${steps}`;
    table[i + 1]!.push(text, valleyText(row), sourceOf(row.rule));
  }
  const widths = header.map((_, c) => Math.max(...table.map((line) => line[c]!.length)));
  for (const line of table)
    console.log(
      line
        .map((cell, c) => cell.padEnd(widths[c]!))
        .join("  ")
        .trimEnd(),
    );
  console.log(
    "\nlaunches: of a step by itself; bytes of state: per parameter; digits: mean loss of the last 20 of " +
      `${DIGITS_STEPS} steps\nat the default rate; valley: steps to 1e-6 on Rosenbrock's valley, with these options.`,
  );
}

await main();
