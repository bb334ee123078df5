import { expect } from "vitest";
import type { SuiteResult } from "./suite.ts";

/** Every check passed, and there were not suddenly fewer. */
export function expectAll(results: readonly SuiteResult[], least = 1000): void {
  const failures = results.filter((r) => !r.ok).map((r) => `${r.name}: ${r.error}`);
  expect(failures).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(least);
}
