// What a run reports, and the arithmetic of it. Nothing here measures anything.
import type { SideName } from "./sides.ts";
import { median, spreadOf } from "./statistics.ts";

export type Unit = "ms" | "MB" | "launches";

/** What became of one side in one case. */
export type Outcome =
  | { readonly values: readonly number[] }
  /** Not measured to the end, and why: not a fault of the run. */
  | { readonly givenUp: string }
  /** A fault: the run fails. */
  | { readonly failed: string };

/** What a case has to reach. */
export interface Goal {
  /** The least ratio. */
  readonly ratio?: number;
  /** The most of tapegrad's own value. */
  readonly value?: number;
  /** Compare with the limit instead of the peers. */
  readonly against?: "limit";
}

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** The median, as everywhere below. */
  readonly tapegrad: number | null;
  readonly peers: Readonly<Record<string, number | null>>;
  /** By hand in raw WebGPU. */
  readonly limit: number | null;
  /** Lowest and highest value of each side. */
  readonly spread: Readonly<Record<string, readonly [number, number]>>;
  /** The fastest peer in the same run on the same adapter. */
  readonly best: number | null;
  /** best / tapegrad, larger is better. */
  readonly ratio: number | null;
  readonly goal: Goal;
  /** Millions of multiplications and additions, where the case is made of them. */
  readonly mflops?: number;
  readonly notes: readonly string[];
}

export interface SweepPoint {
  readonly axis: string;
  readonly value: number;
  readonly title: string;
  readonly tapegrad: number | null;
  readonly peers: Readonly<Record<string, number | null>>;
}

export interface Report {
  /** Short: "swiftshader", "lavapipe", or the first words of what follows. */
  readonly key: string;
  /** How the adapter describes itself. */
  readonly adapter: string;
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  /** GB/s of a copy, GFLOP/s in registers and of the best product by hand. */
  readonly peak: {
    readonly copyGBps: number;
    readonly gflops: number;
    readonly matmulGflops?: number;
  } | null;
  readonly cases: readonly Row[];
  readonly sweep?: readonly SweepPoint[];
  /** What makes the run fail. */
  readonly problems: readonly string[];
  /** The reports of the other adapters of the same run. */
  readonly others?: readonly Report[];
}

export type Outcomes = Readonly<Partial<Record<SideName, Outcome>>>;

const measuredValue = (outcome: Outcome | undefined): number | null =>
  outcome && "values" in outcome && outcome.values.length > 0
    ? rounded(median(outcome.values))
    : null;

const rounded = (value: number): number => Number(value.toPrecision(5));

const lowest = (values: readonly (number | null)[]): number | null => {
  const measured = values.filter((value) => value !== null);
  return measured.length > 0 ? Math.min(...measured) : null;
};

function notesOf(outcomes: Outcomes): string[] {
  return Object.entries(outcomes).flatMap(([side, outcome]) => {
    if ("givenUp" in outcome) return [`${side} given up: ${outcome.givenUp}`];
    return "failed" in outcome ? [`${side} failed: ${outcome.failed}`] : [];
  });
}

function spreads(outcomes: Outcomes): Record<string, [number, number]> {
  const measured = Object.entries(outcomes).flatMap(([side, outcome]) => {
    if (!("values" in outcome) || outcome.values.length === 0) return [];
    const [low, high] = spreadOf(outcome.values);
    return [[side, [rounded(low), rounded(high)] as [number, number]] as const];
  });
  return Object.fromEntries(measured);
}

/** A case with all that follows from what the sides measured. */
export function makeRow(
  about: Pick<Row, "name" | "title" | "unit" | "goal"> & { mflops?: number; notes?: string[] },
  outcomes: Outcomes,
): Row {
  const { tapegrad: ours, limit, ...others } = outcomes;
  const peers = Object.fromEntries(Object.entries(others).map(([n, o]) => [n, measuredValue(o)]));
  const tapegrad = measuredValue(ours);
  const best = about.goal.against === "limit" ? measuredValue(limit) : lowest(Object.values(peers));
  return {
    ...about,
    tapegrad,
    peers,
    limit: measuredValue(limit),
    spread: spreads(outcomes),
    best,
    ratio: tapegrad !== null && best !== null ? rounded(best / tapegrad) : null,
    notes: [...(about.notes ?? []), ...notesOf(outcomes)],
  };
}

export type Status = "reached" | "short" | "not measured" | "no goal";

/** Whether a case reaches its goal. A ratio without a peer that finished cannot be missed. */
export function statusOf({ goal, tapegrad, ratio }: Row): Status {
  if (goal.ratio === undefined && goal.value === undefined) return "no goal";
  if (tapegrad === null) return "not measured";
  if (goal.value !== undefined && tapegrad > goal.value) return "short";
  if (goal.ratio !== undefined && ratio !== null && ratio < goal.ratio) return "short";
  return ratio === null && goal.value === undefined ? "not measured" : "reached";
}

/** Sides that failed, as sentences. */
export const failures = (name: string, outcomes: Outcomes): string[] =>
  Object.entries(outcomes).flatMap(([side, outcome]) =>
    "failed" in outcome ? [`${name}: ${side} failed: ${outcome.failed}`] : [],
  );
