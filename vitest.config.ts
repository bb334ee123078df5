import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/setup/longestFirst.ts";
import { CountReporter } from "./tests/setup/reporter.ts";

export default defineConfig({
  resolve: { alias: { tapegrad: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    // Dawn aborts the process when a worker thread that uses it ends; processes end cleanly.
    pool: "forks",
    // Two cores are busier with two files: one that compiles or compares leaves the other to kernels.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", new CountReporter()],
  },
});
