import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "@ts-graphviz/ast";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../../examples/tape/main.ts", import.meta.url));
const start = (...words: string[]) => run(process.execPath, ["--import", "tsx", program, ...words]);

describe("the tape example", () => {
  it("prints the tape and the chain rule", async () => {
    const { stdout } = await start();
    expect(stdout).toContain("tape of 6 entries, output []");
    expect(stdout).toMatch(/dL\/d\(hidden\.weight\) = g₀ᵀ x +\[3, 2\] +norm 0\.\d+ +matmul \(B\)/);
  });

  it("draws the graph", async () => {
    const { stdout } = await start("dot");
    expect(() => parse(stdout)).not.toThrow();
    expect(stdout).toContain("norm 0.");
  });
});
