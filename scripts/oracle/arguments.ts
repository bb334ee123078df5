import { type Shape, Tensor, type TensorLike } from "../../src/index.ts";
import { asNumber, isList, isObject, type Json } from "./golden.ts";

/** A case asks for something that tapegrad does not have: counted apart, with the reason. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

/** An argument with its tensors on the device. */
export type Argument = Json | Tensor | readonly Argument[];

type Bound = Map<string, Argument>;

const isTensor = (x: Argument | undefined): x is Tensor => x instanceof Tensor;

/**
 * The arguments of a PyTorch call by the names of its signature. What an adapter never asks for
 * makes the case unsupported: no argument is dropped in silence.
 */
export class Arguments {
  readonly #op: string;
  readonly #given: Bound = new Map();
  readonly #used = new Set<string>();

  constructor(
    op: string,
    names: readonly string[],
    args: readonly Argument[],
    kwargs: Readonly<Record<string, Argument>>,
  ) {
    this.#op = op;
    const more = names.at(-1)?.startsWith("*") ? names.length - 1 : Number.POSITIVE_INFINITY;
    args.forEach((value, i) => {
      if (i >= more) return;
      const name = names[i];
      if (name === undefined) throw this.without(`a positional argument ${i}`);
      this.#given.set(name, value);
    });
    if (args.length > more) this.#given.set(names[more]!.slice(1), args.slice(more));
    for (const [name, value] of Object.entries(kwargs)) this.#given.set(name, value);
  }

  without(what: string): Unsupported {
    return new Unsupported(`${this.#op} with ${what}`);
  }

  /** @throws Unsupported when an argument was given that nobody asked for */
  finish(): void {
    for (const [name, value] of this.#given) {
      if (value === null || value === undefined || this.#used.has(name)) continue;
      throw this.without(name);
    }
  }

  has(name: string): boolean {
    const value = this.#given.get(name);
    return value !== undefined && value !== null;
  }

  any(name: string): Argument | undefined {
    this.#used.add(name);
    return this.#given.get(name);
  }

  tensor(name: string): Tensor {
    const value = this.any(name);
    if (isTensor(value)) return value;
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  maybeTensor(name: string): Tensor | null {
    return this.has(name) ? this.tensor(name) : null;
  }

  /** A tensor or a number. */
  operand(name: string): TensorLike {
    const value = this.any(name);
    return isTensor(value) || typeof value === "boolean" ? value : this.number(name);
  }

  maybeOperand(name: string): TensorLike | null {
    return this.has(name) ? this.operand(name) : null;
  }

  tensors(name: string): Tensor[] {
    const value = this.any(name);
    if (isList(value as Json)) {
      const list = value as readonly Argument[];
      if (list.every(isTensor)) return list as Tensor[];
    }
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  number(name: string, otherwise?: number): number {
    const value = this.any(name);
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    const number = isTensor(value) ? null : asNumber(value as Json);
    if (number !== null) return number;
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.any(name) ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  text(name: string, otherwise: string): string {
    const value = this.any(name) ?? otherwise;
    if (typeof value === "string") return value;
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  /** Several whole numbers; a single one is a list of one. */
  numbers(name: string): number[] {
    const value = this.any(name);
    if (typeof value === "number") return [value];
    const list = isList(value as Json) ? (value as readonly Argument[]) : null;
    if (list?.every((n) => typeof n === "number")) return list as number[];
    throw this.without(`${name} = ${this.#show(value)}`);
  }

  /** The axes of a reduction; PyTorch reduces all for None and for an empty list. */
  axes(name: string): Shape | null {
    if (!this.has(name)) return null;
    const list = this.numbers(name);
    return list.length === 0 ? null : list;
  }

  /** Accepts the argument only as the value that tapegrad's op always has. */
  only(name: string, fixed: Json): void {
    const value = this.any(name) ?? fixed;
    if (value !== fixed) throw this.without(`${name} = ${this.#show(value)}`);
  }

  #show(value: Argument | undefined): string {
    if (value === undefined) return "nothing";
    if (isTensor(value)) return "a tensor";
    return isObject(value as Json) || isList(value as Json) ? JSON.stringify(value) : String(value);
  }
}
