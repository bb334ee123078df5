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

/** Cases that one device runs: what drivers keep of thousands of kernels fills the memory. */
const PER_DEVICE = 200;

/** Runs the cases of suites one after the other, each 200 on a fresh device. */
export async function* runSuites(
  suites: readonly Suite[],
  open: () => Promise<Device>,
  { only = "" }: RunOptions = {},
): AsyncGenerator<Outcome> {
  let context: Context | null = null;
  let used = 0;
  for (const suite of suites) {
    for (const check of checksOf(suite)) {
      if (!`${suite.name}/${check.name}`.includes(only)) continue;
      if (used++ % PER_DEVICE === 0) {
        context?.device.destroy();
        context = new Context(await open());
      }
      yield await judge(suite, check, context!);
    }
  }
  context?.device.destroy();
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
