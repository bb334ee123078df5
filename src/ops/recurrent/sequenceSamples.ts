import type { CellName } from "../../../kernels/recurrent/cellTexts.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";
import type { BackwardAttrs, Family, Part, SequenceAttrs } from "./sequenceInputs.ts";

type Sample = (SampleInput | SequenceAttrs)[];

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/** Derivatives by the composition are many kernels, which are compiled at each run of the tests. */
const SMALL = { steps: 2, batch: 2, units: 1 };

const EXTRA: Record<Family, readonly string[]> = { lstm: ["c0"], gru: ["bias"], rnn: [] };

const cellOf = (family: Family): CellName => (family === "rnn" ? "tanh" : family);

export function forwardSamples(family: Family, part: Part): Sample[] {
  const all = allOf(family);
  const none = { cell: cellOf(family), reverse: false, batchFirst: true, given: [] };
  const found = [sample(part === "states" ? { steps: 2, batch: 2, units: 3 } : SMALL, all)];
  if (part === "states") found.push(sample({ steps: 3, batch: 1, units: 4 }, none));
  // Far from the kink: no sum of these is near 0.
  if (family === "rnn") found.push(sample(SMALL, rectified, [0.2, 1]));
  return found;
}

const rectified = { cell: "relu", reverse: false, batchFirst: false, given: ["h0"] } as const;

const allOf = (family: Family): SequenceAttrs => ({
  cell: cellOf(family),
  reverse: true,
  batchFirst: false,
  given: ["h0", ...EXTRA[family], "lengths"],
});

export function backwardSamples(family: Family, name: string): Sample[] {
  const all = allOf(family);
  const found = [backward(SMALL, { ...all, of: "states" })];
  if (name === "c0") found.push(backward(SMALL, { ...all, of: "cells" }));
  if (name === "bias") {
    found.push(backward(SMALL, { ...all, batchFirst: true, given: [], of: "states" }));
  }
  if (family === "rnn") found.push(backward(SMALL, { ...rectified, of: "states" }, [0.2, 1]));
  return found;
}

const backward = (sizes: Sizes, attrs: BackwardAttrs, range?: readonly [number, number]) => [
  uniform(sequenceOf(sizes, attrs, sizes.units)),
  ...sample(sizes, attrs, range),
];

const sequenceOf = ({ steps, batch }: Sizes, { batchFirst }: SequenceAttrs, columns: number) =>
  batchFirst ? [batch, steps, columns] : [steps, batch, columns];

function sample(
  sizes: Sizes,
  attrs: SequenceAttrs,
  [lo, hi]: readonly [number, number] = [-1, 1],
): Sample {
  const { cell, given } = attrs;
  const { steps, batch, units } = sizes;
  const columns = (cell === "lstm" ? 4 : cell === "gru" ? 3 : 1) * units;
  const sequence = sequenceOf(sizes, attrs, columns);
  const inputs = given.map((name) =>
    name === "lengths"
      ? integers([batch], 0, steps + 1)
      : uniform(name === "bias" ? sequence : [batch, units], lo, hi),
  );
  return [uniform(sequence, lo, hi), uniform([columns, units], lo, hi), ...inputs, attrs];
}
