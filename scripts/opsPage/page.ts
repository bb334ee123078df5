import type { RegisteredOp } from "../../src/tensor/op.ts";
import type { Declaration } from "./declarations.ts";
import { type Contents, derivativeOf, type Entry, type Primitive } from "./entries.ts";
import { plainType } from "./signatures.ts";

/** The families in the order of the page: folder of src/ops, title. */
const FAMILIES: readonly (readonly [string, string])[] = [
  ["creation", "Creation"],
  ["elementwise", "Element-wise"],
  ["reduce", "Reductions"],
  ["scan", "Cumulative"],
  ["sort", "Sorting, counting, searching"],
  ["movement", "Shapes and movement"],
  ["indexing", "Indexing"],
  ["linalg", "Linear algebra"],
  ["conv", "Convolution"],
  ["pool", "Pooling"],
  ["resample", "Resampling"],
  ["norm", "Normalization layers"],
  ["recurrent", "Recurrent cells"],
  ["losses", "Losses"],
  ["random", "Random numbers"],
];

const INTRO = `# All ops

<!-- Written by \`npm run -s docs\` from the definitions. Mend these, not this page. -->

COUNTS

Read an entry like this: the signature with its defaults; what it computes; then

- **PyTorch**: what it is called there.
- **Derivative**: of a primitive op the formula of its rule, where \`g\` is the gradient that comes in
  and \`y\` the result. \`none\` means that no gradient flows to this input. Gradients are summed over
  axes that were broadcast. A function without a rule of its own is differentiated through the
  parts it is made of. All rules are made of ops, so every derivative has derivatives.
- **Bad input**: what it throws, always at the call, with a message that says what was given and how
  to mend it. What holds for all is not repeated: an operand that is no tensor is a \`DTypeError\` (most
  of these TypeScript refuses before); an axis out of range or named twice a \`ShapeError\`; tensors of
  two devices a \`DeviceError\`; an index that only the device knows to be out of range is never read or written, and
  rejects the next awaited call with an \`IndexError\`. NaN and infinities are no errors: see
  [nonFinite.md](nonFinite.md).

\`TensorLike\` is a \`Tensor\`, number or boolean; a plain number takes the tensor's dtype. All functions
work under \`vmap\`, except where it says so. The names link to the source. What differs from PyTorch on
purpose is in [differences.md](differences.md), the transforms (\`grad\`, \`vmap\`, …) are in
[transforms.md](transforms.md).`;

/** The page: Markdown, the same for the same definitions. */
export function pageOf(contents: Contents): string {
  const page = new Page(contents);
  return `${page.parts().join("\n\n")}\n`;
}

/** GitHub's anchor of a heading. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** Text of a docstring: what Markdown would take for a mark of its own is made harmless. */
function escaped(text: string): string {
  const plain = (part: string) => part.replace(/[*_~]/g, "\\$&").replaceAll("<", "&lt;");
  const parts = text.split(/(`[^`]*`)/).map((part, i) => (i % 2 === 1 ? part : plain(part)));
  return parts.join("").replace(/^([-+#>]) /, "\\$1 ");
}

const byLetters = (a: string, b: string): number => {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
};

const code = (text: string): string => `\`${text}\``;
/** Code in a cell of a table, where a bar would end the cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

class Page {
  readonly #contents: Contents;
  readonly #anchors = new Map<string, string>();
  readonly #entries = new Map<string, Entry>();
  readonly #ops: ReadonlyMap<string, RegisteredOp>;

  constructor(contents: Contents) {
    this.#contents = contents;
    this.#ops = new Map(contents.primitives.map(({ op }) => [op.name, op]));
    for (const op of this.#ops.keys()) this.#anchors.set(op, `op-${op.toLowerCase()}`);
    for (const entry of contents.entries) {
      for (const name of [entry.name, ...entry.aliases]) {
        this.#entries.set(name, entry);
        this.#anchors.set(name, anchorOf(entry.name));
      }
    }
  }

  parts(): string[] {
    const { entries, primitives } = this.#contents;
    return [
      INTRO.replace("COUNTS", counts(this.#contents)),
      this.#table(),
      ...FAMILIES.flatMap(([family, title]) => [
        `## ${title}`,
        ...entries.filter((e) => e.family === family).map((e) => this.#entry(e)),
        ...types(entries.filter((e) => e.family === family)),
      ]),
      "## Primitive ops",
      "What has a kernel or a rule of its own. **vmap** says how a whole batch is computed at once: " +
        "most ops are batched by what they are; a kernel has a rule.",
      ["| op | kind | derivative | vmap |", "| --- | --- | --- | --- |"]
        .concat(primitives.map((p) => this.#row(p)))
        .join("\n"),
    ];
  }

  /** Families with the names in them. */
  #table(): string {
    const lines = FAMILIES.map(([family, title]) => {
      const entries = this.#contents.entries.filter((e) => e.family === family);
      const names = entries.map((e) => e.name).sort(byLetters);
      const links = names.map((name) => `[${name}](#${anchorOf(name)})`);
      return `- **[${title}](#${anchorOf(title)})** (${entries.length}): ${links.join(", ")}`;
    });
    return [...lines, "- **[Primitive ops](#primitive-ops)**"].join("\n");
  }

  #entry(entry: Entry): string {
    const { doc, file, signatures, torch, aliases } = entry;
    const also = aliases.length > 0 ? ` Also ${aliases.map(code).join(", ")}.` : "";
    const inputs = doc.params.map(([name, text]) => `\`${name}\`: ${this.#text(text)}.`);
    const returns = doc.returns === "" ? [] : [`Gives ${this.#text(doc.returns)}.`];
    const source = doc.source === "" ? [] : [`Source: ${this.#text(doc.source)}`];
    const facts = [
      `**PyTorch** ${torch.length === 0 ? "has none" : torch.map(code).join(", ")}`,
      `**Derivative** ${this.#derivative(entry)}`,
      `**Bad input** ${this.#errors(entry)}`,
    ];
    if (isAsync(entry)) facts.push("**Async**, so refused inside `compile` and `vmap`");
    return [
      `### [${entry.name}](../${file})`,
      ["```ts", ...signatures, "```"].join("\n"),
      [`${this.#text(doc.summary)}${also}`, ...inputs, ...returns, ...source].join(" "),
      ...(doc.code.length > 0 ? [["```", ...doc.code, "```"].join("\n")] : []),
      facts.map((fact) => `- ${fact}`).join("\n"),
    ].join("\n\n");
  }

  /** Names of functions in a docstring become links. */
  #text(text: string): string {
    const known = (name: string) => this.#entries.has(name);
    return escaped(text).replace(/`(\w+)`/g, (whole, name: string) =>
      known(name) ? this.#link(name) : whole,
    );
  }

  #link(name: string): string {
    return `[${code(name)}](#${this.#anchors.get(name)})`;
  }

  #derivative(entry: Entry): string {
    const { op, parts, doc } = entry;
    if (op !== null) return formulas(op);
    if (entry.family === "creation" || /No gradient/.test(doc.summary)) return "none";
    const flowing = parts.filter((name) => this.#flows(name));
    const ways = flowing.filter((name) => !this.#isView(name));
    if (ways.length > 0) return `through ${ways.map((name) => this.#link(name)).join(", ")}`;
    if (flowing.length > 0) return "g goes back to where each element stood";
    return parts.length === 0 ? "none" : `none: ${this.#why(parts)}`;
  }

  #flows(name: string): boolean {
    const entry = this.#entries.get(name);
    const op = entry === undefined ? this.#ops.get(name) : entry.op;
    if (op) return op.vjp !== null;
    if (entry === undefined || /No gradient/.test(entry.doc.summary)) return false;
    return entry.parts.some((part) => this.#flows(part));
  }

  /** It moves elements, or casts them: the way of a gradient through it is plain. */
  #isView(name: string): boolean {
    const entry = this.#entries.get(name);
    const op = this.#ops.get(name) ?? entry?.op;
    if (op) return op.forward.kind === "view" || op.name === "cast";
    return entry?.parts.every((part) => this.#isView(part)) ?? false;
  }

  #why(parts: readonly string[]): string {
    const ops = parts.map((name) => this.#entries.get(name)?.op ?? this.#ops.get(name));
    return ops.find((op) => op?.nondifferentiable)?.nondifferentiable ?? "no way leads there";
  }

  #errors(entry: Entry): string {
    const said = errorsOf(entry);
    if (said === null) throw new Error(undocumented(entry));
    return this.#text(said);
  }

  #row({ op, file }: Primitive): string {
    const name = `<a id="op-${op.name.toLowerCase()}"></a>[${op.name}](../${file})`;
    const note =
      op.gradcheck === undefined ? "" : ` (differences do not check it: ${op.gradcheck.why})`;
    return `| ${[name, KINDS[op.forward.kind], formulas(op) + note, batching(op)].map(cell).join(" | ")} |`;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  pointwise: "element-wise",
  view: "view",
  reduction: "reduction",
  kernel: "kernel",
};

function batching(op: RegisteredOp): string {
  if (op.draws === true) return "by `randomness`";
  if (op.forward.kind !== "kernel") return "by its kind";
  return op.batch === undefined ? `refused: ${op.unbatchable}` : "rule";
}

/** `a`: `g·b`; `b`: `g·a`. */
function formulas(op: RegisteredOp): string {
  if (op.vjp === null) return `none: ${op.nondifferentiable}`;
  const { operands, formulas: sets } = derivativeOf(op);
  const one = (texts: readonly string[]) =>
    texts.length === 1
      ? code(texts[0]!)
      : texts.map((text, i) => `${code(operands[i] ?? `input ${i}`)}: ${code(text)}`).join(", ");
  return sets.length === 1
    ? one(sets[0]!)
    : `by its attributes, e.g. ${sets.map(one).join("; or ")}`;
}

export const isAsync = ({ signatures }: Entry): boolean =>
  signatures.some((s) => /: Promise</.test(s));

/** Another function that the docstring points at for the rest. */
const pointer = /(?:[Ss]ee|[Aa]s|[Nn]ame of|[Oo]lder|without) `(\w+)`/;

/** What an entry says of bad input; null when it says nothing. */
export function errorsOf({ doc, family, signatures, op }: Entry): string | null {
  if (doc.throws !== "") return doc.throws.replace(/^nothing:/, "none:");
  if (!signatures[0]!.includes("(")) return "none";
  const other = pointer.exec(doc.summary)?.[1];
  if (other !== undefined) return `as \`${other}\``;
  if (family !== "elementwise") return null;
  const operands = signatures[0]!.match(/: Tensor(Like)?\b(?=[,)| ])/g)?.length ?? 0;
  if (operands > 1) return "ShapeError where the shapes do not broadcast";
  const takesAll = op === null || /^(int32|bool)$/.test(op.dtype(["int32"], {}).operands[0]!);
  return takesAll
    ? "none: every shape and dtype is taken"
    : "none: every shape is taken, and whole numbers and truth values count as float32";
}

export const undocumented = ({ name, file }: Entry): string =>
  `${name} does not say what it does with bad input. ` +
  `Add "@throws ErrorClass when …" to its docstring in ${file}.`;

/** The types that signatures of a family name, folded away. */
function types(entries: readonly Entry[]): string[] {
  const named = new Map(entries.flatMap((e) => e.types).map((t) => [`${t.file} ${t.name}`, t]));
  const own = [...named.values()]
    .filter(({ file }) => file.startsWith("src/ops/"))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (own.length === 0) return [];
  const body = ["```ts", ...own.map(typeText), "```"].join("\n");
  return [`<details>\n<summary>Types of these signatures</summary>\n\n${body}\n\n</details>`];
}

const typeText = ({ kind, texts: [text] }: Declaration): string =>
  kind === "type"
    ? `${plainType(text!)};`
    : text!.replace(/^ {4}/gm, "  ").replace(/readonly /g, "");

function counts({ entries, primitives }: Contents): string {
  const smooth = primitives.filter(({ op }) => op.vjp !== null).length;
  const names = entries.reduce((n, e) => n + 1 + e.aliases.length, 0);
  return (
    `**${entries.length} functions** (${names} names with their aliases), made of ` +
    `**${primitives.length} primitive ops**, of which **${smooth} are differentiable**.`
  );
}
