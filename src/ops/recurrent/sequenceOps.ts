import {
  type BackwardShape,
  sequenceBackward,
} from "../../../kernels/recurrent/sequenceBackward.ts";
import { sequenceForward } from "../../../kernels/recurrent/sequenceForward.ts";
import { type Composition, defineVariadic, kernel, type VjpCall, vjpOf } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { matmul } from "../linalg/matmul.ts";
import { expand, reshape, transpose } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { constantLike } from "../rules.ts";
import { batchRows } from "./sequenceBatch.ts";
import {
  type BackwardAttrs,
  backwardNames,
  backwardShapes,
  dtypeBy,
  type Family,
  forwardNames,
  forwardShapes,
  keyOf,
  PARTS,
  type Part,
  type SequenceAttrs,
  specsBy,
  stepsOf,
} from "./sequenceInputs.ts";
import { sequenceBackwardReference, sequenceReference } from "./sequenceReference.ts";
import { backwardSamples, forwardSamples } from "./sequenceSamples.ts";

/** Whole sequences in one launch, and their derivatives in another. */

type SequenceOp<A> = (inputs: readonly Tensor[], attrs: A) => Tensor;

const composedOf =
  (part: Part): Composition<SequenceAttrs> =>
  (inputs, attrs) =>
    stepsOf(inputs, attrs)[part]!;

function forwardOp(name: string, family: Family, part: Part): SequenceOp<SequenceAttrs> {
  const output = PARTS.indexOf(part);
  const composed = composedOf(part);
  const op: SequenceOp<SequenceAttrs> = defineVariadic<SequenceAttrs>({
    name,
    arity: 2,
    shape: (shapes, attrs) => forwardShapes(attrs, shapes)[output]!,
    dtype: dtypeBy(forwardNames),
    forward: kernel({
      family: "sequence",
      output,
      outputs: specsBy(forwardShapes),
      strided: (attrs, input) => forwardNames(attrs as SequenceAttrs)[input] !== "weight",
      source: (call) => {
        const attrs = call.attrs as SequenceAttrs;
        return sequenceForward(call, { ...attrs, inputs: forwardNames(attrs) });
      },
      reference: sequenceReference,
    }),
    key: keyOf,
    vjp: (call) => (part === "saved" ? vjpOf(composed)(call) : gradients(call, family, part)),
    batch: (call) => batchRows(call, op, forwardNames(call.attrs)),
    composed,
    derivative: ["g through every step"],
    samples: () => forwardSamples(family, part),
    sampleCall: (...sample: never[]) => op(sample.slice(0, -1), sample.at(-1)! as SequenceAttrs),
  });
  return op;
}

/** d(sum of g·states or g·cells) / d(input) from plain ops. */
const composedGradient =
  (name: string): Composition<BackwardAttrs> =>
  ([g, ...inputs], attrs, pullback) => {
    const names = forwardNames(attrs);
    const [x, weight, ...given] = inputs.slice(0, names.length) as [Tensor, Tensor, ...Tensor[]];
    const absent = !names.includes(name);
    // The state's part of the gates has a gradient also where no bias is added to it.
    const nothing = absent ? [expand(constantLike(0, x), x.shape)] : [];
    const all = absent ? { ...attrs, given: [name, ...attrs.given] } : attrs;
    const run = (xs: readonly Tensor[]) => stepsOf(xs, all)[attrs.of]!;
    return pullback(run, [x, weight, ...nothing, ...given], g!)[forwardNames(all).indexOf(name)]!;
  };

/** The gradient of one input, in the launch of all. */
function backwardOp(
  name: string,
  family: Family,
  output: number,
  input: string,
): SequenceOp<BackwardAttrs> {
  const composed = composedGradient(input);
  const op: SequenceOp<BackwardAttrs> = defineVariadic<BackwardAttrs>({
    name,
    arity: 4,
    shape: (shapes, attrs) => backwardShapes(attrs, shapes)[output]!,
    dtype: dtypeBy(backwardNames),
    forward: kernel({
      family: "sequenceBackward",
      output,
      outputs: specsBy(backwardShapes),
      strided: (attrs, input) => backwardNames(attrs as BackwardAttrs)[input] !== "weight",
      source: (call) => {
        const attrs = call.attrs as BackwardAttrs;
        return sequenceBackward(call, { ...attrs, inputs: backwardNames(attrs) } as BackwardShape);
      },
      reference: sequenceBackwardReference,
    }),
    key: keyOf,
    // The composition does not read what the forward pass saved.
    vjp: (call) => [...vjpOf(composed)({ ...call, inputs: call.inputs.slice(0, -1) }), null],
    batch: (call) => batchRows(call, op, backwardNames(call.attrs)),
    composed,
    derivative: ["g through every step"],
    samples: () => backwardSamples(family, input),
    sampleCall: (...sample: never[]) => {
      const [g, ...inputs] = sample.slice(0, -1) as unknown as [Tensor, ...Tensor[]];
      const { of, ...attrs } = sample.at(-1)! as BackwardAttrs;
      return op([g, ...inputs, SAVED[family](inputs, attrs)], { ...attrs, of });
    },
  });
  return op;
}

/** One launch back through time, and a product for the weights. */
function gradients(
  { g, inputs, attrs }: VjpCall<SequenceAttrs>,
  family: Family,
  of: Part,
): (Tensor | null)[] {
  const saved = SAVED[family](inputs, attrs);
  const all = [g, ...inputs, saved];
  const gradient = (name: string): Tensor =>
    BACKWARD[family][name]!(all, { ...attrs, of } as BackwardAttrs);
  return forwardNames(attrs).map((name) => {
    if (name === "lengths") return null;
    if (name !== "weight") return gradient(name);
    return weightGradient(gradient(family === "gru" ? "bias" : "x"), saved, inputs[1]!.shape[1]!);
  });
}

/** Σ over steps and rows of slope·(state before): one product over both axes. */
function weightGradient(slopes: Tensor, saved: Tensor, units: number): Tensor {
  const columns = slopes.shape[2]!;
  const rows = slopes.size / columns;
  const before = narrow(saved, 2, saved.shape[2]! - units, units);
  return matmul(transpose(reshape(slopes, [rows, columns]), 0, 1), reshape(before, [rows, units]));
}

export const lstmStates = forwardOp("lstmStates", "lstm", "states");
export const lstmCells = forwardOp("lstmCells", "lstm", "cells");
export const gruStates = forwardOp("gruStates", "gru", "states");
export const rnnStates = forwardOp("rnnStates", "rnn", "states");

const lstmSaved = forwardOp("lstmSaved", "lstm", "saved");
const gruSaved = forwardOp("gruSaved", "gru", "saved");
const rnnSaved = forwardOp("rnnSaved", "rnn", "saved");

const lstmBackwardX = backwardOp("lstmBackwardX", "lstm", 0, "x");
const lstmBackwardH0 = backwardOp("lstmBackwardH0", "lstm", 1, "h0");
const lstmBackwardC0 = backwardOp("lstmBackwardC0", "lstm", 2, "c0");
const gruBackwardX = backwardOp("gruBackwardX", "gru", 0, "x");
const gruBackwardH0 = backwardOp("gruBackwardH0", "gru", 1, "h0");
const gruBackwardBias = backwardOp("gruBackwardBias", "gru", 2, "bias");
const rnnBackwardX = backwardOp("rnnBackwardX", "rnn", 0, "x");
const rnnBackwardH0 = backwardOp("rnnBackwardH0", "rnn", 1, "h0");

const SAVED: Record<Family, SequenceOp<SequenceAttrs>> = {
  lstm: lstmSaved,
  gru: gruSaved,
  rnn: rnnSaved,
};

/** By the input that the gradient is of. */
const BACKWARD: Record<Family, Record<string, SequenceOp<BackwardAttrs>>> = {
  lstm: { x: lstmBackwardX, h0: lstmBackwardH0, c0: lstmBackwardC0 },
  gru: { x: gruBackwardX, h0: gruBackwardH0, bias: gruBackwardBias },
  rnn: { x: rnnBackwardX, h0: rnnBackwardH0 },
};
