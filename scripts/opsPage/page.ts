import type { RegisteredOp } from "../../src/tensor/op.ts";
import type { Declaration } from "./declarations.ts";
import type { Contents, Entry, Primitive } from "./entries.ts";
import { batching, errorsOf, formulas, isAsync, KINDS, undocumented } from "./facts.ts";
import { FAMILIES, INTRO } from "./intro.ts";
import { anchorOf, byLetters, cell, code, escaped } from "./markdown.ts";
import { plainType } from "./signatures.ts";

/** The page: Markdown, the same for the same definitions. */
export function pageOf(contents: Contents): string {
  const page = new Page(contents);
  return `${page.parts().join("\n\n")}\n`;
}

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
    const { op, parts, doc, family, signatures } = entry;
    if (op !== null) return formulas(op);
    if (family === "creation" || /No gradient/.test(doc.summary)) return "none";
    if (parts.length === 0) return /: Tensor(Like)?[,)]/.test(signatures[0]!) ? code("g") : "none";
    const flowing = parts.filter((name) => this.#flows(name));
    const ways = flowing.filter((name) => !this.#isView(name));
    if (ways.length > 0) return `through ${ways.map((name) => this.#link(name)).join(", ")}`;
    const drawn = parts.some((name) => this.#ops.get(name)?.draws === true);
    if (drawn || flowing.length === 0) return `none: ${this.#why(parts)}`;
    return "g goes back to where each element stood";
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
