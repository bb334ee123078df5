import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { History } from "../../examples/digits/records.ts";
import { findDeno } from "../../scripts/findDeno.ts";
import { parseSafetensors } from "../../src/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tapegrad-digits-"));
const program = ["scripts/run.mjs", "examples/digits/main.ts"];

afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the job as a user would; its output is no terminal. */
function runJob(args: string[], command: string[] = [process.execPath]): Promise<Outcome> {
  const [file = "", ...first] = command;
  return new Promise((resolve) => {
    execFile(file, [...first, ...program, ...args], { cwd: root }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const read = (out: string, name: string) => readFileSync(join(out, name));

describe("the job", () => {
  it.each(["webgpu", "cpu"])("trains on %s and writes its results", async (device) => {
    const out = join(folder, device);
    const { status, stdout, stderr } = await runJob([
      "--epochs=2",
      `--device=${device}`,
      "--out",
      out,
    ]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^device: ${device} `));
    expect(stdout).toMatch(/^epoch 2\/2 .*loss .*accuracy .*gradient norm .*linear 3 /m);
    expect(stdout).toMatch(/\ntest accuracy 0\.[89]\d\d\n$/);
    const history: History = JSON.parse(read(out, "history.json").toString());
    expect(history.epochs).toHaveLength(2);
    expect(history.steps).toHaveLength(90);
    expect(history.epochs[1]!.testLoss).toBeLessThan(history.epochs[0]!.testLoss);
    const { tensors } = parseSafetensors(read(out, "weights.safetensors"), "weights");
    expect(tensors.get("0.weight")!.shape).toEqual([128, 64]);
  });

  it("gives the same weights for the same seed, and others for another", async () => {
    const outs = ["a", "b", "c"].map((name) => join(folder, name));
    for (const [i, out] of outs.entries()) {
      await runJob(["--dataset=iris", "--epochs=2", `--seed=${i === 2 ? 8 : 7}`, "--out", out]);
    }
    const [a, b, c] = outs.map((out) => read(out, "weights.safetensors"));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
  });

  it("runs under Deno", async () => {
    const out = join(folder, "deno");
    const args = ["--dataset=iris", "--epochs=5", "--out", out];
    const { status, stdout } = await runJob(args, [findDeno(root), "run", "-A", "--no-check"]);
    expect(status).toBe(0);
    expect(stdout).toContain("in Deno");
    expect(stdout).toMatch(/\ntest accuracy [01]\.\d{3}\n$/);
    expect(existsSync(join(out, "report.html"))).toBe(true);
  });

  it.each([
    ["--dataset=mnist", /Allowed choices are digits, iris, wine, breast_cancer/],
    ["--optimizer=rms", /Allowed choices are sgd, momentum, nesterov, adam, adamw/],
    ["--device=gpu", /Allowed choices are webgpu, cpu/],
    ["--epochs=0", /Allowed are whole numbers from 1 on/],
    ["--batch=1.5", /Allowed are whole numbers from 1 on/],
    ["--lr=fast", /Allowed are numbers above 0/],
    ["--seed=-1", /Allowed are whole numbers from 0 on/],
    ["--speed=1", /unknown option '--speed=1'/],
    ["digits", /too many arguments/],
  ])("refuses %s", async (argument, message) => {
    const { status, stdout, stderr } = await runJob([argument]);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });

  it("says so when the training diverges", async () => {
    const args = ["--dataset=iris", "--optimizer=sgd", "--lr=1e38", "--epochs=3", "--device=cpu"];
    const { status, stderr } = await runJob([...args, "--out", join(folder, "diverged")]);
    expect(stderr).toMatch(/^error: train: the training has diverged; .*Use a smaller lr\.$/m);
    expect(status).toBe(1);
  });
});
