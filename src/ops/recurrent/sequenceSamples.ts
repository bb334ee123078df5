import { integers, type SampleInput, uniform } from "../samples.ts";
import type { BackwardAttrs, Family } from "./sequenceOps.ts";

type Sample = (SampleInput | BackwardAttrs)[];

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/** Inputs as the ops take them; `backward` puts g in front, and has the weights as they are. */
export function sequenceSamples(family: Family, backward = false): Sample[] {
  const cell = family === "rnn" ? "tanh" : family;
  const plain = { cell, reverse: false, masked: false, of: "states" } as const;
  const masked = { ...plain, reverse: true, masked: true } as const;
  const found = [
    sample(family, backward, { steps: 3, batch: 2, units: 2 }, plain),
    sample(family, backward, { steps: 2, batch: 3, units: 4 }, masked),
  ];
  const small = { steps: 2, batch: 1, units: 1 };
  if (family === "lstm" && backward) {
    found.push(sample(family, backward, small, { ...plain, of: "cells" }));
  }
  if (family === "rnn") {
    // Far from the kink: no sum of these is near 0.
    found.push(sample(family, backward, small, { ...plain, cell: "relu" }, [0.2, 1]));
  }
  return found;
}

function sample(
  family: Family,
  backward: boolean,
  { steps, batch, units }: Sizes,
  attrs: BackwardAttrs,
  [lo, hi]: readonly [number, number] = [-1, 1],
): Sample {
  const columns = (family === "lstm" ? 4 : family === "gru" ? 3 : 1) * units;
  const sequence = [steps, batch, columns];
  const extra = family === "lstm" ? [batch, units] : family === "gru" ? sequence : null;
  const { of: _, ...forward } = attrs;
  return [
    ...(backward ? [uniform([steps, batch, units])] : []),
    uniform(sequence, lo, hi),
    uniform([batch, units], lo, hi),
    uniform(backward ? [columns, units] : [units, columns], lo, hi),
    ...(extra === null ? [] : [uniform(extra, lo, hi)]),
    ...(attrs.masked ? [integers([batch], 0, steps + 1)] : []),
    backward ? attrs : (forward as BackwardAttrs),
  ];
}
