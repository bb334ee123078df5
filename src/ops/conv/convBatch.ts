import type { BatchCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { constantLike } from "../rules.ts";
import type { ConvAttrs } from "./geometry.ts";

/**
 * Batching rules of the three convolutions. Each takes two of x [n, c], g [n, o] and
 * w [o, c / groups] (spatial axes left out) and gives the third. Two of the operands and result
 * share each of the axes n, c and o: the batch of one operand joins the axis that this operand
 * and the result have, that of both becomes groups.
 */

type Conv = (a: Tensor, b: Tensor, attrs: ConvAttrs) => Tensor;

/** Which axis of an operand or result the batch joins, and whether groups stand in front of it. */
interface Place {
  readonly axis: 0 | 1;
  readonly grouped: boolean;
}

/** For one batched operand: where the batch joins it, and where it is found in the result. */
export interface Joins {
  readonly operand: Place;
  readonly result: Place;
}

const N: Place = { axis: 0, grouped: false };
/** Channels of x and g: [groups * per group]. */
const CHANNELS: Place = { axis: 1, grouped: true };
/** The rows of a weight lie by groups; its columns are of one group. */
const ROWS: Place = { axis: 0, grouped: true };
const COLUMNS: Place = { axis: 1, grouped: false };

export const joinN: Joins = { operand: N, result: N };
export const rowsToChannels: Joins = { operand: ROWS, result: CHANNELS };
export const columnsToChannels: Joins = { operand: COLUMNS, result: CHANNELS };
export const channelsToColumns: Joins = { operand: CHANNELS, result: COLUMNS };
export const channelsToRows: Joins = { operand: CHANNELS, result: ROWS };

/** The axis that holds all channels of an operand or result when the batch becomes groups. */
export type GroupAxes = readonly [number, number, number];

export const batchConv =
  (conv: Conv, joins: readonly [Joins, Joins], axes: GroupAxes) =>
  (call: BatchCall<ConvAttrs>): Tensor => {
    const { inputs, batched, size, attrs } = call;
    const [a, b] = inputs as [Tensor, Tensor];
    if (size === 0) return nothing(conv, call);
    if (batched[0] && batched[1]) {
      const grouped = { ...attrs, groups: attrs.groups * size };
      const out = conv(fold(a, axes[0]), fold(b, axes[1]), grouped);
      return unfold(out, axes[2], size);
    }
    const { operand, result } = joins[batched[0] ? 0 : 1]!;
    const joined = join(batched[0] ? a : b, operand, attrs.groups);
    const out = batched[0] ? conv(joined, b, attrs) : conv(a, joined, attrs);
    return part(out, result, attrs.groups, size);
  };

/** Without examples there is only a shape. */
function nothing(conv: Conv, { inputs, batched, attrs }: BatchCall<ConvAttrs>): Tensor {
  const one = inputs.map((x, i) =>
    batched[i] ? expand(constantLike(0, x), x.shape.slice(1)) : x,
  ) as [Tensor, Tensor];
  const { shape } = conv(...one, attrs);
  return expand(constantLike(0, one[0]), [0, ...shape]);
}

/** [batch, …, axis, …] to […, batch * axis, …]. */
function fold(x: Tensor, axis: number): Tensor {
  const { shape } = x;
  const front = [...shape.keys()].slice(1, axis + 1);
  const rest = [...shape.keys()].slice(axis + 1);
  const moved = permute(x, [...front, 0, ...rest]);
  return reshape(moved, shape.slice(1).with(axis, shape[0]! * shape[axis + 1]!));
}

/** The way back: the batch in front. */
function unfold(x: Tensor, axis: number, size: number): Tensor {
  const { shape } = x;
  const split = reshape(x, [
    ...shape.slice(0, axis),
    size,
    shape[axis]! / size,
    ...shape.slice(axis + 1),
  ]);
  const others = [...split.shape.keys()].filter((d) => d !== axis);
  return permute(split, [axis, ...others]);
}

/** The batch stands between the groups and the places of one group. */
function join(x: Tensor, { axis, grouped }: Place, groups: number): Tensor {
  if (!grouped || groups === 1) return fold(x, axis);
  const { shape } = x;
  const at = axis + 1;
  const sizes = [...shape.slice(0, at), groups, shape[at]! / groups, ...shape.slice(at + 1)];
  const folded = fold(reshape(x, sizes), at);
  return reshape(folded, shape.slice(1).with(axis, shape[0]! * shape[at]!));
}

function part(x: Tensor, { axis, grouped }: Place, groups: number, size: number): Tensor {
  if (!grouped || groups === 1) return unfold(x, axis, size);
  const { shape } = x;
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const split = reshape(x, [...before, groups, shape[axis]! / groups, ...after]);
  const front = unfold(split, axis + 1, size);
  return reshape(front, [size, ...before, shape[axis]! / size, ...after]);
}
