import { NO_ATTRS, type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { type Declaration, Declarations } from "./declarations.ts";
import { type Docstring, readDocstring } from "./docstring.ts";
import { type Binding, Sources } from "./modules.ts";
import { Primitives } from "./primitives.ts";
import { signaturesOf, typesIn } from "./signatures.ts";
import { torchNames } from "./torchNames.ts";

/** Formulas of one op, one text for each input that has a letter. */
export interface Derivative {
  readonly operands: readonly string[];
  /** Several where the attributes change them. */
  readonly formulas: readonly (readonly string[])[];
}

/** A function of the public API. */
export interface Entry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly family: string;
  readonly file: string;
  readonly signatures: readonly string[];
  readonly doc: Docstring;
  readonly torch: readonly string[];
  /** The op that it is, perhaps between changes of shape and dtype. */
  readonly op: RegisteredOp | null;
  /** The public functions and the ops that it is made of, by name. */
  readonly parts: readonly string[];
  /** The types that its signature names. */
  readonly types: readonly Declaration[];
}

/** A registered op, and where it is defined. */
export interface Primitive {
  readonly op: RegisteredOp;
  readonly file: string;
}

export interface Contents {
  readonly entries: readonly Entry[];
  readonly primitives: readonly Primitive[];
}

const INDEX = "src/ops/index.ts";

const familyOf = (file: string): string => file.split("/").at(-2)!;

/** Everything that the page says, read off the definitions. */
export function readContents(): Contents {
  const all = new Declarations(INDEX);
  const sources = new Sources(["src/ops", "src/tensor", "src/autodiff", "src/optim"]);
  const primitives = new Primitives(sources);
  const exported = all.exportsOf(INDEX).filter(([, { kind }]) => !/type|interface/.test(kind));
  const declared = new Map<Declaration, string[]>();
  for (const [name, declaration] of exported) {
    declared.set(declaration, [...(declared.get(declaration) ?? []), name]);
  }
  const publicNames = new Map<Binding, string>();
  for (const [declaration, names] of declared) {
    const binding = sources.find(declaration.file, declaration.name);
    if (binding !== null) publicNames.set(binding, ordered(names, declaration)[0]!);
  }
  const entries = [...declared].map(([declaration, names]) =>
    entryOf(declaration, names, { all, sources, primitives, publicNames }),
  );
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return {
    entries: entries.sort((a, b) => order(a.file, b.file)),
    primitives: registry
      .map((op) => ({ op, file: primitives.homeOf(op)?.file ?? "" }))
      .sort((a, b) => order(a.op.name, b.op.name)),
  };
}

interface Read {
  readonly all: Declarations;
  readonly sources: Sources;
  readonly primitives: Primitives;
  readonly publicNames: ReadonlyMap<Binding, string>;
}

function entryOf(declaration: Declaration, names: readonly string[], read: Read): Entry {
  const { all, sources, primitives, publicNames } = read;
  const [name, ...aliases] = ordered(names, declaration);
  const { file } = declaration;
  const family = familyOf(file);
  const source = sources.find(file, declaration.name);
  const own = source === null ? null : primitives.opOf(source);
  // What makes constants and draws, but no gradient comes back to.
  const isSource = (b: Binding) => familyOf(b.file) === "creation" || /generator/i.test(b.name);
  const isPublic = (b: Binding) => publicNames.has(b) && !isSource(b);
  const parts = source === null || own !== null ? [] : primitives.partsOf(source, isPublic);
  const same = parts.map((b) => primitives.opOf(b)).find((op) => op && names.includes(op.name));
  const signatures = signaturesOf(name!, declaration, { source, operands: own?.operands }, all);
  return {
    name: name!,
    aliases,
    family,
    file,
    signatures,
    doc: readDocstring(declaration.doc),
    torch: [name!, ...aliases]
      .filter((n, i) => i === 0 || !n.includes("."))
      .flatMap((n) => torchNames(n, family)),
    op: own ?? same ?? null,
    parts: [...new Set(parts.map((b) => publicNames.get(b) ?? primitives.opOf(b)!.name))].sort(),
    types: signatures.flatMap((signature) => typesIn(signature, file, all)),
  };
}

/** The name of the declaration itself first, those in a namespace last. */
function ordered(names: readonly string[], { name }: Declaration): string[] {
  const rank = (n: string) => (n === name ? 0 : n.split(".").length);
  return [...names].sort((a, b) => rank(a) - rank(b));
}

const LETTERS: readonly (readonly string[])[] = [[], ["x"], ["a", "b"], ["a", "b", "c"]];

/** The formulas of an op, for the attributes of its samples where these matter. */
export function derivativeOf(op: RegisteredOp): Derivative {
  const count = op.arity ?? 1;
  const operands = op.operands ?? LETTERS[count] ?? [];
  const { derivative } = op;
  const given =
    typeof derivative !== "function"
      ? [derivative]
      : op.samples().map((sample) => derivative((sample[op.arity] ?? NO_ATTRS) as never));
  const spread = given.map((texts) =>
    Array.from({ length: count }, (_, i) => texts[i] ?? texts.at(-1) ?? "none"),
  );
  const distinct = new Map(spread.map((texts) => [texts.join("\n"), texts]));
  return { operands, formulas: [...distinct.values()] };
}
