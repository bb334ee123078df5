import fc from "fast-check";
import { trainingCases, valueCases } from "./arbitraries.ts";
import { cases } from "./cases.ts";
import { Devices } from "./devices.ts";
import { difference } from "./difference.ts";
import { type CaseData, textOf } from "./graphData.ts";
import { listing } from "./listing.ts";
import { Recording } from "./recording.ts";

/** Devices keep every kernel they have made: after so many graphs they are made anew. */
const GRAPHS_PER_DEVICE = 300;

export interface Search {
  readonly count: number;
  readonly seed: number;
  readonly training?: boolean;
  readonly progress?: (done: number) => void;
}

/** Attempts at a smaller graph once one has failed: each takes some kernels. */
const MOST_ATTEMPTS = 500;

/** Throws what differs in a case. */
async function check(data: CaseData, devices: Devices): Promise<void> {
  const found = await difference(data, devices).catch((error: Error) => `${error.stack}`);
  if (found === null) return;
  // More faults may be on their way, which are not to meet the next graph.
  devices.destroy();
  throw new Error(found);
}

/** The graphs that once went wrong: what is wrong with them now. */
export async function replayCases(): Promise<string[]> {
  const devices = new Devices();
  const failures: string[] = [];
  for (const { was, data } of cases) {
    await check(data, devices).catch((e: Error) => failures.push(`${was}:\n${report(data, e)}`));
  }
  devices.destroy();
  return failures;
}

/** Looks for a graph that fused, unfused and float64 compute differently: it, shrunk, or null. */
export async function search({ count, seed, training, progress }: Search): Promise<string | null> {
  for (let done = 0; done < count; done += GRAPHS_PER_DEVICE) {
    const devices = new Devices();
    const arbitrary = training === true ? trainingCases : valueCases;
    let attempts = 0;
    const property = fc.asyncProperty(fc.noBias(arbitrary), async (data) => {
      if (attempts > MOST_ATTEMPTS) return;
      if (attempts > 0) attempts++;
      await check(data, devices).catch((error: Error) => {
        attempts ||= 1;
        throw error;
      });
    });
    const details = await fc.check(property, {
      seed: seed + done,
      numRuns: Math.min(GRAPHS_PER_DEVICE, count - done),
    });
    devices.destroy();
    if (details.counterexample !== null) {
      return report(details.counterexample[0], details.errorInstance as Error);
    }
    progress?.(done + details.numRuns);
  }
  return null;
}

/** A failing graph in all forms that help: what differs, the ops, the line for cases.ts. */
function report(data: CaseData, error: Error): string {
  const devices = new Devices();
  let ops: string;
  try {
    ops = listing(new Recording(data, devices.oracle).outputs);
  } catch (failed) {
    ops = `cannot be recorded: ${failed}`;
  }
  return `${error.message}\n\n${ops}\n\ncase: ${textOf(data)}\n`;
}
