import { type ASTNode, parse } from "@ts-graphviz/ast";
import { beforeAll, describe, expect, it } from "vitest";
import { type Tape, tape } from "../../src/autodiff/tape.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { add, clamp, exp, log, mul, sum, tanh, tensor } from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const variable = (name: string, values: Parameters<typeof tensor>[0]): Variable =>
  new Variable(tensor(values), { name, requiresGrad: true });

function example(): Tape {
  const [w, b] = [variable("w", [[1, 2]]), variable("b", [0.5, 0.25])];
  return tape(() => sum(tanh(add(mul(w, 3), b))));
}

/** Where the file stands in the lines of nodes. */
const withoutLines = (text: string): string => text.replace(/\\n[^\\"]*\.test\.ts:\d+:\d+/g, "");

interface Drawn {
  readonly nodes: string[];
  readonly edges: string[];
  readonly labels: string[];
}

/** What a DOT parser understands of the text. */
function parsed(text: string): Drawn {
  const drawn: Drawn = { nodes: [], edges: [], labels: [] };
  const visit = (node: ASTNode): void => {
    if (node.type === "Node") drawn.nodes.push(node.id.value);
    if (node.type === "Edge") {
      drawn.edges.push(node.targets.map((t) => ("id" in t ? t.id.value : "?")).join(" -> "));
    }
    if (node.type === "Attribute" && node.key.value === "label")
      drawn.labels.push(node.value.value);
    if ("children" in node) for (const child of node.children) visit(child);
  };
  visit(parse(text));
  return drawn;
}

describe("tape.toDot", () => {
  it("draws ops, shapes and formulas", () => {
    expect(withoutLines(example().toDot())).toBe(`digraph tape {
  graph [rankdir="TB"];
  node [fontname="Helvetica", fontsize="10"];
  edge [fontname="Helvetica", fontsize="9"];
  s0 [shape="ellipse", style="filled", fillcolor="#fff2cc", label="w\\nfloat32 [1, 2]"];
  s1 [shape="plaintext", label="3"];
  s2 [shape="ellipse", style="filled", fillcolor="#fff2cc", label="b\\nfloat32 [2]"];
  n0 [shape="box", label="%0 mul\\nfloat32 [1, 2]"];
  n1 [shape="box", label="%1 add\\nfloat32 [1, 2]"];
  n2 [shape="box", label="%2 tanh\\nfloat32 [1, 2]"];
  n3 [shape="box", peripheries="2", label="%3 sum\\nfloat32 []"];
  s0 -> n0 [label="to a: g·b"];
  s1 -> n0 [style="dashed", color="#999999"];
  n0 -> n1 [label="to a: g"];
  s2 -> n1 [label="to b: g, summed over axis 0"];
  n1 -> n2 [label="g·(1 - tanh²x)"];
  n2 -> n3 [label="g repeated over the summed axes"];
}
`);
  });

  it("is understood by a parser, node by node and edge by edge", () => {
    const t = example();
    const { nodes, edges } = parsed(t.toDot());
    expect(nodes).toEqual(["s0", "s1", "s2", "n0", "n1", "n2", "n3"]);
    expect(edges).toEqual(["s0 -> n0", "s1 -> n0", "n0 -> n1", "s2 -> n1", "n1 -> n2", "n2 -> n3"]);
  });

  it("writes norms where they are asked for", async () => {
    const w = variable("w", [3, 4]);
    const dot = await tape(() => sum(mul(w, tensor([3, 4])))).toDot({ norms: true });
    expect(parsed(dot).labels).toContain("to a: g·b\\nnorm 5");
    expect(parsed(dot).labels).toContain("w\\nfloat32 [2]\\nnorm 5");
  });

  it("escapes names", () => {
    const name = 'a "b" \\N {c|d} <e>\n\u0007end\\';
    const { labels, nodes } = parsed(tape(() => sum(variable(name, [1]))).toDot());
    expect(nodes).toEqual(["s0", "n0"]);
    // In a label \\ is a backslash and \n a new line.
    expect(labels[0]!.replaceAll('\\"', '"')).toBe(
      'a "b" \\\\N {c|d} <e>\\n end\\\\\\nfloat32 [1]',
    );
  });
});

describe("tape.toJSON", () => {
  it("gives entries, sources and edges", () => {
    const json = JSON.parse(JSON.stringify(example()));
    expect(Object.keys(json)).toEqual([
      "format",
      "version",
      "output",
      "seed",
      "entries",
      "sources",
      "edges",
    ]);
    expect([json.format, json.version, json.output]).toEqual(["tapegrad.tape", 1, "%3"]);
    expect(json.entries[1]).toEqual({
      id: "%1",
      op: "add",
      name: null,
      attrs: {},
      shape: [1, 2],
      dtype: "float32",
      parents: ["%0"],
      children: ["%2"],
      letters: {},
      line: expect.stringMatching(/tapeExport\.test\.ts:\d+:\d+$/),
      nondifferentiable: null,
      gradient: { shape: [1, 2], dtype: "float32" },
    });
    expect(json.sources[1]).toEqual({
      id: "s1",
      name: "3",
      kind: "number",
      number: 3,
      shape: [],
      dtype: "float32",
      children: ["%0"],
      gradient: null,
    });
    expect(json.edges[3]).toEqual({
      from: "s2",
      to: "%1",
      input: 1,
      letter: "b",
      formula: "g",
      summedOver: [0],
      gradient: { shape: [2], dtype: "float32" },
    });
  });

  it("holds all values when asked, also those that JSON has no numbers for", async () => {
    const w = variable("w", [0, -1, 1]);
    const t = tape(() => sum(clamp(log(w), -Infinity, 5)));
    const json = JSON.parse(JSON.stringify(await t.toJSON({ values: true })));
    expect(json.sources[0].values).toEqual([0, -1, 1]);
    expect(json.entries[0].values).toEqual(["-Infinity", "NaN", 0]);
    expect(json.sources[0].gradient.values[0]).toBe("Infinity");
    expect(json.seed.values).toEqual([1]);
    const numbers = json.sources.map((s: { number: unknown }) => s.number);
    expect(numbers).toEqual([null, "-Infinity", 5]);
  });

  it("gives the values that the entries give", async () => {
    const t = example();
    const json = await t.toJSON({ values: true });
    for (const [i, e] of t.entries.entries()) {
      expect(json.entries[i]!.values).toEqual([...(await e.value())]);
      expect(json.entries[i]!.gradient!.values).toEqual([...(await e.gradient())!]);
    }
    expect(json.edges[3]!.gradient!.values).toEqual([...(await t.leaves[1]!.gradient.data())]);
  });

  it("leaves nothing out of a tape with an attribute of every kind", () => {
    const w = variable("w", [[1, 2]]);
    const json = JSON.parse(JSON.stringify(tape(() => sum(sum(exp(w), 1)))));
    expect(json.entries.map((e: { attrs: object }) => Object.keys(e.attrs))).toEqual([
      [],
      ["axes", "keepDims"],
      ["axes", "keepDims"],
    ]);
  });
});
