import process from "node:process";
import type { Effort } from "./entrant.ts";
import type { Report } from "./report.ts";
import { writeResults } from "./results.ts";
import { reportText } from "./tables.ts";

/** Where a step takes milliseconds to seconds: operations are read one by one. */
export const softwareEffort: Effort = {
  blocks: 7,
  blockMs: 500,
  steps: { operation: 1, training: 10 },
  budgetMs: 5000,
};

/** To see that everything works. */
export const quickEffort: Effort = {
  blocks: 3,
  blockMs: 200,
  steps: { operation: 1, training: 5 },
  budgetMs: 0,
};

/** Where a reading takes longer than many an operation. */
export const hardwareEffort: Effort = {
  blocks: 15,
  blockMs: 400,
  steps: { operation: 50, training: 50 },
  budgetMs: 8000,
};

export interface Printing {
  readonly json: boolean;
  /** Folder of the result files. */
  readonly results: string;
  readonly say: (text: string) => void;
}

/** Prints a report, writes its files, and lets the process fail where the run has problems. */
export function printReport(report: Report, { json, results, say }: Printing): void {
  const files = writeResults(report, results);
  console.log(json ? JSON.stringify(report) : reportText(report));
  for (const file of files) say(`wrote ${file}`);
  const problems = [report, ...(report.others ?? [])].flatMap(({ problems: found }) => found);
  if (json) for (const problem of problems) say(`PROBLEM ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
