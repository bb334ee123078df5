import { show } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { idOfOutput } from "./explainPaths.ts";
import { writtenOut } from "./explainProduct.ts";
import {
  derivativeBy,
  type Explained,
  type ExplainedStep,
  type ExplainedTerm,
} from "./explainSteps.ts";
import type { TapeEntry } from "./tapeEntry.ts";
import { showNorm } from "./tapeRead.ts";
import { alignColumns, shortPlace } from "./textColumns.ts";

type Norms = ReadonlyMap<Tensor, number> | null;

/** The explanation as text: forward, backward, paths, and the product written out. */
export function explanationText(explained: Explained, norms: Norms): string {
  const { chain, name, tape, gradient } = explained;
  const last = idOfOutput(tape);
  const by = derivativeBy(name);
  const title = `${by} ${show(gradient.shape)}: the chain rule from the loss L = ${last} to ${name}`;
  const forward = section("forward", alignColumns(chain.entries.map((e) => forwardRow(e, last))));
  const backward = section("backward, where gₙ is dL/d%n", backwardLines(explained, norms));
  const product = writtenOut(explained);
  return [
    title,
    ...(chain.entries.length === 0 ? [] : forward),
    ...backward,
    ...section(pathsTitle(chain.pathCount), pathLines(explained)),
    ...(product === null ? [] : section("written out", [`${by} = ${product}`])),
  ].join("\n");
}

const section = (title: string, lines: readonly string[]): string[] => [
  "",
  title,
  ...lines.map((line) => `  ${line}`),
];

function forwardRow({ id, name, op, inputs, attrs, dtype, shape, line }: TapeEntry, last: string) {
  const given = [...inputs.map((input) => input.name), ...attrTexts(attrs)].join(", ");
  const called = name === null ? id : `${id} = ${name}`;
  const equation = `${id === last ? "L = " : ""}${called} = ${op}(${given})`;
  return [equation, `${dtype} ${show(shape)}`, line === null ? "" : shortPlace(line)];
}

/** Attributes that say more than the shapes: axes, orders, flags that are set. */
function attrTexts(attrs: TapeEntry["attrs"]): string[] {
  return Object.entries(attrs).flatMap(([key, value]) => {
    if (key === "shape" || key === "trusted") return [];
    if (value === true || typeof value === "number" || typeof value === "string") {
      return [`${key}: ${value}`];
    }
    const isShort = Array.isArray(value) && value.length < 9;
    return isShort && value.every((v) => typeof v === "number") ? [`${key}: ${show(value)}`] : [];
  });
}

function backwardLines({ steps }: Explained, norms: Norms): string[] {
  return alignColumns(steps.flatMap((step) => stepRows(step, norms)));
}

function stepRows(step: ExplainedStep, norms: Norms): string[][] {
  const { symbol, terms, hooked, gradient } = step;
  const indent = " ".repeat([...symbol].length);
  const row = (start: string, text: string, of: Tensor, why: string): string[] => {
    const norm = norms === null ? [] : [normText(norms.get(of)!)];
    return [`${start} ${text}`, show(of.shape), ...norm, why];
  };
  const rows = terms.map((term, i) =>
    row(i === 0 ? `${symbol} =` : `${indent} +`, term.text, term.gradient, whyText(term)),
  );
  if (hooked) rows.push(row(`${indent} =`, "that, after a hook", gradient, ""));
  else if (norms !== null && terms.length > 1)
    rows.push(row(`${indent} =`, "the sum", gradient, ""));
  return rows;
}

/** `matmul (B)`: the op, and which of its inputs the gradient goes to. */
function whyText({ entry, input }: ExplainedTerm): string {
  if (entry === null || input === null) return "where the pass begins";
  return entry.inputs.length > 1 && input.letter !== null
    ? `${entry.op} (${input.letter})`
    : entry.op;
}

function normText(norm: number): string {
  const remark = norm === 0 ? ", all zero" : Number.isFinite(norm) ? "" : ", not finite";
  return `norm ${showNorm(norm)}${remark}`;
}

const pathsTitle = (count: bigint): string =>
  count === 1n ? "along one path" : `along ${count} paths, which are summed`;

function pathLines({ chain, name, targets, tape }: Explained): string[] {
  const by = derivativeBy(name);
  const ids = new Set(targets.map(({ id }) => id));
  const lines = chain.paths.map((path, i) => {
    const start = i === 0 ? `${by} =` : `${" ".repeat(by.length)} +`;
    return `${start} ${
      factorsOf(
        path.map((id) => (ids.has(id) ? name : id)),
        idOfOutput(tape),
      ) || "1"
    }`;
  });
  const rest = chain.pathCount - BigInt(chain.paths.length);
  if (rest > 0n) lines.push(`${" ".repeat(by.length)} + ${rest} more, which share their steps`);
  return lines;
}

/** dL/d%4 · d%4/d%2 · d%2/d(w) */
function factorsOf(path: readonly string[], last: string): string {
  return path
    .slice(1)
    .map((id, i) => {
      const above = path[i] === last ? "L" : path[i]!;
      return derivativeBy(id).replace("dL", `d${above}`);
    })
    .join(" · ");
}
