import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { eye } from "../creation/creation.ts";
import { expand, reshape } from "../movement/movement.ts";
import { matmul } from "./matmul.ts";
import { checkSquare } from "./matrices.ts";
import { inv } from "./solve.ts";

/**
 * The product of several matrices in the order that needs the fewest multiplications (Cormen et
 * al., matrix-chain multiplication). The first and the last may be vectors: a row, a column.
 * @throws ShapeError for fewer than two tensors, other ranks, or sizes that do not fit
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const last = tensors.length - 1;
  const fits = (x: Tensor, i: number) => x.rank === 2 || (x.rank === 1 && (i === 0 || i === last));
  const wrong = tensors.findIndex((x, i) => !fits(x, i));
  if (tensors.length < 2 || wrong >= 0) {
    throw new ShapeError(
      `multiDot: it takes two or more matrices, of which the first and last may be vectors; got ` +
        `${tensors.map((x) => show(x.shape)).join(", ")}.`,
    );
  }
  const full = tensors.map((x, i) => {
    if (x.rank === 2) return x;
    return reshape(x, i === 0 ? [1, x.size] : [x.size, 1]);
  });
  const out = chainProduct(full);
  const ends = [tensors[0]!.rank === 1, tensors[last]!.rank === 1];
  return reshape(
    out,
    out.shape.filter((_, d) => !ends[d]),
  );
}

/** The older name of `multiDot`, for matrices only; one matrix is itself. */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  const wrong = matrices.find((x) => x.rank !== 2);
  if (matrices.length > 0 && wrong === undefined) {
    return matrices.length === 1 ? matrices[0]! : chainProduct(matrices);
  }
  throw new ShapeError(
    `chainMatmul: it takes matrices; got ${wrong ? show(wrong.shape) : "none"}. Use multiDot.`,
  );
}

function chainProduct(matrices: readonly Tensor[]): Tensor {
  matrices.slice(1).forEach((x, i) => {
    const before = matrices[i]!;
    if (before.shape[1] === x.shape[0]) return;
    throw new ShapeError(
      `multiDot: inner sizes differ between matrices ${i} and ${i + 1}; got ` +
        `${show(before.shape)} and ${show(x.shape)}. Make them equal.`,
    );
  });
  const cuts = bestCuts([...matrices.map((x) => x.shape[0]!), matrices.at(-1)!.shape[1]!]);
  const product = (i: number, j: number): Tensor => {
    if (i === j) return matrices[i]!;
    const cut = cuts[i]![j]!;
    return matmul(product(i, cut), product(cut + 1, j));
  };
  return product(0, matrices.length - 1);
}

/** cuts[i][j]: behind which matrix the product of i … j is best split; sizes d0×d1, d1×d2, … */
function bestCuts(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const grid = () => Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const [cost, cuts] = [grid(), grid()];
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      cost[i]![j] = Number.POSITIVE_INFINITY;
      for (let k = i; k < j; k++) {
        const joint = sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        const total = cost[i]![k]! + cost[k + 1]![j]! + joint;
        if (total >= cost[i]![j]!) continue;
        cost[i]![j] = total;
        cuts[i]![j] = k;
      }
    }
  }
  return cuts;
}

/**
 * A to a whole power by repeated squaring; 0 gives the identity, a negative one powers of the
 * inverse. @param a [..., n, n]  @throws ShapeError unless square, ValueError for a broken power
 */
export function matrixPower(a: Tensor, power: number): Tensor {
  checkSquare("matrixPower", a);
  if (!Number.isInteger(power)) {
    throw new ValueError(`matrixPower: the power ${power} is not a whole number. Use one.`);
  }
  if (power === 0) return expand(eye(a.shape.at(-1)!, undefined, { device: a.device }), a.shape);
  let square = power < 0 ? inv(a) : a;
  let out: Tensor | null = null;
  for (let rest = Math.abs(power); ; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) out = out === null ? square : matmul(out, square);
    if (rest <= 1) return out!;
    square = matmul(square, square);
  }
}
