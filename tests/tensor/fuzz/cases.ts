import type { CaseData } from "./graphData.ts";

/**
 * Graphs that once gave something else than float64, shrunk; every run of the fuzzer begins with
 * them. Paste here what a failing run prints, with a line on what was wrong.
 */
export const cases: readonly { readonly was: string; readonly data: CaseData }[] = [];
