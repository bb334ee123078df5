import type { TypedArray } from "../../core/dtype.ts";
import type { Attrs, ReferenceCall, Spec } from "../../core/ir.ts";
import { normalizeAxis, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { flip, reshape } from "../movement/movement.ts";
import { cut } from "../movement/window.ts";

/** What ops along one axis share: they see [outer, n, inner], and lines along its middle axis. */

/** The sizes left and right of an axis multiplied out. */
export const around = (shape: Shape, axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis]!,
  sizeOf(shape.slice(axis + 1)),
];

/** A tensor seen from one axis. A scalar counts as one element along axis 0, as in PyTorch. */
export interface Lines {
  readonly axis: number;
  readonly lines: Tensor;
  /** What was computed for [outer, m, inner], in the shape of x with m along the axis. */
  back(out: Tensor): Tensor;
}

/** @throws ShapeError for an unknown axis */
export function linesOf(op: string, x: Tensor, axis: number): Lines {
  const at = normalizeAxis(op, axis, Math.max(x.rank, 1));
  const shape = x.rank === 0 ? [1] : x.shape;
  const back = (out: Tensor) =>
    reshape(out, x.rank === 0 && out.shape[1] === 1 ? [] : shape.with(at, out.shape[1]!));
  return { axis: at, lines: reshape(x, around(shape, at)), back };
}

/** Elements `start` up to and without `end` of the middle axis. */
export function part(x: Tensor, start: number, end: number): Tensor {
  const [outer, , inner] = x.shape as [number, number, number];
  return cut(x, [0, start, 0], [outer, end - start, inner], [1, 1, 1]);
}

/** The lines from their ends to their beginnings. */
export const reversed = (x: Tensor): Tensor => flip(x, 1);

type Walk = (
  inputs: readonly TypedArray[],
  out: TypedArray,
  places: { readonly start: number; readonly step: number; readonly n: number },
) => void;

/** A reference that walks one line after the other; element k lies at start + k·step. */
export const byLines =
  (walk: Walk) =>
  ({ inputs, outputs, create }: ReferenceCall): TypedArray[] => {
    const out = create(outputs[0]!);
    const [outer, n, inner] = outputs[0]!.shape as [number, number, number];
    const data = inputs.map((x) => x.data);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) walk(data, out, { start: o * n * inner + i, step: inner, n });
    }
    return [out];
  };

/** A kernel whose one result has the shape of input `like`. */
export const lineKernel = (family: string, like = 0) => ({
  family,
  outputs: (_: Attrs, inputs: readonly Spec[]): Spec[] => [inputs[like]!],
  strided: () => true,
});
