import type { TypedArray } from "../core/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tape } from "./tape.ts";
import type { TapeEntry, TapeInput, TapeSource } from "./tapeEntry.ts";
import { readAll } from "./tapeRead.ts";

/** What JSON can hold; numbers that it cannot are "NaN", "Infinity" and "-Infinity". */
export type JSONValue =
  | null
  | boolean
  | number
  | string
  | readonly JSONValue[]
  | { readonly [key: string]: JSONValue };

/** The elements in row-major order. */
export type JSONElements = readonly (number | "NaN" | "Infinity" | "-Infinity")[];

/** A tape as plain data; docs/tape.md describes each field. */
export interface TapeJSON {
  readonly format: "tapegrad.tape";
  readonly version: 1;
  /** The id of the entry (or source) that the tape's function returned. */
  readonly output: string;
  readonly seed: Described;
  readonly entries: readonly EntryJSON[];
  readonly sources: readonly SourceJSON[];
  readonly edges: readonly EdgeJSON[];
}

/** `values` is there only when it was asked for. */
export interface Described {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values?: JSONElements;
}

export interface EntryJSON extends Described {
  readonly id: string;
  readonly op: string;
  readonly name: string | null;
  readonly attrs: JSONValue;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly letters: Readonly<Record<string, string>>;
  readonly line: string | null;
  readonly nondifferentiable: string | null;
  readonly gradient: Described | null;
}

export interface SourceJSON extends Described {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly number: JSONValue;
  readonly children: readonly string[];
  readonly gradient: Described | null;
}

/** One use of a value; `from` is an entry or source, `to` the entry that uses it. */
export interface EdgeJSON {
  readonly from: string;
  readonly to: string;
  /** Which of the entry's inputs it is, and its letter in the formula. */
  readonly input: number;
  readonly letter: string | null;
  readonly formula: string;
  readonly summedOver: readonly number[];
  /** What flows back along the edge, or null. */
  readonly gradient: Described | null;
}

type Describe = (tensor: Tensor) => Described;

const idOf = (number: number): string => `%${number}`;

/** The tape without values. */
export const tapeJSON = (tape: Tape): TapeJSON =>
  written(tape, ({ shape, dtype }) => ({ shape: [...shape], dtype }));

/** The tape with all values and gradients, computed together. */
export async function tapeJSONWithValues(tape: Tape): Promise<TapeJSON> {
  const tensors = new Set<Tensor>();
  written(tape, (tensor) => {
    tensors.add(tensor);
    return tensor;
  });
  const data = await readAll([...tensors]);
  const values = new Map([...tensors].map((tensor, i) => [tensor, elements(data[i]!)]));
  return written(tape, (tensor) => {
    const { shape, dtype } = tensor;
    return { shape: [...shape], dtype, values: values.get(tensor) };
  });
}

const elements = (data: TypedArray): JSONElements =>
  Array.from(data, (value) => numberJSON(value) as JSONElements[number]);

function written(tape: Tape, describe: Describe): TapeJSON {
  const { entries, sources, output, seed } = tape;
  const isOutput = (tensor: Tensor): boolean => tensor.node === output.node;
  const last = entries.find((e) => isOutput(e.output)) ?? sources.find((s) => isOutput(s.tensor));
  return {
    format: "tapegrad.tape",
    version: 1,
    output: last!.id,
    seed: describe(seed),
    entries: entries.map((entry) => entryJSON(entry, describe)),
    sources: sources.map((source) => sourceJSON(source, describe)),
    edges: entries.flatMap((entry) =>
      entry.inputs.map((input, i) => edgeJSON(entry, input, i, describe)),
    ),
  };
}

function entryJSON(entry: TapeEntry, describe: Describe): EntryJSON {
  const { id, op, name, attrs, parents, children, letters, line, nondifferentiable } = entry;
  return {
    id,
    op,
    name,
    attrs: plain(attrs),
    ...describe(entry.output),
    parents: parents.map(idOf),
    children: children.map(idOf),
    letters,
    line,
    nondifferentiable,
    gradient: entry.incoming && describe(entry.incoming),
  };
}

function sourceJSON(source: TapeSource, describe: Describe): SourceJSON {
  const { id, name, kind, number, tensor, children, gradient } = source;
  return {
    id,
    name,
    kind,
    number: plain(number),
    ...describe(tensor),
    children: children.map(idOf),
    gradient: gradient && describe(gradient),
  };
}

function edgeJSON(to: TapeEntry, input: TapeInput, at: number, describe: Describe): EdgeJSON {
  const { source, entry, letter, formula, summedOver, outgoing } = input;
  return {
    from: source ?? `%${entry}`,
    to: to.id,
    input: at,
    letter,
    formula,
    summedOver,
    gradient: outgoing && describe(outgoing),
  };
}

const numberJSON = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value);

/** Attributes as JSON: what it cannot hold (functions) is left out. */
function plain(value: unknown): JSONValue {
  if (typeof value === "number") return numberJSON(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, numberJSON);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return null;
  const fields = Object.entries(value).filter(
    ([, v]) => !["function", "undefined"].includes(typeof v),
  );
  return Object.fromEntries(fields.map(([key, v]) => [key, plain(v)]));
}
