import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { MemoryReport, Sample } from "./memoryProgram.ts";

const program = fileURLToPath(new URL("memoryProgram.ts", import.meta.url));
const MEGABYTE = 2 ** 20;
const TWO_MINUTES = 120_000;

interface Settings {
  /** Compute nothing, where only memory counts. */
  readonly idle: boolean;
  readonly stops: readonly number[];
}

/** Runs the program in a process of its own, in which garbage can be collected on demand. */
async function memoryOf(what: string, { idle, stops }: Settings): Promise<MemoryReport> {
  const env = { ...process.env, ...(idle ? { TAPEGRAD_DAWN: "backend=null" } : {}) };
  const flags = ["--expose-gc", "--import", "tsx"];
  const args = [...flags, program, what, ...stops.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as MemoryReport;
}

function expectFlat(before: Sample, after: Sample): void {
  expect(after.deviceBytes).toBe(before.deviceBytes);
  expect(after.heap - before.heap).toBeLessThan(MEGABYTE);
  expect(after.pipelines).toBe(0);
}

describe("memory stays flat", () => {
  it.each(["compiled", "plain"])(
    "over 10 000 training steps, %s",
    async (what) => {
      const { samples } = await memoryOf(what, { idle: true, stops: [1000, 10_000] });
      expectFlat(samples[0], samples[1]);
    },
    TWO_MINUTES,
  );

  it(
    "over 100 000 steps of a running total that nobody reads, and nothing is compiled",
    async () => {
      const { samples } = await memoryOf("total", { idle: true, stops: [512, 10_000, 100_000] });
      expect(samples[1].pipelines).toBe(0);
      expectFlat(samples[1], samples[2]);
    },
    TWO_MINUTES,
  );

  it(
    "over 1 000 steps that are computed, and the total is right",
    async () => {
      const { samples, last } = await memoryOf("total", { idle: false, stops: [300, 1000] });
      expectFlat(samples[0], samples[1]);
      // Each loss is the mean of 0, 1, 4 and 9; the total starts at 4.
      expect(last).toBe(4 + 3.5 * 1000);
    },
    TWO_MINUTES,
  );
});
