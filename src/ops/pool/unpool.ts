import { ShapeError } from "../../core/errors.ts";
import { type Shape, sameShape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type PerAxis, perAxis } from "../conv/geometry.ts";
import { zeros } from "../creation/creation.ts";
import { scatter } from "../indexing/scatter.ts";
import { reshape } from "../movement/movement.ts";
import { checkPooled, type WindowOptions } from "./geometry.ts";

export interface MaxUnpoolOptions extends Pick<WindowOptions, "stride" | "padding"> {
  /** The size before pooling, where several led to x's: its spatial axes, or all axes. */
  readonly outputSize?: Shape | null;
}

function unpooledSize(
  op: string,
  x: Tensor,
  rank: number,
  kernelSize: PerAxis,
  { stride, padding = 0, outputSize }: MaxUnpoolOptions,
): Shape {
  const kernel = perAxis(op, "kernelSize", kernelSize, rank, 1);
  const strides = perAxis(op, "stride", stride ?? kernel, rank, 1);
  const pads = perAxis(op, "padding", padding, rank, 0);
  const least = x.shape
    .slice(-rank)
    .map((n, d) => (n - 1) * strides[d]! + kernel[d]! - 2 * pads[d]!);
  if (outputSize === undefined || outputSize === null) return least;
  const size = outputSize.slice(-rank);
  const near = (n: number, d: number) => Math.abs(n - least[d]!) < strides[d]!;
  if ([rank, rank + 1, rank + 2].includes(outputSize.length) && size.every(near)) return size;
  throw new ShapeError(
    `${op}: the output size is not one that pooling turns into x's; got ${show(outputSize)} for ` +
      `${show(x.shape)}. Give sizes less than a stride from ${show(least)}.`,
  );
}

function maxUnpool(rank: 1 | 2 | 3) {
  const op = `maxUnpool${rank}d`;
  return (
    x: Tensor,
    indices: Tensor,
    kernelSize: PerAxis,
    options: MaxUnpoolOptions = {},
  ): Tensor => {
    checkPooled(op, x, rank);
    if (!sameShape(x.shape, indices.shape)) {
      throw new ShapeError(
        `${op}: there must be an index for each element; got ${show(x.shape)} and indices ` +
          `${show(indices.shape)}. Take those that maxPool${rank}d gave with returnIndices.`,
      );
    }
    const size = unpooledSize(op, x, rank, kernelSize, options);
    const outer = x.shape.slice(0, -rank);
    const line = (t: Tensor) => reshape(t, [sizeOf(outer), sizeOf(t.shape.slice(-rank))]);
    const blank = zeros([sizeOf(outer), sizeOf(size)], { device: x.device, dtype: x.dtype });
    return reshape(scatter(blank, 1, line(indices), line(x)), [...outer, ...size]);
  };
}

/**
 * The inverse of `maxPool1d` as far as there is one: each element at the place that its index
 * names, zeros elsewhere. Where indices are equal the last element wins.
 * @param indices int32, as `maxPool1d` gives them with `returnIndices`
 * @returns [N, C, (length - 1)·stride - 2·padding + kernelSize], or of `outputSize`
 * @throws ShapeError, DTypeError, IndexError
 */
export const maxUnpool1d = maxUnpool(1);
/** As `maxUnpool1d`, for `maxPool2d`. */
export const maxUnpool2d = maxUnpool(2);
/** As `maxUnpool1d`, for `maxPool3d`. */
export const maxUnpool3d = maxUnpool(3);
