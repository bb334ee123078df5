import { IndexError } from "../core/errors.ts";
import { checkMember } from "./member.ts";
import { Module } from "./module.ts";

/** Modules in order, for a `forward` that calls them itself: names `blocks.0.weight`. */
export class ModuleList<M extends Module = Module> extends Module {
  readonly #items: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  get length(): number {
    return this.#items.length;
  }

  /** The module at a place, counted from the end where negative. @throws IndexError */
  at(place: number): M {
    const item = this.#items.at(place);
    if (item !== undefined && Number.isInteger(place)) return item;
    throw new IndexError(
      `ModuleList: there is no module ${place}; got ${this.length} modules. Count from 0, or ` +
        "from -1 backwards.",
    );
  }

  append(module: M): this {
    return this.insert(this.length, module);
  }

  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Puts a module before the one at `place`. @throws IndexError for a place that is not there */
  insert(place: number, module: M): this {
    checkMember("ModuleList", String(place), module);
    if (!Number.isInteger(place) || place < 0 || place > this.length) {
      throw new IndexError(
        `ModuleList: nothing can stand at ${place}; got ${this.length} modules. ` +
          `Use a place from 0 to ${this.length}.`,
      );
    }
    this.#items.splice(place, 0, module);
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items.values();
  }

  protected override members(): Iterable<[string, unknown]> {
    return Object.entries(this.#items);
  }
}
