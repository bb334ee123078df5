import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../examples/profile/main.ts", import.meta.url));
const start = (...words: string[]) => run(process.execPath, ["--import", "tsx", program, ...words]);

describe("the profile example", () => {
  it("prints where the time goes, and writes the trace", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tapegrad-"));
    try {
      const path = join(folder, "trace.json");
      const { stdout } = await start("mlp", path);
      expect(stdout).toMatch(/^profile of 10 steps on webgpu/m);
      expect(stdout).toMatch(/^matmul .* {2}bandwidth|compute/m);
      expect(stdout).toMatch(/A step takes .* ms/);
      expect(JSON.parse(await readFile(path, "utf8")).traceEvents.length).toBeGreaterThan(10);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says which networks there are", async () => {
    await expect(start("rnn")).rejects.toThrow(/unknown network "rnn"\. Use mlp or cnn\./);
  });
});
