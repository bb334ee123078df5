import { recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { Parameter } from "./parameter.ts";
import { type LoadResult, type LoadStateOptions, loadState, type StateDict } from "./stateDict.ts";

/** A module that maps one tensor to another, so that it can stand in a `Sequential`. */
export type Layer = Module & { forward(x: Tensor): Tensor };

/** What `toString` is writing just now. */
const printing = new Set<object>();

/**
 * The base of layers and models. Parameters, buffers (variables that are not trained) and child
 * modules are whatever own properties hold them, arrays included; their names are the paths to
 * them, as in PyTorch.
 */
export abstract class Module {
  #training = true;

  /** Dropout and batch norm act only while it is true. A compiled step records one graph for each. */
  get training(): boolean {
    recorder.capture?.guard(() => this.#training);
    return this.#training;
  }

  /** Of this module alone; `train` and `eval` reach everything inside. */
  set training(mode: boolean) {
    this.#training = mode;
  }

  /** Switches this module and everything inside it to training (or, with false, to inference). */
  train(mode = true): this {
    for (const module of this.modules()) module.#training = mode;
    return this;
  }

  /** Switches to inference: the same as `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** What is trained, each once, in order of definition. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Parameters with their names (`layers.0.weight`); a shared one under its first name. */
  namedParameters(): [string, Parameter][] {
    return firstNames(this.#state()).filter((e): e is [string, Parameter] => {
      return e[1] instanceof Parameter;
    });
  }

  /** Variables that are kept but not trained, such as running statistics. */
  buffers(): Variable[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  namedBuffers(): [string, Variable][] {
    return firstNames(this.#state()).filter(([, v]) => !(v instanceof Parameter));
  }

  /** The modules right below this one, with their names. */
  children(): [string, Module][] {
    return this.#leaves().filter((e): e is [string, Module] => e[1] instanceof Module);
  }

  /** This module and all below it, each once. */
  modules(): Module[] {
    const found = new Set<Module>();
    const visit = (module: Module): void => {
      if (found.has(module)) return;
      found.add(module);
      for (const [, child] of module.children()) visit(child);
    };
    visit(this);
    return [...found];
  }

  /** Parameters and buffers as they are now, by name; a shared one under each of its names. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#state()].map(([name, variable]) => [name, new Tensor(variable.node)]));
  }

  /**
   * Takes over parameters and buffers by name. With `strict: false` names that only one side has
   * are skipped, and returned.
   * @throws ValueError listing everything that does not fit; nothing has changed then
   */
  loadStateDict(state: StateDict, options: LoadStateOptions = {}): LoadResult {
    const optional = this.modules().flatMap((m) => m.optionalState());
    return loadState([...this.#state()], state, optional, options);
  }

  /** Sets the gradient of every parameter to null. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** The layers as an indented tree, each below what holds it. */
  toString(): string {
    const { name } = this.constructor;
    // A module that holds itself is named there, not entered again.
    if (printing.has(this)) return `${name}(…)`;
    printing.add(this);
    const lines = this.children().map(([key, child]) =>
      `\n(${key}): ${child}`.replace(/\n/g, "\n  "),
    );
    printing.delete(this);
    return `${name}(${lines.join("")}${lines.length > 0 ? "\n" : ""})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What may hold parameters and modules, by name. A layer may override it to name them itself. */
  protected members(): Iterable<[string, unknown]> {
    return Object.entries(this).map(([key, value]) => [this.stateName(key), value]);
  }

  /** The name of a property in a state dict: where PyTorch's (`running_mean`) is another. */
  protected stateName(property: string): string {
    return property;
  }

  /** Last parts of names that a state dict may lack, or hold where the model has none. */
  protected optionalState(): readonly string[] {
    return [];
  }

  /** Members, those in arrays with their index behind the name. */
  #leaves(): [string, unknown][] {
    const flatten = ([name, value]: [string, unknown]): [string, unknown][] =>
      Array.isArray(value)
        ? value.flatMap((item, i) => flatten([`${name}.${i}`, item]))
        : [[name, value]];
    return [...this.members()].flatMap(flatten);
  }

  /** Every variable under every name; a module that holds itself is not entered again. */
  *#state(prefix = "", above: readonly Module[] = []): Generator<[string, Variable]> {
    if (above.includes(this)) return;
    const leaves = this.#leaves();
    // A module's own variables stand before those of its children, as in PyTorch.
    for (const [name, value] of leaves) if (value instanceof Variable) yield [prefix + name, value];
    for (const [name, value] of leaves) {
      if (value instanceof Module) yield* value.#state(`${prefix}${name}.`, [...above, this]);
    }
  }
}

function firstNames(state: Iterable<[string, Variable]>): [string, Variable][] {
  const names = new Map<Variable, string>();
  for (const [name, variable] of state) if (!names.has(variable)) names.set(variable, name);
  return [...names].map(([variable, name]) => [name, variable]);
}
