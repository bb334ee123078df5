import type { Node } from "../core/node.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** What knows its parameters by name: a `Module`. */
export interface NamedParameters {
  namedParameters(): Iterable<readonly [string, Tensor]>;
  namedBuffers?(): Iterable<readonly [string, Tensor]>;
}

export interface NameOptions {
  /** What to call tensors. */
  readonly names?: Readonly<Record<string, Tensor>>;
  /** Its parameters and buffers are called by their paths: `layers.0.bias`. */
  readonly model?: NamedParameters;
}

export type SourceKind = "variable" | "input" | "data" | "number" | "earlier";

/** What stands for a value that is no entry of the tape. */
export interface SourceName {
  /** Short, and no other source's unless it is a number. */
  readonly name: string;
  readonly kind: SourceKind;
  /** The number, where it is one. */
  readonly number: number | null;
  /** What it is, in words. */
  readonly what: string;
}

/** The names of the values of one tape. */
export class TapeNames {
  readonly #given = new Map<object, string>();
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor({ names = {}, model }: NameOptions) {
    const give = (name: string, tensor: Tensor): void => {
      this.#given.set(keyOf(tensor), name);
      this.#taken.add(name);
    };
    for (const [name, t] of model?.namedBuffers?.() ?? []) give(name, t);
    for (const [name, t] of model?.namedParameters() ?? []) give(name, t);
    for (const [name, t] of Object.entries(names)) give(name, t);
  }

  /** What the user called it, or null. */
  given(node: Node): string | null {
    return this.#given.get(node.owner ?? node) ?? null;
  }

  /** A name for a value that is no entry; called once for each. */
  ofSource(node: Node): SourceName {
    const { op, owner } = node;
    const given = this.given(node);
    const as = (kind: SourceKind, what: string, other: () => string): SourceName => {
      return { name: given ?? other(), kind, number: null, what };
    };
    const number = numberIn(node);
    if (number !== null)
      return { name: given ?? showNumber(number), kind: "number", number, what: "a number" };
    if (owner instanceof Variable)
      return as("variable", "a variable", () => this.#free(owner.name));
    if (owner !== null) return as("input", "an input", () => this.#counted("input"));
    if (op.forward.kind === "source") return as("data", "data", () => this.#counted("data"));
    if (op.forward.kind === "iota") return as("data", "0, 1, 2, …", () => this.#counted("iota"));
    return as("earlier", `an earlier ${op.name}`, () => this.#counted("earlier"));
  }

  #counted(kind: string): string {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return this.#free(`${kind}${count}`);
  }

  #free(name: string): string {
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}#${i}`;
    this.#taken.add(free);
    return free;
  }
}

/** A variable keeps its name through all its values. */
function keyOf(tensor: Tensor): object {
  return tensor instanceof Variable ? tensor : (tensor.node.owner ?? tensor.node);
}

/** The number that a leaf, or a view that repeats one, stands for. */
export function numberIn(node: Node): number | null {
  let at = node;
  while (at.op.forward.kind === "view" && at.op.name !== "pad" && at.inputs.length > 0) {
    at = at.inputs[0]!;
  }
  const { kind } = at.op.forward;
  return kind === "constant" || kind === "scalar" ? at.value : null;
}

export const showNumber = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
