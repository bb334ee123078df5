import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { runInBrowser } from "./setup/browser.ts";
import { runInDeno } from "./setup/deno.ts";
import { expectAll } from "./suite/expectAll.ts";
import type { SuiteOptions, SuiteReport } from "./suite/program.ts";

const program = fileURLToPath(new URL("suite/program.ts", import.meta.url));
const MINUTES = 60_000;
const options: SuiteOptions = { valuesOnly: true };

describe("every sample of every op", () => {
  it(
    "gives on WebGPU in Deno what float64 gives",
    async () => {
      const { results } = await runInDeno<SuiteReport>(program, options);
      expectAll(results);
    },
    10 * MINUTES,
  );

  it(
    "gives on WebGPU in Chromium what float64 gives",
    async () => {
      const { results } = await runInBrowser<SuiteReport>(program, options);
      expectAll(results);
    },
    10 * MINUTES,
  );
});
