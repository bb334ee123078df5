import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { contract } from "./contract.ts";

/** How many axes to contract, the last of a with the first of b; or which ones of each. */
export type ContractedAxes = number | readonly [readonly number[], readonly number[]];

function axisPairs(a: Tensor, b: Tensor, axes: ContractedAxes): [number[], number[]] {
  if (typeof axes !== "number") {
    const [left, right] = axes;
    const of = (list: readonly number[], x: Tensor) =>
      list.map((d) => normalizeAxis("tensordot", d, x.rank));
    return [of(left, a), of(right, b)];
  }
  if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.rank, b.rank)) {
    throw new ShapeError(
      `tensordot: ${axes} axes cannot be contracted; got ${show(a.shape)} and ${show(b.shape)}. ` +
        "Use a whole number up to the smaller rank.",
    );
  }
  const count = Array.from({ length: axes }, (_, i) => i);
  return [count.map((i) => a.rank - axes + i), count];
}

function checkPairs(a: Tensor, b: Tensor, left: readonly number[], right: readonly number[]): void {
  const once = (list: readonly number[]) => new Set(list).size === list.length;
  const fits = left.every((d, i) => {
    const [n, m] = [a.shape[d]!, b.shape[right[i]!]!];
    return n === m || n === 1 || m === 1;
  });
  if (left.length === right.length && once(left) && once(right) && fits) return;
  throw new ShapeError(
    `tensordot: axes ${show(left)} of ${show(a.shape)} do not pair with axes ${show(right)} of ` +
      `${show(b.shape)}. Name as many axes of each, once, with equal sizes.`,
  );
}

/**
 * Σ of products over pairs of axes: the result has the other axes of a, then those of b.
 * `tensordot(a, b, 1)` is a matrix product, `tensordot(a, b, [[0], [1]])` that of aᵀ and bᵀ.
 * @throws ShapeError when the axes do not pair
 */
export function tensordot(a: Tensor, b: Tensor, axes: ContractedAxes = 2): Tensor {
  const [left, right] = axisPairs(a, b, axes);
  checkPairs(a, b, left, right);
  const names = (x: Tensor, side: string, contracted: readonly number[]) =>
    x.shape.map((_, d) => (contracted.includes(d) ? `${contracted.indexOf(d)}` : `${side}${d}`));
  const first = { x: a, axes: names(a, "a", left) };
  const second = { x: b, axes: names(b, "b", right) };
  const keep = new Set([...first.axes, ...second.axes].filter((name) => /^[ab]/.test(name)));
  return contract("tensordot", first, second, keep).x;
}

/**
 * Σ over the last axes, out[…, …] = Σᵢ a[…, i] b[…, i]; a scalar multiplies.
 * @throws ShapeError when the last sizes differ
 */
export function inner(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0) return mul(a, b);
  if (a.shape[a.rank - 1] === b.shape[b.rank - 1]) return tensordot(a, b, [[-1], [-1]]);
  throw new ShapeError(
    `inner: the last axes differ; got ${show(a.shape)} and ${show(b.shape)}. Make them equal.`,
  );
}

/** out[i, j] = a[i] b[j]. @throws ShapeError unless both are 1-D */
export function outer(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 1 && b.rank === 1) return mul(reshape(a, [a.size, 1]), b);
  throw new ShapeError(
    `outer: it takes two 1-D tensors; got ${show(a.shape)} and ${show(b.shape)}. Flatten them.`,
  );
}

/**
 * Kronecker product: every element of a times the whole of b. Sizes multiply axis by axis; the
 * tensor of fewer axes gets axes of size 1 at the left.
 * @throws nothing: every shape fits
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(a.rank, b.rank);
  const full = (x: Tensor) => [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const [s, t] = [full(a), full(b)];
  const left = reshape(
    a,
    s.flatMap((n) => [n, 1]),
  );
  const right = reshape(
    b,
    t.flatMap((n) => [1, n]),
  );
  return reshape(
    mul(left, right),
    s.map((n, d) => n * t[d]!),
  );
}
