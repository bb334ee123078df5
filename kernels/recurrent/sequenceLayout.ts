import type { KernelCall, Operand, Sink } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { linearWorkgroup } from "../kernel.ts";
import {
  infHelper,
  isNanHelper,
  oneLane,
  reluHelper,
  sigmoidHelper,
  tanhHelper,
} from "../math/floatHelpers.ts";
import { type CellName, type CellText, cellTexts, type Squash } from "./cellTexts.ts";
import type { Share } from "./sequenceShares.ts";

/** What a walk over a sequence needs to know beside its tensors. */
export interface SequenceShape {
  readonly cell: CellName;
  readonly reverse: boolean;
  /** Sequences are [N, T, …], not [T, N, …]. */
  readonly batchFirst: boolean;
  /** The names of the inputs, in order. */
  readonly inputs: readonly string[];
}

/** T, N, H */
export interface SequenceSizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/**
 * How a recurrent sequence is shared out. The rows of a batch do not need each other, so a
 * workgroup takes some of them through all steps. Values of a row's units that live longer than a
 * step stand in private arrays: which thread keeps which is said by the kernel's loop over `items`.
 */
export interface SequenceLayout extends SequenceSizes {
  readonly cell: CellText;
  readonly share: Share;
  /** Blocks of `share.width` units. */
  readonly blocks: number;
  /** Blocks at a time: threads for each of `share.splits`. */
  readonly lanes: number;
  /** How often a thread takes a block. */
  readonly turns: number;
  readonly grid: readonly [number, number, number];
}

export function layoutOf(
  name: CellName,
  sizes: SequenceSizes,
  share: Share,
  grid: readonly [number, number, number],
): SequenceLayout {
  const blocks = sizes.units / share.width;
  const lanes = share.threads / share.splits;
  const turns = Math.ceil(blocks / lanes);
  return { ...sizes, cell: cellTexts(name), share, blocks, lanes, turns, grid };
}

/** T, N and H of a sequence of states. */
export function sizesOf({ shape }: { shape: readonly number[] }, batchFirst: boolean) {
  const [first, second, units] = shape as [number, number, number];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  return { steps, batch, units };
}

/** The input of that name, if there is one. */
export const inputOf = (call: KernelCall, shape: SequenceShape, name: string) =>
  call.inputs[shape.inputs.indexOf(name)] as Operand | undefined;

/** WGSL for each of `count`. */
export const each = (count: number, text: (i: number) => string): string =>
  range(count).map(text).join("\n");

/** A loop of constant length, or its body alone where it runs once. */
export const repeat = (name: string, count: number, body: string): string =>
  count === 1
    ? `{\nconst ${name} = 0u;\n${body}\n}`
    : `for (var ${name} = 0u; ${name} < ${count}u; ${name}++) {\n${body}\n}`;

export const guarded = (condition: string | null, body: string): string =>
  condition === null ? body : `if (${condition}) {\n${body}\n}`;

/** The first row of the batch that the workgroup takes. */
export const firstRow = ({ share, grid }: SequenceLayout): string =>
  `let first = ${linearWorkgroup([...grid])} * ${share.rows}u;`;

/** Declares row `n` of the batch for row `r` of the workgroup; past the end the last repeats. */
export const rowNumber = ({ batch }: SequenceLayout): string =>
  `let n = min(first + r, ${batch - 1}u);`;

/** Statements for row r unless it is a repetition. */
export function unlessRepeated(layout: SequenceLayout, text: readonly string[]): string {
  const { share, batch, grid } = layout;
  const exact = batch % share.rows === 0 && grid[0] * grid[1] * share.rows === batch;
  return guarded(exact ? null : `first + r < ${batch}u`, text.join("\n"));
}

/** Indices of unit `j`, in the `part`th H columns, of row n at step t. */
export const placeOf =
  ({ batchFirst }: SequenceShape, { units }: SequenceLayout) =>
  (part = 0): string[] => {
    const column = part === 0 ? "j" : `(j + ${part * units}u)`;
    return batchFirst ? ["n", "t", column] : ["t", "n", column];
  };

export const storeTo = (sink: Sink, indices: readonly string[], value: string): string =>
  sink.wanted ? sink.store(indices, value) : "";

/** Step `i` of the walk. */
export const stepNumber = (reverse: boolean, { steps }: SequenceLayout): string =>
  `let t = ${reverse ? `${steps - 1}u - i` : "i"};`;

export function squashOf(call: KernelCall): Squash {
  for (const helper of [isNanHelper, infHelper]) call.use(helper, oneLane);
  const named = (helper: typeof tanhHelper) => (x: string) => `${call.use(helper, oneLane)}(${x})`;
  return {
    sigmoid: named(sigmoidHelper),
    tanh: named(tanhHelper),
    relu: named(reluHelper),
    passed: (g, y) => `select(0.0, ${g}, (bitcast<u32>(${y}) & 0x7fffffffu) != 0u)`,
  };
}
