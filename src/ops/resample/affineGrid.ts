import { ShapeError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { select } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";

/** The coordinates of an axis of n places from -1 to 1, along axis `at` of `rank`. */
function coordinates(theta: Tensor, n: number, at: number, rank: number, align: boolean): Tensor {
  const shape = new Array<number>(rank).fill(1).with(at, n);
  const index = reshape(cast(iota(n, theta.device), "float32"), shape);
  if (align) return n > 1 ? sub(mul(index, 2 / (n - 1)), 1) : mul(index, 0);
  return add(mul(index, 2 / n), 1 / n - 1);
}

/**
 * The grid for `gridSample` that maps each place by an affine transform: θ·(x, y, 1) or
 * θ·(x, y, z, 1), with coordinates from -1 to 1.
 * @param theta [N, 2, 3] or [N, 3, 4]  @param size of the output: [N, C, H, W] or [N, C, D, H, W]
 * @returns [N, H, W, 2] or [N, D, H, W, 3]  @throws ShapeError
 */
export function affineGrid(
  theta: Tensor,
  size: Shape,
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor {
  const rank = size.length - 2;
  const fits = (rank === 2 || rank === 3) && sameShape(theta.shape, [size[0]!, rank, rank + 1]);
  if (!fits || size.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ShapeError(
      `affineGrid: the transforms do not fit the size; got theta ${show(theta.shape)}, size ` +
        `${show(size)}. Give [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W].`,
    );
  }
  const column = (k: number) => {
    const values = select(theta, 2, k);
    return reshape(values, [size[0]!, ...new Array<number>(rank).fill(1), rank]);
  };
  // The grid's last axis runs from the last spatial axis to the first.
  return size.slice(2).reduce((out, n, d) => {
    const along = coordinates(theta, n, d + 1, rank + 2, alignCorners);
    return add(out, mul(along, column(rank - 1 - d)));
  }, column(rank));
}
