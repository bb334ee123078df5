// The result files: one for each adapter and day.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./report.ts";

/** "NVIDIA H200 (driver 1.2)" as part of a file name. */
export function keyOf(adapter: string): string {
  const words = adapter.toLowerCase().match(/[a-z0-9.]+/g) ?? ["adapter"];
  return words.slice(0, 3).join("-");
}

const read = (path: string): Report => JSON.parse(readFileSync(path, "utf8")) as Report;

/** A run of some cases leaves the others of the same day as they are: each was compared with what
 *  ran  beside it. */
export function merge(earlier: Report, later: Report): Report {
  const measured = new Set(later.cases.map(({ name }) => name));
  const isOld = (problem: string) => !measured.has(problem.split(":")[0]);
  const cases = [...earlier.cases];
  for (const row of later.cases) {
    const at = cases.findIndex(({ name }) => name === row.name);
    if (at < 0) cases.push(row);
    else cases[at] = row;
  }
  return {
    ...later,
    peak: later.peak && { ...earlier.peak, ...later.peak },
    cases,
    sweep: later.sweep ?? earlier.sweep,
    problems: [...earlier.problems.filter(isOld), ...later.problems],
  };
}

/** Writes a file for each adapter. @returns their paths */
export function writeResults(report: Report, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const { others = [], ...first } = report;
  return [first, ...others].map((one) => {
    const path = join(folder, `${one.key}-${one.date}.json`);
    const whole = existsSync(path) ? merge(read(path), one) : one;
    writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
    return path;
  });
}

/** The newest report of each adapter. */
export function newestResults(folder: string): Report[] {
  const newest = new Map<string, Report>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
    const report = read(join(folder, name));
    const known = newest.get(report.key);
    if (!known || known.date < report.date) newest.set(report.key, report);
  }
  return [...newest.values()];
}
