import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ChromeTrace,
  init,
  type ProfileReport,
  printProfile,
  profile,
  saveProfile,
} from "tapegrad";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { trainingStep } from "./step.ts";

let report: ProfileReport;

beforeAll(async () => {
  await init({ device: "webgpu" });
  report = await profile(trainingStep().step, { steps: 3, method: "timestamps" });
});

describe("the table", () => {
  it("names device, method and peaks, and has a line for each kernel and one for the sum", () => {
    const [heading, how, , head, rule, ...rest] = String(report).split("\n");
    expect(heading).toBe(`profile of 3 steps on ${report.device}`);
    expect(how).toMatch(/timestamp queries; .* GB\/s, .* GFLOP\/s$/);
    expect(head).toMatch(/^kernel +launches +ms +% of time +MB +GB\/s +MFLOP +GFLOP\/s +limit/);
    expect(rule).toMatch(/^─+$/);
    const lines = rest.slice(0, report.kernels.length);
    for (const [i, line] of lines.entries()) {
      expect(line.startsWith(report.kernels[i].label.slice(0, 50))).toBe(true);
    }
    expect(rest[report.kernels.length]).toMatch(/^─+$/);
    expect(rest[report.kernels.length + 1]).toMatch(/^sum .* 100\.0 /);
    expect(rest.join("\n")).toMatch(/A step takes .* ms: .* idle .*\nThe host needs .* 1 submit,/);
  });

  it("aligns its columns", () => {
    const lines = String(report).split("\n");
    const head = lines.findIndex((line) => line.startsWith("kernel "));
    const ends = ["launches", "ms", "% of time", "GB/s"].map(
      (name) => lines[head].indexOf(name) + name.length,
    );
    for (const line of lines.slice(head + 2, head + 2 + report.kernels.length)) {
      for (const end of ends) expect(line.slice(end - 1, end + 1)).toMatch(/^[\d–] $/);
    }
  });

  it("is what printProfile prints", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    printProfile(report);
    expect(log).toHaveBeenCalledWith(String(report));
    log.mockRestore();
  });
});

describe("the trace", () => {
  const events = (trace: ChromeTrace, tid: number) =>
    trace.traceEvents.filter((e) => e.ph === "X" && e.tid === tid);

  it("has the kernels on one track and the steps on another, and none overlap", () => {
    const trace = JSON.parse(JSON.stringify(report.toChromeTrace())) as ChromeTrace;
    const [host, kernels] = [events(trace, 1), events(trace, 2)];
    expect(host.map((e) => e.name)).toEqual(["step 0", "step 1", "step 2"]);
    expect(kernels).toHaveLength(3 * report.step.launches);
    for (const track of [host, kernels]) {
      let end = 0;
      for (const { ts, dur } of track) {
        expect(ts).toBeGreaterThanOrEqual(end);
        expect(dur).toBeGreaterThanOrEqual(0);
        end = ts + (dur as number);
      }
    }
  });

  it("begins kernels after they were submitted, and tells what they do", () => {
    const { traceEvents } = report.toChromeTrace();
    const submits = traceEvents.filter((e) => e.ph === "i").map((e) => e.ts);
    const kernels = traceEvents.filter((e) => e.ph === "X" && e.tid === 2);
    expect(kernels[0].ts).toBeGreaterThanOrEqual(submits[0]);
    const { label, bytes, flops, workgroups } = report.launches[0];
    expect(kernels[0]).toMatchObject({ name: label, args: { bytes, flops, workgroups } });
    const names = traceEvents.filter((e) => e.ph === "M").map((e) => e.args?.name);
    expect(names).toEqual(["tapegrad", "host", report.device]);
  });

  it("is what saveProfile writes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tapegrad-"));
    try {
      const path = join(folder, "trace.json");
      await saveProfile(report, path);
      const saved = JSON.parse(await readFile(path, "utf8"));
      expect(saved).toEqual(JSON.parse(JSON.stringify(report.toChromeTrace())));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("of kernels timed alone puts them behind each other", async () => {
    const alone = await profile(trainingStep().step, { steps: 1, method: "alone" });
    const kernels = events(alone.toChromeTrace(), 2);
    expect(kernels).toHaveLength(alone.step.launches);
    for (const [i, { ts, dur }] of kernels.slice(0, -1).entries()) {
      expect(kernels[i + 1].ts).toBeCloseTo(ts + (dur as number), 3);
    }
  });
});
