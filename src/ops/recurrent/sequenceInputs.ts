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
 * What the ops of recurrent sequences take: x [T, N, gates·H], weight [gates·H, H], and those that
 * are `given`. A derivative has g before them, and last what the forward pass `saved`.
 */
export interface SequenceAttrs extends Attrs {
  readonly cell: CellName;
  readonly reverse: boolean;
  /** Sequences are [N, T, …], not [T, N, …]. */
  readonly batchFirst: boolean;
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

/** The names of the inputs, of the forward and of the backward kernel. */
export const forwardNames = ({ given }: SequenceAttrs): string[] => ["x", "weight", ...given];
export const backwardNames = (attrs: SequenceAttrs): string[] => [
  "g",
  ...forwardNames(attrs),
  "saved",
];

export const keyOf = ({ cell, reverse, batchFirst, given, of }: SequenceAttrs): string =>
  [cell, reverse, batchFirst, of, ...given].join(" ");

/** T, N and columns of a sequence. */
export function sizesBy({ batchFirst }: SequenceAttrs, shape: Shape): [number, number, number] {
  const [first, second, columns] = shape as [number, number, number];
  return batchFirst ? [second, first, columns] : [first, second, columns];
}

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
  const sequence = x!.slice(0, 2);
  const units = weight![1]!;
  const states = [...sequence, units];
  const saved = [...sequence, savedBlocks(cell) * units];
  return cell === "lstm" ? [states, saved, states] : [states, saved];
}

export function backwardShapes(attrs: SequenceAttrs, [g, x]: readonly Shape[]): Shape[] {
  const { cell } = attrs;
  const state = sizesBy(attrs, g!).slice(1);
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
  const names = forwardNames(attrs);
  const find = (name: string): Tensor | null => inputs[names.indexOf(name)] ?? null;
  const [x, weight] = inputs as [Tensor, Tensor];
  const { cell, reverse, batchFirst } = attrs;
  const walk = { x, reverse, batchFirst, lengths: find("lengths") };
  const zero = () => {
    const [, batch] = sizesBy(attrs, x.shape);
    return expand(constantLike(0, x), [batch, weight.shape[1]!]);
  };
  const h0 = find("h0") ?? zero();
  if (cell === "lstm") return lstmSteps(walk, h0, find("c0") ?? zero(), weight);
  if (cell === "gru") return gruSteps(walk, h0, weight, find("bias"));
  return rnnSteps(walk, h0, weight, cell === "relu");
}
