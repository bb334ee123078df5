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

/** Inputs as the composition takes them: without what only the kernel reads. */
export function forwardSamples(family: Family, part: Part): Sample[] {
  const all = { cell: cellOf(family), reverse: true, given: ["h0", ...EXTRA[family], "lengths"] };
  const none = { cell: cellOf(family), reverse: false, given: [] };
  const found = [sample(part === "states" ? { steps: 2, batch: 2, units: 3 } : SMALL, all)];
  if (part === "states") found.push(sample({ steps: 3, batch: 1, units: 4 }, none));
  // Far from the kink: no sum of these is near 0.
  if (family === "rnn") found.push(sample(SMALL, rectified, [0.2, 1]));
  return found;
}

const rectified = { cell: "relu", reverse: false, given: ["h0"] } as const;

export function backwardSamples(family: Family, name: string): Sample[] {
  const all = { cell: cellOf(family), reverse: true, given: ["h0", ...EXTRA[family], "lengths"] };
  const found = [backward(SMALL, { ...all, of: "states" })];
  if (name === "c0") found.push(backward(SMALL, { ...all, of: "cells" }));
  if (name === "bias") found.push(backward(SMALL, { ...all, given: [], of: "states" }));
  if (family === "rnn") found.push(backward(SMALL, { ...rectified, of: "states" }, [0.2, 1]));
  return found;
}

const backward = (sizes: Sizes, attrs: BackwardAttrs, range?: readonly [number, number]) => [
  uniform([sizes.steps, sizes.batch, sizes.units]),
  ...sample(sizes, attrs, range),
];

function sample(
  { steps, batch, units }: Sizes,
  attrs: SequenceAttrs,
  [lo, hi]: readonly [number, number] = [-1, 1],
): Sample {
  const { cell, given } = attrs;
  const columns = (cell === "lstm" ? 4 : cell === "gru" ? 3 : 1) * units;
  const sequence = [steps, batch, columns];
  const inputs = given.map((name) =>
    name === "lengths"
      ? integers([batch], 0, steps + 1)
      : uniform(name === "bias" ? sequence : [batch, units], lo, hi),
  );
  return [uniform(sequence, lo, hi), uniform([columns, units], lo, hi), ...inputs, attrs];
}
