import type { Shape } from "../../core/shape.ts";
import type { Binary, Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { eq, where } from "../elementwise/compare.ts";
import { expand, reshape } from "../movement/movement.ts";
import { zeroPad } from "../movement/window.ts";
import { part } from "./lines.ts";

/**
 * Long lines in three passes: each block by itself, the blocks' ends, and both joined. Many threads
 * have work then, and sums of a million small terms keep their digits.
 */

const BLOCK = 1024;
/** With so many lines there is work enough without blocks. */
const MANY = 1024;

export const isLong = ({ shape: [outer, n, inner] }: Tensor): boolean =>
  n! > 2 * BLOCK && outer! * inner! < MANY;

/** [outer, n, inner] as [outer·blocks, BLOCK, inner], with zeros at the end of the last block. */
export function split(x: Tensor): Tensor {
  const [outer, n, inner] = x.shape as [number, number, number];
  const blocks = Math.ceil(n / BLOCK);
  const padded = zeroPad(x, [0, 0, 0], [0, blocks * BLOCK - n, 0]);
  return reshape(padded, [outer * blocks, BLOCK, inner]);
}

/** The last element of each block, [outer, blocks, inner]. */
export const ends = (x: Tensor, outer: number): Tensor =>
  reshape(part(x, BLOCK - 1, BLOCK), [outer, x.shape[0]! / outer, x.shape[2]!]);

/** What stands before each block, at all its places; 0 before the first. */
export function followed(whole: Tensor, [, n, inner]: Shape): Tensor {
  const [outer, blocks] = whole.shape as [number, number, number];
  const before = zeroPad(part(whole, 0, blocks - 1), [0, 1, 0], [0, 0, 0]);
  return expand(reshape(before, [outer * blocks, 1, inner!]), [outer * blocks, n!, inner!]);
}

/** The blocks as lines again, without what was added to the last. */
export const joined = (x: Tensor, shape: Shape): Tensor => {
  const [outer, n, inner] = shape as [number, number, number];
  return part(reshape(x, [outer, x.size / (outer * inner), inner]), 0, n);
};

/** A scan of lines of any length; `join` is its operation, element-wise. */
export function inBlocks(
  x: Tensor,
  scan: Unary,
  join: Binary | ((a: Tensor, b: Tensor) => Tensor),
): Tensor {
  if (!isLong(x)) return scan(x);
  const outer = x.shape[0]!;
  const own = scan(split(x));
  const before = followed(inBlocks(ends(own, outer), scan, join), own.shape);
  const first = eq(indexAlong(reshape(own, [outer, -1, own.shape[1]!, own.shape[2]!]), 1), 0);
  const block = reshape(expand(first, [outer, own.shape[0]! / outer, 1, 1]), [own.shape[0]!, 1, 1]);
  return joined(where(block, own, join(before, own)), x.shape);
}
