import { zeros } from "../../ops/creation/creation.ts";
import { indexAlong } from "../../ops/creation/iota.ts";
import { lt, where } from "../../ops/elementwise/compare.ts";
import { linear } from "../../ops/linalg/products.ts";
import { cat } from "../../ops/movement/join.ts";
import { reshape, transpose } from "../../ops/movement/movement.ts";
import { narrow } from "../../ops/movement/slice.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How one direction of one layer reads its input. */
export interface Reading {
  readonly reverse: boolean;
  /** Sequences are [batch, steps, …], not [steps, batch, …]. */
  readonly batchFirst: boolean;
  /** int32 [batch]; null where all sequences have all steps. */
  readonly lengths: Tensor | null;
}

/** The parts of a state, such as hidden and cell, after every step: each as the input is. */
export type Parts = readonly Tensor[];

/** What walks through a sequence. */
export interface Layers {
  readonly count: number;
  readonly directions: 1 | 2;
  /** Sequences are [batch, steps, …], not [steps, batch, …]. */
  readonly batchFirst: boolean;
  /** Features of the parts of a state, the outputs first. */
  readonly sizes: readonly number[];
  /** Direction `index % directions` of layer `index / directions` over a sequence. */
  read(index: number, x: Tensor, state: Parts, reading: Reading): Parts;
  /** What happens to values between two layers. */
  between(x: Tensor): Tensor;
}

/**
 * All layers over a sequence.
 * @param x [steps, batch, features], or [batch, steps, features] where `batchFirst`
 * @param state [layers·directions, batch, size] for each part; null for zeros
 * @returns the outputs, [steps, batch, directions·size] or as x is, and the parts of the final state in the
 *   form of `state`
 */
export function readSequence(
  layers: Layers,
  x: Tensor,
  state: Parts | null,
  lengths: Tensor | null,
): readonly [Tensor, Parts] {
  const { batchFirst } = layers;
  const initial = initialStates(layers, x, state);
  const finals: Parts[] = [];
  let values = lengths === null ? x : upTo(lengths, x, batchFirst);
  for (let layer = 0; layer < layers.count; layer++) {
    if (layer > 0) values = layers.between(values);
    const outputs = Array.from({ length: layers.directions }, (_, direction) => {
      const index = layer * layers.directions + direction;
      const reading = { reverse: direction === 1, batchFirst, lengths };
      const parts = layers.read(index, values, initial(index), reading);
      finals.push(parts.map((part) => lastVisited(part, reading)));
      return parts[0]!;
    });
    values = cat(outputs, 2);
  }
  const final = layers.sizes.map((_, part) => cat(finals.map((parts) => parts[part]!)));
  return [lengths === null ? values : upTo(lengths, values, batchFirst), final];
}

/** All steps' part of the gates from the input, as one product of matrices: x Wᵀ + b. */
export function inputPart(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const [first, second, features] = x.shape as [number, number, number];
  const rows = linear(reshape(x, [first * second, features]), weight, bias);
  return reshape(rows, [first, second, rows.shape[1]!]);
}

function initialStates({ sizes, batchFirst }: Layers, x: Tensor, state: Parts | null) {
  const batch = x.shape[batchFirst ? 0 : 1]!;
  const nothing = sizes.map((size) => zeros([batch, size], { device: x.device }));
  return (index: number): Parts =>
    state?.map((part, i) => reshape(narrow(part, 0, index, 1), [batch, sizes[i]!])) ?? nothing;
}

/** [1, batch, …]. States are kept past the end of a sequence, so that no length is needed. */
function lastVisited(states: Tensor, { reverse, batchFirst }: Reading): Tensor {
  const time = batchFirst ? 1 : 0;
  const last = narrow(states, time, reverse ? 0 : states.shape[time]! - 1, 1);
  return batchFirst ? transpose(last, 0, 1) : last;
}

/** 0 past the end of each sequence, whatever stood there. */
function upTo(lengths: Tensor, x: Tensor, batchFirst: boolean): Tensor {
  const limits = reshape(lengths, batchFirst ? [-1, 1, 1] : [1, -1, 1]);
  return where(lt(indexAlong(x, batchFirst ? 1 : 0), limits), x, 0);
}
