import { abs } from "../../ops/elementwise/extrema.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import { max } from "../../ops/reduce/reduceExtrema.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { dot } from "./directions.ts";
import { read } from "./parameterVector.ts";
import type { Iterate } from "./searchTypes.ts";

/** A point, with what decides whether to go on from there. */
export interface Point {
  readonly value: number;
  readonly gradient: Tensor;
  /** The largest element of the gradient, the sum of all by size, and its norm. */
  readonly largest: number;
  readonly total: number;
  readonly norm: number;
}

export const seenAt = (
  { value: loss, gradient, norm: gradientNorm }: Point,
  { iterations, evaluations }: { iterations: number; evaluations: number },
): Iterate => ({ iterations, evaluations, loss, gradient, gradientNorm });

export const measured = ({ value, gradient }: Pick<Point, "value" | "gradient">): Promise<Point> =>
  noGrad(async () => {
    const sizes = [max(abs(gradient)), sum(abs(gradient)), dot(gradient, gradient)];
    const [largest, total, squares] = await read(...sizes);
    return { value, gradient, largest, total, norm: Math.sqrt(squares) };
  });
