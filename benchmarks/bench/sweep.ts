// How the cost of a training step grows with the model: parameters, batch, length of a sequence.
import type { CaseName } from "../cases.ts";
import { lstmSizes, type MlpSizes, mlpSizes } from "../workloads/training.ts";
import type { Context } from "./compute.ts";
import { measureCase } from "./interleave.ts";
import { makeRow, type SweepPoint } from "./report.ts";
import { peerNames } from "./sides.ts";

interface Point {
  readonly axis: string;
  readonly value: number;
  readonly name: CaseName;
  readonly title: string;
  readonly sizes: unknown;
}

const parametersOf = ({ widths }: MlpSizes): number =>
  widths.slice(1).reduce((sum, width, i) => sum + (widths[i] + 1) * width, 0);

/** Widths of three layers with about 10^3 to 10^7 parameters. */
const parameterPoints: Point[] = [18, 64, 216, 700, 2230].map((width) => {
  const sizes: MlpSizes = { batch: 128, widths: [width, width, width, 10] };
  const value = parametersOf(sizes);
  return { axis: "parameters", value, name: "mlp", title: `MLP ${sizes.widths.join("-")}`, sizes };
});

const batchPoints: Point[] = [1, 8, 64, 256, 1024].map((batch) => ({
  ...{ axis: "batch", value: batch, name: "mlp", title: `MLP 784-256-128-10, batch ${batch}` },
  sizes: { ...mlpSizes, batch },
}));

const lengthPoints: Point[] = [8, 32, 128, 256].map((steps) => ({
  ...{ axis: "T", value: steps, name: "lstm", title: `LSTM 64 -> 128 -> 64, T = ${steps}` },
  sizes: { ...lstmSizes, steps },
}));

/** Long sequences are given up early: jax-js traces them for minutes. */
const PREPARE_MS = 40_000;

/** Tapegrad and the peers at every point; the hand-written steps exist for one size only. */
export async function measureSweep(context: Context): Promise<SweepPoint[]> {
  const points: SweepPoint[] = [];
  const effort = { ...context.effort, blocks: 3, blockMs: 200, budgetMs: 5000 };
  for (const { axis, value, name, title, sizes } of [
    ...parameterPoints,
    ...batchPoints,
    ...lengthPoints,
  ]) {
    context.say(`sweep: ${title}`);
    const options = { effort, prepareMs: PREPARE_MS, sizes };
    const { outcomes } = await measureCase(name, ["tapegrad", ...peerNames], context.open, options);
    const { tapegrad, peers } = makeRow({ name, title, unit: "ms", goal: {} }, outcomes);
    points.push({ axis, value, title, tapegrad, peers });
  }
  return points;
}
