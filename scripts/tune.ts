// Times every variant of the kernels that the benchmark's cases need on this machine's adapter,
// prints who wins, and remembers it:
//   npm run -s tune                all cases
//   npm run -s tune -- mlp conv    these only
// A winner other than the first is what the static rules miss here.
import process from "node:process";
import { type CaseName, cases } from "../benchmarks/cases.ts";
import { benchmarkedDevice, side } from "../benchmarks/sides/tapegrad.ts";
import type { Decision, Tuner } from "../src/gpu/tuner/tuner.ts";

const known = Object.keys(cases) as CaseName[];

function casesOf(names: readonly string[]): readonly CaseName[] {
  const unknown = names.filter((name) => !known.includes(name as CaseName));
  if (unknown.length > 0) {
    throw new Error(`tune: no such case: ${unknown}. There are ${known.join(", ")}.`);
  }
  return names.length === 0 ? known : (names as CaseName[]);
}

/** "*" marks the winner; the static rule's choice stands first. */
function lineOf({ times, winner, first }: Decision): string {
  return Object.entries(times)
    .map(([name, ms]) => {
      const mark = `${name === winner ? "*" : ""}${name === first ? " (static)" : ""}`;
      return `${name}${mark} ${ms.toFixed(ms < 1 ? 3 : 1)} ms`;
    })
    .join(", ");
}

async function main(names: readonly CaseName[]): Promise<void> {
  process.env.TAPEGRAD_TUNE ||= "full";
  console.log(await side.open());
  const device = benchmarkedDevice();
  if (device.kind === "cpu" || device.tuner === null) {
    throw new Error("tune: nothing is tuned here. Set TAPEGRAD_TUNE to full, or leave it out.");
  }
  let [decided, missed] = [0, 0];
  (device.tuner as Tuner).onDecision = (decision) => {
    decided++;
    if (decision.winner !== decision.first) missed++;
    console.log(`  ${decision.key.replace(/ \(.*\)$/, "")}\n      ${lineOf(decision)}`);
  };
  for (const name of names) {
    const { title, build, sizes } = cases[name];
    console.log(title);
    const runnable = await build(side, sizes);
    for (let i = 0; i < 3; i++) await runnable.step(i);
    await runnable.read();
  }
  console.log(`${decided} decided; in ${missed} the static rule chose otherwise`);
  console.log(`record ${device.tuning.hash}, ${Object.keys(device.tuning.winners).length} winners`);
}

await main(casesOf(process.argv.slice(2)));
process.exit(0);
