// Operations and training steps on one adapter, with the rows that follow from the same
// measurements: memory, and shares of what the adapter can do.
import { type CaseName, cases } from "../cases.ts";
import type { Adapter } from "./adapters.ts";
import type { Effort, Entrant } from "./entrant.ts";
import { goalOf, type RowName } from "./goals.ts";
import { type CaseOptions, type Measured, measureCase, type Open } from "./interleave.ts";
import { slowPeers } from "./peerCheck.ts";
import { makeRow, type Outcomes, type Row } from "./report.ts";
import { sideNames } from "./sides.ts";

export interface Context {
  readonly adapter: Adapter;
  readonly open: Open;
  readonly effort: Effort;
  /** Progress, for people. */
  readonly say: (text: string) => void;
}

/** The rows that each case gives. */
const rowsOfCase: Readonly<Partial<Record<CaseName, readonly RowName[]>>> = {
  matmul1024: ["matmul1024", "matmulOfHand"],
  bmm64: ["bmm64"],
  elementwise: ["elementwise"],
  sum: ["sum"],
  softmax: ["softmax"],
  conv: ["conv"],
  convTrain: ["convTrain"],
  twoAdds: ["addBandwidth"],
  mlp: ["mlp", "memoryMlp"],
  cnn: ["cnn", "memoryCnn"],
  lstm: ["lstm", "memoryLstm"],
};

const titles: Readonly<Partial<Record<RowName, string>>> = {
  matmulOfHand: "matmul 1024 x 1024 x 1024 beside the best variant by hand",
  addBandwidth: "x + y + z, 4 Mi, beside a copy of as many bytes",
  memoryMlp: "peak memory of the process, MLP",
  memoryCnn: "peak memory of the process, CNN",
  memoryLstm: "peak memory of the process, LSTM",
};

/** The most that each process used. */
const memoryOf = (entrants: readonly Entrant[]): Outcomes =>
  Object.fromEntries(
    entrants.map(({ side, outcome, megabytes }) => [
      side,
      megabytes === undefined || !("values" in outcome) ? outcome : { values: [megabytes] },
    ]),
  );

function rowOf(row: RowName, name: CaseName, { outcomes, entrants }: Measured): Row {
  const { title, mflops } = cases[name];
  const memory = row.startsWith("memory");
  const notes = entrants.flatMap(({ side, note }) => (note ? [`${side}: ${note}`] : []));
  return makeRow(
    {
      name: row,
      title: titles[row] ?? title,
      unit: memory ? "MB" : "ms",
      goal: goalOf(row),
      ...(mflops > 0 && !memory ? { mflops } : {}),
      notes: memory ? [] : notes,
    },
    memory ? memoryOf(entrants) : outcomes,
  );
}

const noEffort: Effort = {
  blocks: 0,
  blockMs: 0,
  // More than one: tapegrad compiles its large kernels for plans that run again.
  steps: { operation: 3, training: 4 },
  budgetMs: 0,
};

/** Everything a driver keeps on disk is there before the processes that are measured start. */
async function fillCache(name: CaseName, { adapter, open }: Context): Promise<void> {
  if (!adapter.cached) return;
  await measureCase(name, sideNames, open, { effort: noEffort });
}

const askMemory = (entrant: Entrant): Promise<void> =>
  entrant.attempt(async () => {
    entrant.megabytes = (await entrant.ask("memory", {})).megabytes;
  });

export interface ComputeResult {
  readonly rows: Row[];
  readonly problems: string[];
  /** How the adapter describes itself to the hand-written side. */
  readonly description: string;
}

/** The cases behind the rows that are wanted. */
const casesFor = (wanted: ReadonlySet<RowName>): CaseName[] =>
  (Object.keys(rowsOfCase) as CaseName[]).filter((name) =>
    rowsOfCase[name]!.some((row) => wanted.has(row)),
  );

/** Measures all cases of which a row is wanted. */
export async function measureCompute(
  context: Context,
  wanted: ReadonlySet<RowName>,
): Promise<ComputeResult> {
  const rows: Row[] = [];
  const problems: string[] = [];
  let description = "";
  for (const name of casesFor(wanted)) {
    context.say(`${name}: ${cases[name].title}`);
    await fillCache(name, context);
    const options: CaseOptions = { effort: context.effort, finally: askMemory };
    const measured = await measureCase(name, sideNames, context.open, options);
    problems.push(...measured.problems);
    for (const row of rowsOfCase[name]!) {
      if (wanted.has(row)) rows.push(rowOf(row, name, measured));
    }
    description ||= measured.entrants.find(({ side }) => side === "limit")?.adapter ?? "";
  }
  return { rows, problems: [...problems, ...slowPeers(context.adapter.key, rows)], description };
}
