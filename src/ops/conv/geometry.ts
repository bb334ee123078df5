import type { ConvShape } from "../../../kernels/conv/convShape.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { type Shape, show } from "../../core/shape.ts";

/**
 * How a convolution's three sizes meet. Along each spatial axis, place `o` of the output meets
 * place `i = o * stride - padding + k * dilation` of the input under place `k` of the kernel; an
 * `i` outside the input counts as zero. Since all sizes are given, padding behind the input and
 * what a stride leaves over need no attribute of their own.
 */
export interface ConvAttrs extends Attrs, ConvShape {}

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

export function perAxis(
  op: string,
  name: string,
  value: PerAxis,
  axes: number,
  least: number,
): Shape {
  const list = typeof value === "number" ? [value] : value;
  const whole = list.every((n) => Number.isInteger(n) && n >= least);
  if (whole && list.length === axes) return list;
  if (whole && list.length === 1) return new Array<number>(axes).fill(list[0]!);
  throw new ValueError(
    `${op}: ${name} is one whole number of at least ${least}, or one for each of the ${axes} ` +
      `spatial axes; got ${typeof value === "number" ? value : show(value)}. ` +
      `Give for example ${name}: ${least === 0 ? 1 : 2}.`,
  );
}

/** Places that a kernel with holes covers. */
export const extent = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** Places of the output along each axis. @throws ShapeError when the kernel does not fit */
export function outputSizes(
  op: string,
  { input, kernel, stride, dilation }: Pick<ConvShape, "input" | "kernel" | "stride" | "dilation">,
  zeros: Shape,
): number[] {
  return input.map((n, d) => {
    const room = n + zeros[d]! - extent(kernel[d]!, dilation[d]!);
    if (room >= 0) return Math.floor(room / stride[d]!) + 1;
    throw new ShapeError(
      `${op}: the kernel covers ${extent(kernel[d]!, dilation[d]!)} places along spatial axis ` +
        `${d}, the padded input has ${n + zeros[d]!}; got input ${show(input)}, kernel ` +
        `${show(kernel)}, dilation ${show(dilation)}. Pad more, or take a smaller kernel.`,
    );
  });
}
