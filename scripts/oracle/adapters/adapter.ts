import type { Tensor } from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";

export type Result = Tensor | readonly Tensor[];

/** How a PyTorch function is called here: its signature, and the call of tapegrad's export. */
export interface Adapter {
  /** Argument names in PyTorch's order; a last one with * takes all that follow. */
  readonly signature: readonly string[];
  call(a: Arguments): Result | Promise<Result>;
}

export type Adapters = Readonly<Record<string, Adapter>>;

export const adapter = (signature: string, call: Adapter["call"]): Adapter => ({
  signature: signature.split(" "),
  call,
});

/** A function of one tensor. */
export const unary = (f: (x: Tensor) => Tensor): Adapter =>
  adapter("input", (a) => f(a.tensor("input")));

/** The same, in a signature with `inplace`, which must be off. */
export const activation = (f: (x: Tensor) => Tensor): Adapter =>
  adapter("input inplace", (a) => {
    a.only("inplace", false);
    return f(a.tensor("input"));
  });
