import { ShapeError } from "../../core/errors.ts";
import { broadcast, normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul, sub } from "../elementwise/arithmetic.ts";
import { cat } from "../movement/join.ts";
import { expand } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";

function product(op: string, a: Tensor, b: Tensor, axis: number): Tensor {
  const shape = broadcast(op, [a.shape, b.shape]);
  const at = normalizeAxis(op, axis, shape.length);
  if (a.rank !== b.rank || a.shape[at] !== 3 || b.shape[at] !== 3) {
    throw new ShapeError(
      `${op}: axis ${axis} of both must have size 3; got ${show(a.shape)} and ${show(b.shape)}. ` +
        "Name the axis that holds the three coordinates.",
    );
  }
  // (x, y, z) turned to (y, z, x) and to (z, x, y).
  const turned = (x: Tensor, by: 1 | 2) =>
    cat([narrow(x, at, by, 3 - by), narrow(x, at, 0, by)], at);
  const [u, v] = [expand(a, shape), expand(b, shape)];
  return sub(mul(turned(u, 1), turned(v, 2)), mul(turned(u, 2), turned(v, 1)));
}

/**
 * Vector product a × b along an axis of size 3, by default the first such axis; inputs broadcast.
 * @throws ShapeError when there is no such axis
 */
export function cross(a: Tensor, b: Tensor, axis?: number): Tensor {
  if (axis !== undefined) return product("cross", a, b, axis);
  const shape = broadcast("cross", [a.shape, b.shape]);
  const found = shape.indexOf(3);
  if (found >= 0) return product("cross", a, b, found);
  throw new ShapeError(
    `cross: no axis has size 3; got ${show(a.shape)} and ${show(b.shape)}. ` +
      "It multiplies vectors of three coordinates.",
  );
}

/**
 * The vector product a × b along the last axis unless another is named.
 * @throws ShapeError unless both have size 3 there and the others broadcast
 */
export const linalgCross = (a: Tensor, b: Tensor, axis = -1): Tensor =>
  product("cross", a, b, axis);
