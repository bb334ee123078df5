import type { Device } from "../../src/index.ts";
import { Unsupported } from "./arguments.ts";
import { type Check, Context } from "./context.ts";
import { differences } from "./differences.ts";
import type { Suite } from "./golden.ts";
import { checksOf } from "./suites.ts";

export type Verdict = "passed" | "failed" | "unsupported";

export interface Outcome {
  readonly suite: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** What differed, or what is missing. */
  readonly notes: readonly string[];
}

export interface RunOptions {
  /** Only cases whose name, or suite and name, contains this. */
  readonly only?: string;
}

/** Runs the cases of suites one after the other on a device. */
export async function* runSuites(
  suites: readonly Suite[],
  device: Device,
  { only = "" }: RunOptions = {},
): AsyncGenerator<Outcome> {
  const context = new Context(device);
  for (const suite of suites) {
    for (const check of checksOf(suite)) {
      if (`${suite.name}/${check.name}`.includes(only)) yield await judge(suite, check, context);
    }
  }
}

async function judge({ name: suite }: Suite, check: Check, context: Context): Promise<Outcome> {
  const outcome = (verdict: Verdict, notes: readonly string[]): Outcome => ({
    suite,
    name: check.name,
    verdict,
    notes,
  });
  const reason = differences[`${suite}/${check.name}`];
  if (reason !== undefined) return outcome("unsupported", [`${check.name}: ${reason}`]);
  try {
    const problems = await check.run(context);
    return outcome(problems.length === 0 ? "passed" : "failed", problems);
  } catch (error) {
    if (error instanceof Unsupported) return outcome("unsupported", [error.message]);
    return outcome("failed", [
      error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    ]);
  }
}

export const count = (outcomes: readonly Outcome[], verdict: Verdict): number =>
  outcomes.filter((o) => o.verdict === verdict).length;

export const countLine = (outcomes: readonly Outcome[]): string =>
  `${count(outcomes, "passed")} passed, ${count(outcomes, "failed")} failed, ` +
  `${count(outcomes, "unsupported")} unsupported`;
