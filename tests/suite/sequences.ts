import * as ops from "../../src/ops/index.ts";
import { gruSteps, lstmSteps, rnnSteps } from "../../src/ops/recurrent/sequenceSteps.ts";
import { integers, type SampleInput, uniform } from "../../src/ops/samples.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Fused } from "./fused.ts";

/** Recurrent sequences as kernels and step by step, with inputs for both. */

export interface SequenceSizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
  readonly reverse?: boolean;
  readonly batchFirst?: boolean;
  readonly masked?: boolean;
}

export interface SequenceCase {
  readonly f: Fused;
  readonly composed: Fused;
  readonly samples: readonly SampleInput[];
}

const inputs = (gates: number, sizes: SequenceSizes): SampleInput[] => {
  const { steps, batch, units, batchFirst, masked } = sizes;
  const spread = 1 / Math.sqrt(units);
  const columns = gates * units;
  return [
    uniform(batchFirst ? [batch, steps, columns] : [steps, batch, columns]),
    uniform([batch, units]),
    uniform([columns, units], -spread, spread),
    ...(gates === 4 ? [uniform([batch, units])] : []),
    ...(gates === 3 ? [uniform([columns], -spread, spread)] : []),
    ...(masked ? [integers([batch], 0, steps + 1)] : []),
  ];
};

/** The composition walks along the first axis, whatever the kernel does. */
const timeFirst = (x: Tensor, { batchFirst }: SequenceSizes): Tensor =>
  batchFirst ? ops.transpose(x, 0, 1) : x;

const walk = (x: Tensor, lengths: Tensor | undefined, sizes: SequenceSizes) => ({
  x: timeFirst(x, sizes),
  reverse: sizes.reverse ?? false,
  batchFirst: false,
  lengths: lengths ?? null,
});

const optionsOf = ({ reverse, batchFirst }: SequenceSizes, lengths: Tensor | undefined) => ({
  reverse,
  batchFirst,
  lengths,
});

export const lstm = (sizes: SequenceSizes): SequenceCase => ({
  f: ([x, h, w, c, lengths]) => {
    const { states, cells } = ops.lstmSequence(x!, h!, c!, w!, optionsOf(sizes, lengths));
    return [states, cells];
  },
  composed: ([x, h, w, c, lengths]) => {
    const { states, cells } = lstmSteps(walk(x!, lengths, sizes), h!, c!, w!);
    return [timeFirst(states, sizes), timeFirst(cells, sizes)];
  },
  samples: inputs(4, sizes),
});

export const gru = (sizes: SequenceSizes): SequenceCase => ({
  f: ([x, h, w, b, lengths]) => ops.gruSequence(x!, h!, w!, b, optionsOf(sizes, lengths)),
  composed: ([x, h, w, b, lengths]) => {
    const given = walk(x!, lengths, sizes);
    return timeFirst(gruSteps(given, h!, w!, ops.expand(b!, given.x.shape)).states, sizes);
  },
  samples: inputs(3, sizes),
});

export const rnn = (sizes: SequenceSizes, nonlinearity: "tanh" | "relu"): SequenceCase => ({
  f: ([x, h, w, lengths]) =>
    ops.rnnSequence(x!, h!, w!, { ...optionsOf(sizes, lengths), nonlinearity }),
  composed: ([x, h, w, lengths]) => {
    const { states } = rnnSteps(walk(x!, lengths, sizes), h!, w!, nonlinearity === "relu");
    return timeFirst(states, sizes);
  },
  samples: inputs(1, sizes),
});
