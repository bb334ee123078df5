import { describe, expect, it } from "vitest";
import { lossesApart, resultsApart } from "../../benchmarks/bench/agree.ts";
import { goalOf, rowNames } from "../../benchmarks/bench/goals.ts";
import { slowPeers } from "../../benchmarks/bench/peerCheck.ts";
import { withTables } from "../../benchmarks/bench/readme.ts";
import {
  failures,
  makeRow,
  type Outcomes,
  type Report,
  type Row,
  statusOf,
} from "../../benchmarks/bench/report.ts";
import { keyOf, merge } from "../../benchmarks/bench/results.ts";
import { reportText } from "../../benchmarks/bench/tables.ts";

const about = { name: "mlp", title: "MLP", unit: "ms", goal: { ratio: 1.9 } } as const;

const outcomes: Outcomes = {
  tapegrad: { values: [50, 40, 60] },
  "jax-js": { values: [100, 90, 130] },
  "TensorFlow.js": { values: [450, 440, 470] },
  limit: { values: [40, 39, 41] },
};

const row = (given: Outcomes = outcomes, goal: Row["goal"] = about.goal): Row =>
  makeRow({ ...about, goal }, given);

const report = (cases: Row[], more: Partial<Report> = {}): Report => ({
  ...{ key: "swiftshader", adapter: "SwiftShader", date: "2026-01-02", versions: { Node: "20" } },
  ...{ peak: null, cases, problems: [], ...more },
});

describe("a row of the report", () => {
  it("holds medians, spreads, and best / tapegrad", () => {
    expect(row()).toMatchObject({
      tapegrad: 50,
      peers: { "jax-js": 100, "TensorFlow.js": 450 },
      limit: 40,
      spread: { tapegrad: [40, 60], limit: [39, 41] },
      best: 100,
      ratio: 2,
    });
    expect(statusOf(row())).toBe("reached");
  });

  it("falls short of a ratio and of a value of its own", () => {
    expect(statusOf(row(outcomes, { ratio: 2.1 }))).toBe("short");
    expect(statusOf(row(outcomes, { ratio: 1.9, value: 49 }))).toBe("short");
    expect(statusOf(row(outcomes, { value: 50 }))).toBe("reached");
    expect(statusOf(row(outcomes, {}))).toBe("no goal");
  });

  it("goes on without a peer that was given up, and says so", () => {
    const given: Outcomes = { ...outcomes, "jax-js": { givenUp: "over 100 s" } };
    expect(row(given)).toMatchObject({ peers: { "jax-js": null }, best: 450, ratio: 9 });
    expect(row(given).notes).toEqual(["jax-js given up: over 100 s"]);
    expect(failures("mlp", given)).toEqual([]);
  });

  it("has no ratio where no peer finished, which no goal of a ratio misses", () => {
    const alone: Outcomes = { tapegrad: { values: [1] }, "jax-js": { givenUp: "late" } };
    expect(row(alone)).toMatchObject({ best: null, ratio: null });
    expect(statusOf(row(alone))).toBe("not measured");
    expect(statusOf(row(alone, { ratio: 20, value: 2 }))).toBe("reached");
  });

  it("reports a side that failed as a fault", () => {
    const given: Outcomes = { ...outcomes, tapegrad: { failed: "no device" } };
    expect(statusOf(row(given))).toBe("not measured");
    expect(failures("mlp", given)).toEqual(["mlp: tapegrad failed: no device"]);
  });

  it("compares with the limit where the goal says so", () => {
    const given = row(outcomes, { ratio: 0.85, against: "limit" });
    expect(given).toMatchObject({ best: 40, ratio: 0.8 });
    expect(statusOf(given)).toBe("short");
  });
});

describe("the checks of a run", () => {
  it("find losses apart by more than a thousandth at a common step", () => {
    const ours = new Map([
      [0, 2],
      [1, 1.5],
      [2, 1],
    ]);
    const near = new Map([
      [0, 2.001],
      [2, 1.0005],
      [9, 7],
    ]);
    expect(
      lossesApart("mlp", [
        ["tapegrad", ours],
        ["jax-js", near],
      ]),
    ).toEqual([]);
    const far = new Map([[2, 1.01]]);
    const [problem] = lossesApart("mlp", [
      ["tapegrad", ours],
      ["jax-js", far],
    ]);
    expect(problem).toBe("mlp: the losses at step 2 differ: tapegrad 1, jax-js 1.01");
    const none = new Map([[1, Number.NaN]]);
    expect(
      lossesApart("mlp", [
        ["tapegrad", ours],
        ["jax-js", none],
      ]),
    ).toHaveLength(1);
  });

  it("find results apart", () => {
    expect(
      resultsApart("sum", [
        ["tapegrad", 1],
        ["limit", 1.0001],
      ]),
    ).toEqual([]);
    expect(
      resultsApart("sum", [
        ["tapegrad", 1],
        ["limit", 1.1],
      ]),
    ).toHaveLength(1);
  });

  it("find a peer that is a quarter slower beside the limit than elsewhere", () => {
    // Elsewhere 95 ms beside 41.7 ms: twice that on a machine half as fast is no fault.
    const slow = (jaxJs: number) =>
      row({ limit: { values: [83.4] }, "jax-js": { values: [jaxJs] }, tapegrad: { values: [9] } });
    expect(slowPeers("swiftshader", [slow(190)])).toEqual([]);
    expect(slowPeers("swiftshader", [slow(237)])).toEqual([]);
    expect(slowPeers("swiftshader", [slow(239)])).toHaveLength(1);
    expect(slowPeers("default", [slow(239)])).toEqual([]);
  });
});

describe("what a run prints and writes", () => {
  it("is a table with every case, notes, problems and other adapters", () => {
    const other = report([], { adapter: "another" });
    const text = reportText(report([row()], { problems: ["mlp: wrong"], others: [other] }));
    expect(text).toMatch(/^SwiftShader, 2026-01-02\nNode 20/);
    expect(text).toMatch(/mlp +ms +50.0 +40.0..60.0 +100 +450 +40.0 +2.00 +x1.9 +reached/);
    expect(text).toMatch(/PROBLEM mlp: wrong[\s\S]*another/);
  });

  it("replaces what was measured again, and keeps the rest of the day", () => {
    const sum = { ...row(), name: "sum" };
    const earlier = report([row(), sum], { problems: ["mlp: old", "sum: old"] });
    const later = report([{ ...row(), tapegrad: 45 }], { problems: ["mlp: new"] });
    const whole = merge(earlier, later);
    expect(whole.cases.map(({ name, tapegrad }) => [name, tapegrad])).toEqual([
      ["mlp", 45],
      ["sum", 50],
    ]);
    expect(whole.problems).toEqual(["sum: old", "mlp: new"]);
  });

  it("fills the README between its marks", () => {
    const begin = "<!-- benchmarks: written by npm run -s bench -- --readme -->";
    const text = `before\n${begin}\nold\n<!-- /benchmarks -->\nafter`;
    const filled = withTables(text, [report([row()])]);
    expect(filled).toMatch(/^before\n/);
    expect(filled).toContain("| MLP | ms | 50.0 | 100 | 450 | 40.0 | 2.0 |");
    expect(filled).toMatch(/<!-- \/benchmarks -->\nafter$/);
    expect(filled).not.toContain("old");
    expect(() => withTables("no marks", [])).toThrow(/has no lines/);
  });

  it("names files by the adapter", () => {
    expect(keyOf("NVIDIA H200 (driver 1.2)")).toBe("nvidia-h200-driver");
  });

  it("has a goal for every row", () => {
    for (const name of rowNames) expect(goalOf(name)).not.toEqual({});
  });
});
