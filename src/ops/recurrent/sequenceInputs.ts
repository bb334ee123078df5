import type { CellName } from "../../../kernels/recurrent/cellTexts.ts";
import type { DType } from "../../core/dtype.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import type { DTypeRule } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand } from "../movement/movement.ts";
import { constantLike } from "../rules.ts";
import { gruSteps, lstmSteps, rnnSteps, type Steps } from "./sequenceSteps.ts";

/**
 * What the ops of recurrent sequences take. First the inputs of the sequence: x [T, N, gates·H],
 * weight [gates·H, H], and those that are `given`; a derivative has g before them. Last stands what
 * only the kernel reads: `turned`, the weight's transpose, or what the forward pass `saved`.
 */
export interface SequenceAttrs extends Attrs {
  readonly cell: CellName;
  readonly reverse: boolean;
  /** Some of h0, c0, bias [T, N, gates·H], lengths; a state that is not given is 0. */
  readonly given: readonly string[];
}

export interface BackwardAttrs extends SequenceAttrs {
  /** What the incoming gradient is of. */
  readonly of: "states" | "cells";
}

export type Family = "lstm" | "gru" | "rnn";

/** The results of the forward kernel, in its order. */
export const PARTS = ["states", "saved", "cells"] as const;
export type Part = (typeof PARTS)[number];

/** The names of the inputs of a sequence, of the forward and of the backward kernel. */
export const plainNames = ({ given }: SequenceAttrs): string[] => ["x", "weight", ...given];
export const forwardNames = (attrs: SequenceAttrs): string[] => [...plainNames(attrs), "turned"];
export const backwardNames = (attrs: SequenceAttrs): string[] => [
  "g",
  ...plainNames(attrs),
  "saved",
];

export const keyOf = ({ cell, reverse, given, of }: SequenceAttrs): string =>
  [cell, reverse, of, ...given].join(" ");

/** All are float32, but for the lengths. */
export const dtypeBy =
  (names: (attrs: SequenceAttrs) => string[]) =>
  (_: readonly DType[], attrs: SequenceAttrs): DTypeRule => ({
    operands: names(attrs).map((name) => (name === "lengths" ? "int32" : "float32")),
    result: "float32",
  });

/** Blocks of H columns that are saved; the last is the state before the step. */
const savedBlocks = (cell: CellName): number => (cell === "lstm" ? 6 : cell === "gru" ? 5 : 2);

export function forwardShapes({ cell }: SequenceAttrs, [x, weight]: readonly Shape[]): Shape[] {
  const [steps, batch] = x as [number, number, number];
  const units = weight![1]!;
  const states = [steps, batch, units];
  const saved = [steps, batch, savedBlocks(cell) * units];
  return cell === "lstm" ? [states, saved, states] : [states, saved];
}

export function backwardShapes({ cell }: SequenceAttrs, [g, x]: readonly Shape[]): Shape[] {
  const state = g!.slice(1);
  return cell === "lstm" ? [x!, state, state] : cell === "gru" ? [x!, state, x!] : [x!, state];
}

/** What a kernel's results look like. */
export const specsBy =
  (shapes: (attrs: SequenceAttrs, inputs: readonly Shape[]) => Shape[]) =>
  (attrs: Attrs, inputs: readonly Spec[]): Spec[] => {
    const given = inputs.map((x) => x.shape);
    return shapes(attrs as SequenceAttrs, given).map((shape) => ({ shape, dtype: "float32" }));
  };

/** The walk from plain ops. */
export function stepsOf(
  inputs: readonly Tensor[],
  attrs: SequenceAttrs,
): Steps & { cells?: Tensor } {
  const names = plainNames(attrs);
  const find = (name: string): Tensor | null => inputs[names.indexOf(name)] ?? null;
  const [x, weight] = inputs as [Tensor, Tensor];
  const zero = () => expand(constantLike(0, x), [x.shape[1]!, weight.shape[1]!]);
  const { cell, reverse } = attrs;
  const walk = { x, reverse, lengths: find("lengths") };
  const h0 = find("h0") ?? zero();
  if (cell === "lstm") return lstmSteps(walk, h0, find("c0") ?? zero(), weight);
  if (cell === "gru") return gruSteps(walk, h0, weight, find("bias"));
  return rnnSteps(walk, h0, weight, cell === "relu");
}
