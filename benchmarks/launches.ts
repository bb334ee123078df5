// What one training step of a small classifier asks of WebGPU, and what it costs the host.
//   npm run -s launches
// Launches, submits and bytes are counted in WebGPU's own objects. The host's time is measured in
// child processes on Dawn's null backend, which executes nothing. Counts above the bounds below
// end with status 1; times are only shown.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { init } from "tapegrad";
import { type Counts, countGpu } from "./counter.ts";
import { mlpStep } from "./mlpStep.ts";

const MODES = ["compiled", "not compiled"] as const;
type Mode = (typeof MODES)[number];

/** Steps until everything is made: both versions of the parameters have had their turn. */
const WARM_UP = 2;
const COUNTED = 8;
const TIMED = 1000;
/** Milliseconds of host time to stay below; other engines' are for scale. */
const GOALS: Record<Mode, number> = { compiled: 0.15, "not compiled": 1.5 };
const OTHERS = "jax-js 3.9 ms, TensorFlow.js 7.3 ms";

/** The most that one step may ask for. */
const BOUNDS: Counts = {
  launches: 14,
  submits: 1,
  copies: 4,
  bytesWritten: 4096,
  pipelines: 0,
  shaders: 0,
  buffers: 0,
  bindGroups: 0,
};

/** The largest counts of several steps, with the loss read back between them uncounted. */
async function countSteps(mode: Mode): Promise<Counts> {
  const device = await init({ device: "webgpu" });
  if (mode === MODES[0]) console.log(`${device.line}\n`);
  const counter = countGpu(device);
  const { step } = mlpStep({ compiled: mode === "compiled" });
  for (let i = 0; i < WARM_UP; i++) await (await step()).item();
  const most = { ...BOUNDS };
  for (const name of Object.keys(most) as (keyof Counts)[]) most[name] = 0;
  for (let i = 0; i < COUNTED; i++) {
    counter.take();
    const loss = await step();
    const counts = counter.take();
    for (const name of Object.keys(most) as (keyof Counts)[]) {
      most[name] = Math.max(most[name], counts[name]);
    }
    await loss.item();
  }
  device.destroy();
  return most;
}

/**
 * Milliseconds a step on this process's device, each awaited, the loss read at every tenth: the
 * lowest of three means, because other programs can only make it longer.
 */
async function timeSteps(mode: Mode): Promise<number> {
  await init({ device: "webgpu" });
  const { step } = mlpStep({ compiled: mode === "compiled" });
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const loss = await step();
      if (i % 10 === 9) await loss.item();
    }
  };
  await run(TIMED / 5);
  const means: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await run(TIMED);
    means.push((performance.now() - start) / TIMED);
  }
  return Math.min(...means);
}

function hostTime(mode: Mode): number {
  const file = fileURLToPath(import.meta.url);
  const loader = import.meta.resolve("tsx");
  const env = { ...process.env, TAPEGRAD_DAWN: "backend=null" };
  const printed = execFileSync(process.execPath, ["--import", loader, file, mode], { env });
  return Number(printed.toString().trim().split("\n").at(-1));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return rows.map(line).join("\n");
}

async function main(): Promise<void> {
  const counted: Counts[] = [];
  for (const mode of MODES) counted.push(await countSteps(mode));
  const times = MODES.map(hostTime);
  const names = Object.keys(BOUNDS) as (keyof Counts)[];
  const made = ["pipelines", "shaders", "buffers", "bindGroups"];
  const title = (name: string) => `${name}${made.includes(name) ? " made" : ""}`;
  const rows = names.map((name) => [
    title(name),
    ...counted.map((counts) => String(counts[name])),
    `at most ${BOUNDS[name]}`,
  ]);
  const goals = MODES.map((mode) => GOALS[mode]).join(" and ");
  const host = ["host ms", ...times.map((t) => t.toFixed(3)), `aim ${goals}`];
  console.log(
    `MLP 784-256-128-10, batch 128, Adam, clipping by global norm: each step after step ${WARM_UP};\n` +
      `host time on a backend that executes nothing, best mean of ${TIMED}\n`,
  );
  console.log(table([["a step", ...MODES, "bound"], ...rows, host]));
  console.log(`\nHost time of the same step elsewhere: ${OTHERS}.`);
  const over = names.filter((name) => counted.some((counts) => counts[name] > BOUNDS[name]));
  if (over.length > 0) {
    console.error(`launches: above the bound: ${over.join(", ")}.`);
    process.exitCode = 1;
  }
}

const mode = MODES.find((m) => m === process.argv[2]);
if (mode === undefined) await main();
else console.log(await timeSteps(mode));
