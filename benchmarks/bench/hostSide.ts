// What a step costs without a GPU: host time on Dawn's null back end, which executes nothing, and
// the launches that reach WebGPU.
import { type CaseName, cases, trainingCases } from "../cases.ts";
import { lstmSizes } from "../workloads/training.ts";
import { Entrant } from "./entrant.ts";
import { goalOf, type RowName } from "./goals.ts";
import { type Open, outcomesOf } from "./interleave.ts";
import { failures, makeRow, type Row } from "./report.ts";
import { type SideName, sideNames } from "./sides.ts";

const STEPS = 1000;
/** A side for which all steps would take longer than this is given up. */
const CAP_MS = 100_000;
/** Until the first result: jax-js traces long sequences for minutes. */
const PREPARE_MS = 120_000;
/** The same for the longest sequence. */
const LONG_MS = 30_000;

export interface Part {
  readonly rows: Row[];
  readonly problems: string[];
}

/** Runs one side after the other: nothing here waits for an adapter, and all share the cores. */
async function oneAfterTheOther(
  name: CaseName,
  sides: readonly SideName[],
  open: Open,
  measure: (entrant: Entrant) => Promise<void>,
  { sizes, prepareMs = PREPARE_MS }: { sizes?: unknown; prepareMs?: number } = {},
): Promise<Entrant[]> {
  const entrants = sides.map((side) => new Entrant(side, () => open(side)));
  for (const entrant of entrants) {
    await entrant.prepare(name, prepareMs, sizes);
    await entrant.attempt(() => measure(entrant));
    await entrant.close();
  }
  return entrants;
}

async function measureLoop(entrant: Entrant): Promise<void> {
  const { ms, steps } = await entrant.ask("loop", { steps: STEPS, capMs: CAP_MS }, 2 * CAP_MS);
  if (steps === STEPS) entrant.add(ms);
  else entrant.giveUp(`${ms.toFixed(1)} ms a step, so ${STEPS} steps take over ${CAP_MS / 1000} s`);
}

const rowNameOf = (prefix: string, name: CaseName): RowName =>
  `${prefix}${name[0].toUpperCase()}${name.slice(1)}` as RowName;

/** Mean milliseconds of 1 000 awaited steps, the loss read at every tenth. */
export async function measureHost(
  open: Open,
  wanted: ReadonlySet<RowName>,
  say: (text: string) => void,
): Promise<Part> {
  const part: Part = { rows: [], problems: [] };
  for (const name of trainingCases) {
    const row = rowNameOf("host", name);
    if (!wanted.has(row)) continue;
    say(`${row}: 1 000 steps on backend=null`);
    const outcomes = outcomesOf(await oneAfterTheOther(name, sideNames, open, measureLoop));
    const title = `host time of a step: ${cases[name].title}`;
    part.rows.push(makeRow({ name: row, title, unit: "ms", goal: goalOf(row) }, outcomes));
    part.problems.push(...failures(row, outcomes));
  }
  return part;
}

interface Counted {
  readonly row: RowName;
  readonly name: CaseName;
  readonly title: string;
  readonly sizes?: unknown;
  readonly prepareMs?: number;
}

const counted: readonly Counted[] = [
  { row: "launchesMlp", name: "mlp", title: "launches of a step, MLP" },
  { row: "launchesCnn", name: "cnn", title: "launches of a step, CNN" },
  { row: "launchesLstm", name: "lstm", title: "launches of a step, LSTM, T = 32" },
  {
    row: "launchesLstm256",
    name: "lstm",
    title: "launches of a step, LSTM, T = 256",
    sizes: { ...lstmSizes, steps: 256 },
    prepareMs: LONG_MS,
  },
];

/** Steps before the one that is counted: both versions of the parameters have had their turn. */
const WARM_UP = 4;

/** Launches per step, counted in WebGPU's own objects. */
export async function countLaunches(
  open: Open,
  wanted: ReadonlySet<RowName>,
  say: (text: string) => void,
): Promise<Part> {
  const part: Part = { rows: [], problems: [] };
  for (const { row, name, title, ...options } of counted) {
    if (!wanted.has(row)) continue;
    say(row);
    const count = async (entrant: Entrant) => {
      await entrant.ask("block", { steps: WARM_UP });
      entrant.add((await entrant.ask("launches", {})).launches);
    };
    const outcomes = outcomesOf(await oneAfterTheOther(name, sideNames, open, count, options));
    part.rows.push(makeRow({ name: row, title, unit: "launches", goal: goalOf(row) }, outcomes));
    part.problems.push(...failures(row, outcomes));
  }
  return part;
}
