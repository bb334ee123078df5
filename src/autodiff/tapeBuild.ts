import type { Node } from "../core/node.ts";
import type { RegisteredOp } from "../tensor/op.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Contribution, TapeEntry, TapeInput, type TapeSource } from "./tapeEntry.ts";
import { formulasOf, lettersIn } from "./tapeFormula.ts";
import { type NameOptions, TapeNames } from "./tapeNames.ts";
import type { Recorded } from "./tapeRecord.ts";

/** The entries of a tape and the values that they start from. */
export interface Built {
  readonly entries: readonly TapeEntry[];
  readonly sources: readonly TapeSource[];
}

/** Describes a recorded computation with names, formulas, and who uses what. */
export function buildTape(recorded: Recorded, options: NameOptions): Built {
  const nodes = shownNodes(recorded);
  const build = new Builder(recorded, new TapeNames(options), nodes);
  const inputs = nodes.map((node) => build.inputsOf(node));
  // A result that is itself a variable has no entries above it.
  for (const leaf of recorded.leaves.keys()) build.describe(leaf);
  const uses = usesOf(inputs);
  const entries = nodes.map((node, i) => build.entry(node, inputs[i]!, uses));
  return { entries, sources: build.sources(uses) };
}

/** All but what would only puzzle: a transpose that a product reads in place is left unused. */
function shownNodes({ output, passed, inputsOf }: Recorded): Node[] {
  const used = new Set([...inputsOf.values()].flat());
  return [...inputsOf.keys()].filter((node) => {
    const isUnusedView = node.op.forward.kind === "view" && !used.has(node);
    return !isUnusedView || node === output.node || passed.has(node);
  });
}

/** Who uses each value, by its name in `TapeInput`: `%3` or `s0`. */
type Uses = ReadonlyMap<string, { children: number[]; contributions: Contribution[] }>;

function usesOf(all: readonly (readonly TapeInput[])[]): Uses {
  const uses = new Map<string, { children: number[]; contributions: Contribution[] }>();
  all.forEach((inputs, number) => {
    inputs.forEach(({ entry, source, outgoing }, input) => {
      const id = source ?? `%${entry}`;
      const use = uses.get(id) ?? { children: [], contributions: [] };
      uses.set(id, use);
      if (!use.children.includes(number)) use.children.push(number);
      if (outgoing) use.contributions.push({ entry: number, input, gradient: outgoing });
    });
  });
  return uses;
}

const UNUSED = { children: [], contributions: [] };

class Builder {
  readonly #recorded: Recorded;
  readonly #names: TapeNames;
  readonly #numbers: ReadonlyMap<Node, number>;
  readonly #sources = new Map<Node, Omit<TapeSource, "children" | "contributions">>();

  constructor(recorded: Recorded, names: TapeNames, nodes: readonly Node[]) {
    this.#recorded = recorded;
    this.#names = names;
    this.#numbers = new Map(nodes.map((node, i) => [node, i]));
  }

  inputsOf(node: Node): TapeInput[] {
    const nodes = this.#recorded.inputsOf.get(node)!;
    const passed = this.#recorded.passed.get(node);
    const { texts, operands } = passed?.formulas ?? formulasOf(node, nodes.length);
    return nodes.map((input, i) => {
      return new TapeInput({
        ...this.describe(input),
        tensor: new Tensor(input),
        formula: texts[i]!,
        letter: operands[i] ?? null,
        outgoing: passed?.outgoing[i] ?? null,
        summedOver: passed?.summedOver[i] ?? [],
      });
    });
  }

  /** Its name and place; a value that no entry made becomes a source. */
  describe(node: Node): Pick<TapeInput, "name" | "entry" | "source"> {
    const entry = this.#numbers.get(node) ?? null;
    const given = this.#names.given(node);
    if (entry !== null) return { name: given ?? `%${entry}`, entry, source: null };
    let source = this.#sources.get(node);
    if (source === undefined) {
      const id = `s${this.#sources.size}`;
      const gradient = this.#recorded.leaves.get(node) ?? null;
      const name = this.#names.ofSource(node);
      source = { id, ...name, tensor: new Tensor(node), gradient, hooked: isHooked(node) };
      this.#sources.set(node, source);
    }
    return { name: source.name, entry, source: source.id };
  }

  entry(node: Node, inputs: readonly TapeInput[], uses: Uses): TapeEntry {
    const number = this.#numbers.get(node)!;
    const { name } = this.describe(node);
    return new TapeEntry({
      number,
      op: node.op.name,
      attrs: node.attrs,
      name: this.#names.given(node),
      inputs,
      output: new Tensor(node),
      letters: lettersOf(inputs, name),
      incoming: this.#recorded.passed.get(node)?.incoming ?? null,
      ...(uses.get(`%${number}`) ?? UNUSED),
      nondifferentiable: (node.op as RegisteredOp).nondifferentiable ?? null,
      hooked: isHooked(node),
      line: node.line,
    });
  }

  sources(uses: Uses): TapeSource[] {
    return [...this.#sources.values()].map((s) => ({ ...s, ...(uses.get(s.id) ?? UNUSED) }));
  }
}

const isHooked = (node: Node): boolean => ((node.hooks ?? node.owner?.hooks)?.size ?? 0) > 0;

/** The letters of the inputs, and `y` for the output where no input is called so. */
function lettersOf(inputs: readonly TapeInput[], output: string): Record<string, string> {
  const all = new Map([["y", output]]);
  for (const { letter, name } of inputs) if (letter !== null) all.set(letter, name);
  const used = inputs.flatMap(({ formula }) => lettersIn(formula, all.keys()));
  return Object.fromEntries([...all].filter(([letter]) => used.includes(letter)));
}
