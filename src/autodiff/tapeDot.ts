import { show } from "../core/shape.ts";
import type { Tape } from "./tape.ts";
import type { TapeEntry, TapeInput, TapeSource } from "./tapeEntry.ts";
import { summedText } from "./tapeFormula.ts";
import { normsOf, showNorm } from "./tapeRead.ts";
import { shortPlace } from "./textColumns.ts";

export interface DotOptions {
  /** Computes every gradient, and writes its Euclidean norm. */
  readonly norms?: boolean;
}

/** The norm of the gradient that an input is passed, and of one that ends at a source. */
type Norms = ReadonlyMap<TapeInput | TapeSource, number>;

const HEAD = [
  '  graph [rankdir="TB"];',
  '  node [fontname="Helvetica", fontsize="10"];',
  '  edge [fontname="Helvetica", fontsize="9"];',
];

/**
 * The graph in the DOT language of Graphviz: boxes are ops, ellipses what they start from. Edges
 * point the way of the values and carry the formula of what flows back; where nothing does they
 * are dashed.
 */
export function tapeDot(tape: Tape, norms: Norms = new Map()): string {
  const { entries, sources, output } = tape;
  return [
    "digraph tape {",
    ...HEAD,
    ...sources.map((source) => sourceNode(source, norms)),
    ...entries.map((entry) => entryNode(entry, entry.output.node === output.node)),
    ...entries.flatMap((entry) => entry.inputs.map((input) => edge(entry, input, norms))),
    "}",
    "",
  ].join("\n");
}

export async function tapeDotWithNorms(tape: Tape): Promise<string> {
  const inputs = tape.entries.flatMap((entry) => entry.inputs);
  const gradients = [
    ...inputs.map((input) => [input, input.outgoing] as const),
    ...tape.sources.map((source) => [source, source.gradient] as const),
  ].flatMap(([part, gradient]) => (gradient === null ? [] : [[part, gradient] as const]));
  return tapeDot(tape, await normsOf(new Map(gradients)));
}

function sourceNode(source: TapeSource, norms: Norms): string {
  const { id, name, kind, tensor, gradient } = source;
  const type = kind === "number" ? [] : [`${tensor.dtype} ${show(tensor.shape)}`];
  return statement(id, {
    shape: kind === "number" ? "plaintext" : "ellipse",
    ...(gradient !== null && { style: "filled", fillcolor: "#fff2cc" }),
    label: [name, ...type, ...normText(source, norms)].join("\n"),
  });
}

function entryNode({ number, id, op, name, dtype, shape, line }: TapeEntry, last: boolean): string {
  const title = `${id} ${op}${name === null ? "" : ` (${name})`}`;
  const place = line === null ? [] : [shortPlace(line)];
  return statement(`n${number}`, {
    shape: "box",
    ...(last && { peripheries: "2" }),
    label: [title, `${dtype} ${show(shape)}`, ...place].join("\n"),
  });
}

function edge(to: TapeEntry, input: TapeInput, norms: Norms): string {
  const { source, entry, letter, formula, summedOver, outgoing } = input;
  const ends = `${source ?? `n${entry}`} -> n${to.number}`;
  if (outgoing === null) return statement(ends, { style: "dashed", color: "#999999" });
  const text = `${letter === null || to.inputs.length === 1 ? "" : `to ${letter}: `}${formula}`;
  const lines = [text + summedText(summedOver), ...normText(input, norms)];
  return statement(ends, { label: lines.join("\n") });
}

function normText(part: TapeInput | TapeSource, norms: Norms): string[] {
  const norm = norms.get(part);
  return norm === undefined ? [] : [`norm ${showNorm(norm)}`];
}

function statement(what: string, attributes: Readonly<Record<string, string>>): string {
  const list = Object.entries(attributes).map(([key, value]) => `${key}=${quoted(value)}`);
  return `  ${what} [${list.join(", ")}];`;
}

/** A backslash begins an escape in labels, a quote ends the string; control characters are out. */
function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/\r?\n|\r/g, "\\n");
  return `"${escaped.replace(/\p{Cc}/gu, " ")}"`;
}
