import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSuites } from "../scripts/oracle/golden.ts";
import { type Outcome, runSuites } from "../scripts/oracle/run.ts";
import { type InitOptions, init } from "../src/index.ts";

const folder = fileURLToPath(new URL("golden/oracle", import.meta.url));
const MINUTES = 60_000;

/** How many cases of each suite pass at least: none may quietly become unsupported. */
const AT_LEAST = {
  clip: 11,
  extreme: 43,
  init: 53,
  opinfo: 779,
  ops: 188,
  optim: 14,
  rnn: 10,
  second_order: 3,
};

const devices: Readonly<Record<"cpu" | "webgpu", InitOptions>> = {
  cpu: { device: "cpu", precision: "float64" },
  webgpu: { device: "webgpu" },
};

async function outcomesOf(suite: string, options: InitOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const open = () => init(options);
  for await (const outcome of runSuites(readSuites(folder, suite), open)) outcomes.push(outcome);
  return outcomes;
}

const failures = (outcomes: readonly Outcome[]): string[] =>
  outcomes
    .filter((o) => o.verdict === "failed")
    .map(({ name, notes }) => `${name}: ${notes.join("; ")}`);

describe.each(["cpu", "webgpu"] as const)("PyTorch's golden cases on %s", (kind) => {
  it.each(Object.entries(AT_LEAST))(
    "%s",
    async (suite, least) => {
      const outcomes = await outcomesOf(suite, devices[kind]);
      expect(failures(outcomes)).toEqual([]);
      const passed = outcomes.filter((o) => o.verdict === "passed");
      expect(passed.length).toBeGreaterThanOrEqual(least);
    },
    10 * MINUTES,
  );
});
