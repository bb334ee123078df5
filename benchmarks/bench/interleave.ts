import { type Case, type CaseName, cases } from "../cases.ts";
import { lossesApart, resultsApart } from "./agree.ts";
import { type Effort, Entrant } from "./entrant.ts";
import { failures, type Outcomes } from "./report.ts";
import type { Session } from "./session.ts";
import type { SideName } from "./sides.ts";

/** Opens a session of a side: a process, or a page. */
export type Open = (side: SideName) => Promise<Session>;

export interface Measured {
  readonly outcomes: Outcomes;
  readonly problems: readonly string[];
  readonly entrants: readonly Entrant[];
}

export const outcomesOf = (entrants: readonly Entrant[]): Outcomes =>
  Object.fromEntries(entrants.map(({ side, outcome }) => [side, outcome]));

/** What the sides computed, compared: losses step by step, results by their magnitude. */
function disagreements(name: string, kind: Case["kind"], entrants: readonly Entrant[]): string[] {
  const present = entrants.filter(({ outcome }) => "values" in outcome);
  if (kind === "training") {
    return lossesApart(
      name,
      present.map(({ side, losses }) => [side, losses] as const),
    );
  }
  return resultsApart(
    name,
    present.flatMap(({ side, magnitude }) => (magnitude === undefined ? [] : [[side, magnitude]])),
  );
}

/** All sides live at once and take turns, so that what disturbs the machine hits all alike; each
 *  round begins with another side. */
async function takeTurns(
  name: CaseName,
  entrants: readonly Entrant[],
  effort: Effort,
): Promise<void> {
  for (const entrant of entrants) await entrant.warmUp(name, effort);
  for (let round = 0; round < effort.blocks; round++) {
    for (let turn = 0; turn < entrants.length; turn++) {
      await entrants[(round + turn) % entrants.length].block(effort);
    }
  }
}

export interface CaseOptions {
  readonly effort: Effort;
  /** How long a side may take until its first result. */
  readonly prepareMs?: number;
  readonly sizes?: unknown;
  /** Sides may ask for more before their sessions end. */
  readonly finally?: (entrant: Entrant) => Promise<void>;
}

/** Measures a case on these sides. */
export async function measureCase(
  name: CaseName,
  sides: readonly SideName[],
  open: Open,
  options: CaseOptions,
): Promise<Measured> {
  const { kind } = cases[name];
  const entrants = sides.map((side) => new Entrant(side, () => open(side)));
  try {
    for (const entrant of entrants) {
      await entrant.prepare(name, options.prepareMs, options.sizes);
      if (kind === "training") continue;
      await entrant.attempt(async () => {
        entrant.magnitude = (await entrant.ask("magnitude", {})).value ?? undefined;
      });
    }
    await takeTurns(name, entrants, options.effort);
    for (const entrant of entrants) {
      await entrant.attempt(async () => options.finally?.(entrant));
    }
  } finally {
    for (const entrant of entrants) await entrant.close();
  }
  const outcomes = outcomesOf(entrants);
  const problems = [...failures(name, outcomes), ...disagreements(name, kind, entrants)];
  return { outcomes, problems, entrants };
}
