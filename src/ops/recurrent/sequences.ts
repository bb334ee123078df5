import { isFloat, promote } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { expand } from "../movement/movement.ts";
import { checkIndexDType, constantOf } from "../rules.ts";
import { gruStates, lstmCells, lstmStates, rnnStates } from "./sequenceOps.ts";
import { gruSteps, lstmSteps, rnnSteps } from "./sequenceSteps.ts";

/** How a sequence is walked. */
export interface SequenceOptions {
  /** Walk from the last step to the first. Default false. */
  readonly reverse?: boolean;
  /** Sequences are [N, T, …], also those that are returned, not [T, N, …]. Default false. */
  readonly batchFirst?: boolean;
  /** int32 [N]: from step `lengths[n]` on, example n keeps its state. Default: none ends early. */
  readonly lengths?: Tensor | null;
}

export interface LstmSequenceOptions extends SequenceOptions {
  /** [P, H]: the state is this times σ(o)·tanh(c), step by step. Default: none, P = H. */
  readonly weightHr?: Tensor | null;
}

export interface RnnSequenceOptions extends SequenceOptions {
  /** Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/**
 * Long short-term memory over a whole sequence (Hochreiter and Schmidhuber 1997), with the input's
 * part of the gates already computed: i, f, g, o = x[t] + W h, c' = σ(f)·c + σ(i)·tanh(g),
 * h' = σ(o)·tanh(c'), projected by `weightHr` where given (Sak et al. 2014). States and cells
 * stand at the step that made them, also when `reverse`. One launch walks all steps; with a
 * projection, or more than 1024 units, each step has launches of its own.
 * @param x [T, N, 4·H], with both biases  @param h0 [N, P]  @param c0 [N, H]
 * @param weightHh [4·H, P]  @returns states [T, N, P] and cells [T, N, H]
 * @throws ShapeError when they do not fit, or T is 0; DTypeError for lengths that are no integers
 */
export function lstmSequence(
  x: Tensor,
  h0: Tensor,
  c0: Tensor,
  weightHh: Tensor,
  options: LstmSequenceOptions = {},
): { states: Tensor; cells: Tensor } {
  const { reverse = false, batchFirst = false, lengths = null, weightHr = null } = options;
  const op = "lstmSequence";
  check(op, 4, { x, h0, weightHh, c0, weightHr, lengths, batchFirst });
  if (weightHr !== null || !isFused(4, h0)) {
    const walk = { x, reverse, batchFirst, lengths };
    const { states, cells } = lstmSteps(walk, h0, c0, weightHh, weightHr);
    return { states, cells };
  }
  const { inputs, given } = inputsOf(x, weightHh, { h0, c0, lengths });
  const attrs = { cell: "lstm", reverse, batchFirst, given } as const;
  return {
    states: like(x, weightHh, lstmStates(inputs, attrs)),
    cells: like(x, weightHh, lstmCells(inputs, attrs)),
  };
}

/**
 * Gated recurrent units over a whole sequence (Cho et al. 2014), with the input's part of the
 * gates already computed: r = σ(x_r + U_r h + b_r), z = σ(x_z + U_z h + b_z),
 * n = tanh(x_n + r·(U_n h + b_n)), h' = (1 - z)·n + z·h. One launch walks all steps; with more
 * than 1365 units each step has launches of its own.
 * @param x [T, N, 3·H], with the input's bias  @param h0 [N, H]  @param weightHh U, [3·H, H]
 * @param biasHh b, [3·H], or null  @returns the states, [T, N, H]
 * @throws ShapeError when they do not fit, or T is 0; DTypeError for lengths that are no integers
 */
export function gruSequence(
  x: Tensor,
  h0: Tensor,
  weightHh: Tensor,
  biasHh: Tensor | null = null,
  options: SequenceOptions = {},
): Tensor {
  const { reverse = false, batchFirst = false, lengths = null } = options;
  check("gruSequence", 3, { x, h0, weightHh, biasHh, lengths, batchFirst });
  const bias = biasHh === null ? null : expand(biasHh, x.shape);
  if (!isFused(3, h0)) {
    return gruSteps({ x, reverse, batchFirst, lengths }, h0, weightHh, bias).states;
  }
  const { inputs, given } = inputsOf(x, weightHh, { h0, bias, lengths });
  return like(x, weightHh, gruStates(inputs, { cell: "gru", reverse, batchFirst, given }));
}

/**
 * Elman's recurrence over a whole sequence: h' = tanh(x[t] + W h), or with relu. One launch walks
 * all steps; with more than 2048 units each step has launches of its own.
 * @param x [T, N, H], with both biases  @param h0 [N, H]  @param weightHh W, [H, H]
 * @returns the states, [T, N, H]
 * @throws ShapeError when they do not fit, or T is 0; DTypeError for lengths that are no integers
 */
export function rnnSequence(
  x: Tensor,
  h0: Tensor,
  weightHh: Tensor,
  options: RnnSequenceOptions = {},
): Tensor {
  const { reverse = false, batchFirst = false, lengths = null } = options;
  const { nonlinearity = "tanh" } = options;
  check("rnnSequence", 1, { x, h0, weightHh, lengths, batchFirst });
  if (!isFused(1, h0)) {
    const walk = { x, reverse, batchFirst, lengths };
    return rnnSteps(walk, h0, weightHh, nonlinearity === "relu").states;
  }
  const { inputs, given } = inputsOf(x, weightHh, { h0, lengths });
  return like(x, weightHh, rnnStates(inputs, { cell: nonlinearity, reverse, batchFirst, given }));
}

/** Numbers in 16 KiB of a workgroup's memory: a row's states twice, or the gradients of its gates. */
const MOST = 4096;

/** Whether one launch walks all steps; else each step has launches of its own. */
const isFused = (gates: number, { shape, size }: Tensor): boolean =>
  size > 0 && Math.max(gates, 2) * shape[1]! <= MOST;

/** As the kernels take them. Zeros are not read: a state that is not given is 0. */
function inputsOf(
  x: Tensor,
  weightHh: Tensor,
  optional: Readonly<Record<string, Tensor | null>>,
): { inputs: Tensor[]; given: string[] } {
  const wanted = Object.entries(optional).filter(
    ([, t]) => t !== null && (t.requiresGrad || constantOf(t) !== 0),
  ) as [string, Tensor][];
  const plain = [x, weightHh, ...wanted.map(([, t]) => t)];
  return { inputs: plain, given: wanted.map(([name]) => name) };
}

/** The kernels give float32. */
function like(x: Tensor, weight: Tensor, out: Tensor): Tensor {
  const dtype = promote(x.dtype, weight.dtype);
  return isFloat(dtype) ? cast(out, dtype) : out;
}

interface Given {
  readonly x: Tensor;
  readonly h0: Tensor;
  readonly weightHh: Tensor;
  readonly lengths: Tensor | null;
  readonly batchFirst: boolean;
  readonly c0?: Tensor;
  readonly biasHh?: Tensor | null;
  readonly weightHr?: Tensor | null;
}

function check(op: string, gates: number, given: Given): void {
  const { x, h0, weightHh, lengths, batchFirst, c0, biasHh, weightHr } = given;
  const [steps, batch] = batchFirst ? [x.shape[1], x.shape[0]] : x.shape;
  const columns = x.shape[2];
  const hidden = c0?.shape[1] ?? h0.shape[1];
  const state = weightHr == null ? hidden : h0.shape[1];
  const fits =
    x.rank === 3 &&
    columns === gates * hidden! &&
    is(h0, [batch!, state!]) &&
    is(weightHh, [columns, state!]) &&
    (c0 === undefined || is(c0, [batch!, hidden!])) &&
    (biasHh == null || is(biasHh, [columns])) &&
    (weightHr == null || is(weightHr, [state!, hidden!])) &&
    (lengths === null || is(lengths, [batch!]));
  if (!fits) throw misfit(op, gates, given);
  if (lengths !== null) checkIndexDType(op, lengths.dtype);
  if (steps !== 0) return;
  throw new ShapeError(
    `${op}: a sequence of length 0; got x ${show(x.shape)}. Give at least one step.`,
  );
}

const is = (x: Tensor, shape: Shape): boolean => sameShape(x.shape, shape);

function misfit(op: string, gates: number, given: Given): ShapeError {
  const { c0, biasHh, weightHr, lengths, batchFirst } = given;
  const names = Object.entries(given).filter((e): e is [string, Tensor] => e[1] instanceof Tensor);
  const rows = gates === 1 ? "H" : `${gates}·H`;
  const state = weightHr == null ? "H" : "P";
  const wanted = [
    `x [${batchFirst ? "N, T" : "T, N"}, ${rows}]`,
    `h0 [N, ${state}]`,
    `weightHh [${rows}, ${state}]`,
    ...(c0 === undefined ? [] : ["c0 [N, H]"]),
    ...(biasHh == null ? [] : [`biasHh [${rows}]`]),
    ...(weightHr == null ? [] : ["weightHr [P, H]"]),
    ...(lengths === null ? [] : ["lengths [N]"]),
  ];
  return new ShapeError(
    `${op}: the shapes do not fit; got ${names.map(([n, x]) => `${n} ${show(x.shape)}`).join(", ")}. ` +
      `Give ${wanted.join(", ")}.`,
  );
}
