import type { CellName } from "../../../kernels/recurrent/cellTexts.ts";
import { sequenceBackward } from "../../../kernels/recurrent/sequenceBackward.ts";
import { sequenceForward } from "../../../kernels/recurrent/sequenceForward.ts";
import type { DType } from "../../core/dtype.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import {
  type Composition,
  type DTypeRule,
  defineVariadic,
  kernel,
  type VjpCall,
  vjpOf,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { matmul } from "../linalg/matmul.ts";
import { reshape, transpose } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { batchRows } from "./sequenceBatch.ts";
import { sequenceBackwardReference, sequenceReference } from "./sequenceReference.ts";
import { sequenceSamples } from "./sequenceSamples.ts";
import { gruSteps, lstmSteps, rnnSteps } from "./sequenceSteps.ts";

/**
 * Whole sequences in one launch, and their derivatives in another. The inputs are
 *   x [T, N, gates·H], h0 [N, H], weightHh as its transpose [H, gates·H],
 *   then c0 [N, H] (lstm) or a bias [T, N, 3·H] (gru), then lengths [N] where `masked`.
 * Those of the derivatives are g, the same with weightHh as it is, and what the forward pass saved.
 */
export interface SequenceAttrs extends Attrs {
  readonly cell: CellName;
  readonly reverse: boolean;
  readonly masked: boolean;
}

export interface BackwardAttrs extends SequenceAttrs {
  /** What the incoming gradient is of. */
  readonly of: "states" | "cells";
}

export type Family = "lstm" | "gru" | "rnn";
type SequenceOp<A extends Attrs = SequenceAttrs> = (inputs: readonly Tensor[], attrs: A) => Tensor;

/** The results of the forward kernel, in its order. */
const PARTS = ["states", "saved", "cells"] as const;
type Part = (typeof PARTS)[number];

/** Where weightHh stands among the inputs of each kernel. */
const [WEIGHT, BACKWARD_WEIGHT] = [2, 3];

/** Blocks of H columns that are saved; the last is the state before the step. */
const savedBlocks = (cell: CellName): number => (cell === "lstm" ? 6 : cell === "gru" ? 5 : 2);

/** All are float32, but for the lengths, which stand `fromEnd` from the end. */
const dtype =
  (fromEnd: number) =>
  (dtypes: readonly DType[], { masked }: SequenceAttrs): DTypeRule => ({
    operands: dtypes.map((_, i) => (masked && i === dtypes.length - fromEnd ? "int32" : "float32")),
    result: "float32",
  });

function forwardShapes({ cell }: SequenceAttrs, [x, h0]: readonly Shape[]): Shape[] {
  const [steps, batch] = x as [number, number, number];
  const units = h0![1]!;
  const states = [steps, batch, units];
  const saved = [steps, batch, savedBlocks(cell) * units];
  return cell === "lstm" ? [states, saved, states] : [states, saved];
}

const backwardShapes = ({ cell }: SequenceAttrs, [, x, h0]: readonly Shape[]): Shape[] =>
  cell === "lstm" ? [x!, h0!, h0!] : cell === "gru" ? [x!, h0!, x!] : [x!, h0!];

const outputs =
  <A extends Attrs>(shapes: (attrs: A, inputs: readonly Shape[]) => Shape[]) =>
  (attrs: Attrs, inputs: readonly Spec[]): Spec[] => {
    const made = shapes(
      attrs as A,
      inputs.map((x) => x.shape),
    );
    return made.map((shape) => ({ shape, dtype: "float32" }));
  };

/** A result from plain ops; weightHh as it is. */
function steps(part: Part, inputs: readonly Tensor[], attrs: SequenceAttrs): Tensor {
  const { cell, reverse, masked } = attrs;
  const [x, h0, weight, extra] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const walk = { x, reverse, lengths: masked ? inputs.at(-1)! : null };
  if (cell === "lstm") return lstmSteps(walk, h0, extra, weight)[part];
  const made =
    cell === "gru"
      ? gruSteps(walk, h0, weight, extra)
      : rnnSteps(walk, h0, weight, cell === "relu");
  return part === "saved" ? made.saved : made.states;
}

const turned = (inputs: readonly Tensor[]): Tensor[] =>
  inputs.map((x, i) => (i === WEIGHT ? transpose(x, 0, 1) : x));

const composedOf =
  (part: Part): Composition<SequenceAttrs> =>
  (inputs, attrs) =>
    steps(part, turned(inputs), attrs);

const inputCount = ({ cell, masked }: SequenceAttrs): number =>
  (cell === "lstm" || cell === "gru" ? 4 : 3) + (masked ? 1 : 0);

/** d(sum of g·states or g·cells) / d(input) from plain ops. */
const composedGradient =
  (input: number): Composition<BackwardAttrs> =>
  ([g, ...given], attrs, pullback) => {
    const inputs = given.slice(0, inputCount(attrs));
    return pullback((xs) => steps(attrs.of, xs, attrs), inputs, g!)[input]!;
  };

const key = ({ cell, reverse, masked, of }: SequenceAttrs): string =>
  [cell, reverse, masked, of].join(" ");

function forwardOp(family: Family, part: Part): SequenceOp {
  const op: SequenceOp = defineVariadic<SequenceAttrs>({
    name: `${family}${part[0]!.toUpperCase()}${part.slice(1)}`,
    arity: family === "rnn" ? 3 : 4,
    shape: (shapes, attrs) => forwardShapes(attrs, shapes)[PARTS.indexOf(part)]!,
    dtype: dtype(1),
    forward: kernel({
      family: "sequence",
      output: PARTS.indexOf(part),
      outputs: outputs(forwardShapes),
      strided: (_, input) => input !== WEIGHT,
      source: (call) => sequenceForward(call, call.attrs as SequenceAttrs),
      reference: sequenceReference,
    }),
    key,
    vjp: part === "saved" ? vjpOf(composedOf(part)) : (call) => gradients(call, family, part),
    batch: (call) => batchRows(call, op, WEIGHT),
    composed: composedOf(part),
    derivative: ["g through every step"],
    samples: () => sequenceSamples(family),
    sampleCall: (...sample: never[]) => op(sample.slice(0, -1), sample.at(-1)!),
  });
  return op;
}

/** The gradient of one input, in the launch of all. */
function backwardOp(family: Family, name: string, input: number): SequenceOp<BackwardAttrs> {
  const output = Math.min(input, 2);
  const op: SequenceOp<BackwardAttrs> = defineVariadic<BackwardAttrs>({
    name: `${family}Backward${name}`,
    arity: family === "rnn" ? 5 : 6,
    shape: (shapes, attrs) => backwardShapes(attrs, shapes)[output]!,
    dtype: dtype(2),
    forward: kernel({
      family: "sequenceBackward",
      output,
      outputs: outputs(backwardShapes),
      strided: (_, at) => at !== BACKWARD_WEIGHT,
      source: (call) => sequenceBackward(call, call.attrs as BackwardAttrs),
      reference: sequenceBackwardReference,
    }),
    key,
    // What was saved is no input of its own: the composition computes it again.
    vjp: (call) => [
      ...vjpOf(composedGradient(input))({ ...call, inputs: call.inputs.slice(0, -1) }),
      null,
    ],
    batch: (call) => batchRows(call, op, BACKWARD_WEIGHT),
    composed: composedGradient(input),
    derivative: ["g through every step"],
    samples: () => sequenceSamples(family, true),
    sampleCall: (...sample: never[]) => {
      const [g, ...inputs] = sample.slice(0, -1) as unknown as Tensor[];
      const attrs = sample.at(-1) as unknown as BackwardAttrs;
      const { of: _, ...forward } = attrs;
      return op([g!, ...inputs, SAVED[family](turned(inputs), forward)], attrs);
    },
  });
  return op;
}

/** One launch back through time, and a product for the weights. */
function gradients(call: VjpCall<SequenceAttrs>, family: Family, of: Part): (Tensor | null)[] {
  const { g, inputs, attrs } = call;
  const saved = SAVED[family](inputs, attrs);
  const given = [g, ...turned(inputs), saved];
  const own = BACKWARD[family].map((op) => op(given, { ...attrs, of } as BackwardAttrs));
  const [dx, dh0, extra] = own as [Tensor, Tensor, Tensor];
  // Of the state's part of the gates: in a gru another than of the input's.
  const slopes = family === "gru" ? extra : dx;
  const weight = transpose(weightGradient(slopes, saved, inputs[1]!.shape[1]!), 0, 1);
  return [dx, dh0, weight, ...(family === "rnn" ? [] : [extra]), ...(attrs.masked ? [null] : [])];
}

/** Σ over steps and rows of slope·(state before): one product over both axes. */
function weightGradient(slopes: Tensor, saved: Tensor, units: number): Tensor {
  const [steps, batch, columns] = slopes.shape as [number, number, number];
  const before = narrow(saved, 2, saved.shape[2]! - units, units);
  const [a, b] = [
    reshape(slopes, [steps * batch, columns]),
    reshape(before, [steps * batch, units]),
  ];
  return matmul(transpose(a, 0, 1), b);
}

export const lstmStates = forwardOp("lstm", "states");
export const lstmCells = forwardOp("lstm", "cells");
export const gruStates = forwardOp("gru", "states");
export const rnnStates = forwardOp("rnn", "states");

const SAVED: Record<Family, SequenceOp> = {
  lstm: forwardOp("lstm", "saved"),
  gru: forwardOp("gru", "saved"),
  rnn: forwardOp("rnn", "saved"),
};

const BACKWARD: Record<Family, readonly SequenceOp<BackwardAttrs>[]> = {
  lstm: [
    backwardOp("lstm", "Input", 0),
    backwardOp("lstm", "State", 1),
    backwardOp("lstm", "Cell", 3),
  ],
  gru: [backwardOp("gru", "Input", 0), backwardOp("gru", "State", 1), backwardOp("gru", "Bias", 3)],
  rnn: [backwardOp("rnn", "Input", 0), backwardOp("rnn", "State", 1)],
};
