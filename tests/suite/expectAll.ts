import type { SuiteResult } from "./suite.ts";

/** @throws Error naming every check that failed, or when there are suddenly fewer checks */
export function expectAll(results: readonly SuiteResult[], least = 1000): void {
  const failures = results.filter((r) => !r.ok).map((r) => `${r.name}: ${r.error}`);
  if (failures.length > 0) throw new Error(`${failures.length} failed:\n${failures.join("\n")}`);
  if (results.length < least) throw new Error(`only ${results.length} checks, not ${least}`);
}
