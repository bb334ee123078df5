import { ShapeError } from "../../core/errors.ts";
import { show, sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import { normalNumber } from "../../ops/random/threefry.ts";
import { generatorOf } from "../draws.ts";
import type { Initializer } from "./initializer.ts";

/**
 * gain · Q for a random orthogonal Q, of a weight seen as a matrix [d0, d1·d2…]: its rows are
 * orthonormal where there are at most as many as columns, else its columns. Q comes from a normal
 * matrix by the QR decomposition whose R has a positive diagonal, which makes all rotations
 * equally likely. Computed in float64 on the host, in O(rows·columns·min) steps.
 * Source: Saxe, McClelland & Ganguli 2013, arXiv:1312.6120; Mezzadri 2007, arXiv:math-ph/0609050.
 * @throws ShapeError for less than two axes
 */
export const orthogonal =
  ({ gain = 1 }: { readonly gain?: number } = {}): Initializer =>
  (shape, seeded = {}) => {
    if (shape.length < 2) {
      throw new ShapeError(
        `orthogonal: a weight has at least two axes; got ${show(shape)}. ` +
          "Use uniform, normal or constant for biases.",
      );
    }
    const [rows, size] = [shape[0]!, sizeOf(shape)];
    const columns = rows === 0 ? 0 : size / rows;
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const generator = generatorOf(seeded);
    const draw = generator.next();
    const lines = Array.from({ length: count }, (_, k) =>
      Float64Array.from({ length }, (_, i) => normalNumber(k * length + i, generator.seed, draw)),
    );
    orthonormalize(lines);
    const values = new Float32Array(size);
    const [down, right] = rows <= columns ? [columns, 1] : [1, columns];
    for (const [k, line] of lines.entries()) {
      for (const [i, x] of line.entries()) values[k * down + i * right] = gain * x;
    }
    return tensor(values, { shape });
  };

/**
 * Gram and Schmidt, each line against what is left of those behind it; the lengths divided by are
 * the diagonal of R, and positive.
 */
function orthonormalize(lines: readonly Float64Array[]): void {
  for (const [k, line] of lines.entries()) {
    const length = Math.sqrt(dot(line, line));
    for (let i = 0; i < line.length; i++) line[i]! /= length;
    for (const other of lines.slice(k + 1)) {
      const shared = dot(line, other);
      for (let i = 0; i < other.length; i++) other[i]! -= shared * line[i]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
