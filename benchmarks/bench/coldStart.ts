import type { Context } from "./compute.ts";
import { Entrant } from "./entrant.ts";
import { goalOf } from "./goals.ts";
import { outcomesOf } from "./interleave.ts";
import { makeRow, type Row } from "./report.ts";
import { sideNames } from "./sides.ts";

const ROUNDS = 5;

/** From the start of a Node process to its first trained MLP step, in turns. What the driver keeps
 *  on disk is there, if it keeps anything: the first run of all is another matter. */
export async function measureColdStart({ open, adapter, say }: Context): Promise<Row> {
  say("coldStart: process start to the first trained MLP step");
  const entrants = sideNames.map((side) => new Entrant(side, () => open(side)));
  const rounds = adapter.cached ? ROUNDS + 1 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) {
      await entrant.prepare("mlp");
      await entrant.attempt(async () => {
        if (round >= rounds - ROUNDS) entrant.add(entrant.sinceStart!);
      });
      await entrant.close();
    }
  }
  const title = "process start to the first trained MLP step";
  const about = { name: "coldStart", title, unit: "ms", goal: goalOf("coldStart") } as const;
  return makeRow(about, outcomesOf(entrants));
}
