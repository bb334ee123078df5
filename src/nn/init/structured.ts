import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show, sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { normalNumber, threefry } from "../../ops/random/threefry.ts";
import { generatorOf } from "../draws.ts";
import type { Initializer } from "./initializer.ts";

/** Initial weights most of which are 0. */

function checkAxes(op: string, shape: Shape, least: number, most: number): void {
  if (shape.length >= least && shape.length <= most) return;
  const wanted = least === most ? `${least} axes` : `${least} to ${most} axes`;
  throw new ShapeError(
    `${op}: the weight does not have ${wanted}; got ${show(shape)}. ` +
      (least === 2 ? "Give [rows, columns]." : "Give [outChannels, inChannels, ...kernel]."),
  );
}

/**
 * 1 where row and column are equal, else 0: a linear layer that hands its inputs on.
 * @throws ShapeError unless the shape has two axes
 */
export const eye = (): Initializer => (shape) => {
  checkAxes("eye", shape, 2, 2);
  const [rows, columns] = shape as readonly [number, number];
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return tensor(values, { shape });
};

/**
 * The convolution that hands as many input channels on as there are, within each of `groups`
 * groups: 1 in the middle of the kernel where input and output channel of a group are equal.
 * @throws ShapeError unless the shape is [out, in, ...kernel] with one to three kernel axes;
 * ValueError where the groups do not divide the outputs
 */
export const dirac =
  ({ groups = 1 }: { readonly groups?: number } = {}): Initializer =>
  (shape) => {
    checkAxes("dirac", shape, 3, 5);
    const [out, inputs, ...kernel] = shape as readonly [number, number, ...number[]];
    if (!Number.isInteger(groups) || groups < 1 || out % groups !== 0) {
      throw new ValueError(
        `dirac: the groups do not divide the outputs; got ${groups} groups for ${show(shape)}. ` +
          `Use a divisor of ${out}.`,
      );
    }
    const place = kernel.reduce((at, n) => at * n + Math.floor(n / 2), 0);
    const values = new Float32Array(sizeOf(shape));
    const each = out / groups;
    for (let row = 0; row < out; row++) {
      const channel = row % each;
      if (channel < inputs) values[(row * inputs + channel) * sizeOf(kernel) + place] = 1;
    }
    return tensor(values, { shape });
  };

export interface SparseOptions {
  /** Standard deviation of what is not 0; the default is 0.01. */
  readonly std?: number;
}

/**
 * N(0, std²) in which ⌈sparsity · rows⌉ elements of each column are 0, other ones in each.
 * Source: Martens 2010, "Deep learning via Hessian-free optimization".
 * @throws ValueError unless sparsity lies in [0, 1]; ShapeError unless the shape has two axes
 */
export function sparse(sparsity: number, { std = 0.01 }: SparseOptions = {}): Initializer {
  if (!(sparsity >= 0 && sparsity <= 1)) {
    throw new ValueError(
      `sparse: sparsity is not between 0 and 1; got ${sparsity}. Use 0.9, for example.`,
    );
  }
  return (shape, seeded = {}) => {
    checkAxes("sparse", shape, 2, 2);
    const [rows, columns] = shape as readonly [number, number];
    const generator = generatorOf(seeded);
    const [draw, order] = [generator.next(), generator.next()];
    const { seed } = generator;
    const values = Float32Array.from({ length: rows * columns }, (_, i) => {
      return std * normalNumber(i, seed, draw);
    });
    for (let c = 0; c < columns; c++) {
      const key = Float64Array.from({ length: rows }, (_, r) => threefry(r, c, seed, order)[0]);
      const shuffled = [...key.keys()].sort((a, b) => key[a]! - key[b]!);
      for (const r of shuffled.slice(0, Math.ceil(sparsity * rows))) values[r * columns + c] = 0;
    }
    return tensor(values, { shape });
  };
}
