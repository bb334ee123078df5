import { ValueError } from "../core/errors.ts";
import { checkMember } from "./member.ts";
import { Module } from "./module.ts";

/** Modules by name, for a `forward` that chooses among them: names `branches.left.weight`. */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly #items = new Map<string, M>();

  /** @param modules by name, or pairs of a name and a module (a Map) */
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    const pairs = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [name, module] of pairs as Iterable<readonly [string, M]>) this.set(name, module);
  }

  get size(): number {
    return this.#items.size;
  }

  has(name: string): boolean {
    return this.#items.has(name);
  }

  /** @throws ValueError for a name that is not there */
  get(name: string): M {
    const item = this.#items.get(name);
    if (item !== undefined) return item;
    throw new ValueError(
      `ModuleDict: there is no module "${name}"; got ${[...this.keys()].join(", ") || "none"}. ` +
        "Use one of these names, or add it with set.",
    );
  }

  /** Adds a module, or replaces the one of that name at its place. */
  set(name: string, module: M): this {
    checkMember("ModuleDict", name, module);
    this.#items.set(name, module);
    return this;
  }

  /** Whether there was one to remove. */
  delete(name: string): boolean {
    return this.#items.delete(name);
  }

  keys(): IterableIterator<string> {
    return this.#items.keys();
  }

  values(): IterableIterator<M> {
    return this.#items.values();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.#items.entries();
  }

  protected override members(): Iterable<[string, unknown]> {
    return this.#items;
  }
}
