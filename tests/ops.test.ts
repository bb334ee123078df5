import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CpuDevice } from "../src/cpu/device.ts";
import { runInBrowser } from "./setup/browser.ts";
import { runInDeno } from "./setup/deno.ts";
import { runNonFinite } from "./suite/nonFinite.ts";
import { run, type SuiteReport } from "./suite/program.ts";
import { runOpSuite, type SuiteResult } from "./suite/suite.ts";

const program = fileURLToPath(new URL("suite/program.ts", import.meta.url));
const MINUTES = 60_000;

const failures = (results: readonly SuiteResult[]): string[] =>
  results.filter((r) => !r.ok).map((r) => `${r.name}: ${r.error}`);

function expectAll({ results }: Pick<SuiteReport, "results">): void {
  expect(failures(results)).toEqual([]);
  expect(results.length).toBeGreaterThan(400);
}

describe("every sample of every op", () => {
  const oracle = new CpuDevice({ precision: "float64" });

  it("gives on the float32 interpreter what float64 gives", async () => {
    const device = new CpuDevice({ precision: "float32" });
    const results = [
      ...(await runOpSuite(device, oracle)),
      ...(await runNonFinite(device, oracle)),
    ];
    expectAll({ results });
  });

  it("gives on WebGPU in Node what float64 gives", async () => expectAll(await run()), 5 * MINUTES);

  it(
    "gives in the kernels for real GPUs what float64 gives",
    async () => expectAll(await run({ hardware: true })),
    5 * MINUTES,
  );

  it(
    "gives on WebGPU in Deno what float64 gives",
    async () => {
      expectAll(await runInDeno<SuiteReport>(program));
    },
    5 * MINUTES,
  );

  it(
    "gives on WebGPU in Chromium what float64 gives",
    async () => {
      expectAll(await runInBrowser<SuiteReport>(program));
    },
    5 * MINUTES,
  );
});
