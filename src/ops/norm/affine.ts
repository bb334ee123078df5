import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, square, sub } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { mean } from "../reduce/reduce.ts";

/** What the normalizations share: moments, scale and shift, and their checks. */

export interface AffineOptions {
  /** Factors, and what is added after; null for none. */
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance. */
  readonly eps?: number;
}

export interface Moments {
  /** Both with size 1 at the axes that were averaged; the variance divides by the count. */
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Mean and variance over axes, in two passes: right for large means, too. */
export function centralMoments(x: Tensor, axes: readonly number[]): Moments {
  const center = mean(x, axes, true);
  return { mean: center, variance: mean(square(sub(x, center)), axes, true) };
}

/** y·weight + bias, with both in a shape that broadcasts against y. */
export function scaled(y: Tensor, { weight, bias }: AffineOptions, shape: Shape): Tensor {
  const raised = weight ? mul(y, reshape(weight, shape)) : y;
  return bias ? add(raised, reshape(bias, shape)) : raised;
}

/** @throws ShapeError unless each given tensor has this shape */
export function checkParts(
  op: string,
  x: Tensor,
  shape: Shape,
  parts: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  for (const [name, part] of Object.entries(parts)) {
    if (!part || sameShape(part.shape, shape)) continue;
    throw new ShapeError(
      `${op}: the ${name} does not fit; got ${show(part.shape)} for an input ${show(x.shape)}. ` +
        `Give one of shape ${show(shape)}.`,
    );
  }
}

/** @throws ValueError for an eps that is no number; a negative one may give NaN, as in PyTorch */
export function checkEps(op: string, eps: number): void {
  if (typeof eps === "number" && !Number.isNaN(eps)) return;
  throw new ValueError(`${op}: eps is not a number; got ${eps}. Use one such as 1e-5.`);
}

/** @throws ValueError where one element per group has no variance to speak of */
export function checkSeveral(op: string, x: Tensor, count: number): void {
  if (count !== 1) return;
  throw new ValueError(
    `${op}: the mean is taken of one element, which leaves 0; got ${show(x.shape)}. ` +
      "Use a larger batch, or statistics that were gathered before.",
  );
}

/** [1, C, 1, …]: a value per channel that broadcasts against x [N, C, …]. */
export const perChannel = (x: Tensor): number[] => x.shape.map((n, d) => (d === 1 ? n : 1));
