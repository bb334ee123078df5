import { matmulKernel } from "../../../kernels/matmul/matmul.ts";

import { DTypeError, ShapeError } from "../../core/errors.ts";
import type { Attrs, MatmulShape, Spec } from "../../core/ir.ts";
import { broadcast, type Shape, show, sizeOf } from "../../core/shape.ts";
import { defineOp, floating, kernel } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { expand, reshape } from "../movement/movement.ts";
import { uniform } from "../samples.ts";
import { batchProduct, type Transposes } from "./matmulBatch.ts";
import { matmulReference } from "./matmulReference.ts";

type Product = (a: TensorLike, b: TensorLike, attrs: Transposes) => Tensor;

function dimensions(a: Shape, b: Shape, { ta, tb }: Transposes): MatmulShape {
  const [r, c] = a.slice(-2);
  const [s, d] = b.slice(-2);
  return { batch: a.slice(0, -2), m: ta ? c : r, k: ta ? r : c, n: tb ? s : d, ta, tb };
}

/** C = A B over the last two axes of operands with equal batch axes. */
const product: Product = defineOp<2, Transposes>({
  name: "matmul",
  arity: 2,
  shape: ([a, b], attrs) => {
    const { batch, m, n } = dimensions(a, b, attrs);
    return [...batch, m, n];
  },
  dtype: floating,
  key: ({ ta, tb }) => `${ta ? "t" : "n"}${tb ? "t" : "n"}`,
  forward: kernel({
    family: "matmul",
    outputs: (attrs, [a, b]) => {
      const { batch, m, n } = dimensions(a.shape, b.shape, attrs as Transposes);
      return [{ shape: [...batch, m, n], dtype: "float32" }];
    },
    strided: () => true,
    source: (call) => {
      const [a, b] = call.inputs;
      return matmulKernel(call, dimensions(a.shape, b.shape, call.attrs as Transposes));
    },
    reference: matmulReference,
    absorbs,
  }),
  vjp: ({ g, inputs: [a, b], attrs: { ta, tb } }) => {
    const mm = (x: Tensor, y: Tensor, tx: boolean, ty: boolean) =>
      product(x, y, { ta: tx, tb: ty });
    const da = ta ? mm(b, g, tb, true) : mm(g, b, false, !tb);
    const db = tb ? mm(g, a, true, ta) : mm(a, g, !ta, false);
    return [da, db];
  },
  batch: batchProduct,
  operands: ["A", "B"],
  derivative: ({ ta, tb }) => [
    ta ? (tb ? "Bᵀ gᵀ" : "B gᵀ") : tb ? "g B" : "g Bᵀ",
    tb ? (ta ? "gᵀ Aᵀ" : "gᵀ A") : ta ? "A g" : "Aᵀ g",
  ],
  samples: () => [
    [uniform([3, 4]), uniform([4, 5]), { ta: false, tb: false }],
    [uniform([4, 3]), uniform([4, 5]), { ta: true, tb: false }],
    [uniform([8, 4]), uniform([12, 4]), { ta: false, tb: true }],
    [uniform([7, 3]), uniform([2, 7]), { ta: true, tb: true }],
    [uniform([2, 3, 4], -1, 1, "transposed"), uniform([2, 4, 8]), { ta: false, tb: false }],
    [uniform([1, 1]), uniform([1, 1]), { ta: false, tb: false }],
    [uniform([0, 3]), uniform([3, 2]), { ta: false, tb: false }],
    [uniform([2, 0]), uniform([0, 3]), { ta: false, tb: false }],
    [uniform([37, 20]), uniform([20, 68]), { ta: false, tb: false }],
  ],
});

/**
 * Matrix product, C = A B.
 * a [..., m, k] and b [..., k, n] give [..., m, n]; batch axes broadcast. A 1-D operand is a row
 * (first) or a column (second) whose axis vanishes from the result.
 * @throws ShapeError when the inner sizes differ or the batch axes do not broadcast.
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [requireTensor(a, 0), requireTensor(b, 1)];
  if (x.rank === 1 || y.rank === 1) return withVectors(x, y);
  const left = untransposed(x);
  const right = untransposed(y);
  checkInner(x, y);
  const batch = broadcast("matmul", [x.shape.slice(0, -2), y.shape.slice(0, -2)]);
  if (y.rank === 2 && x.rank > 2 && !left.transposed) {
    // One product with more rows instead of many that share the second operand.
    const [k, rows] = [x.shape[x.rank - 1], sizeOf(x.shape.slice(0, -1))];
    const flat = product(reshape(x, [rows, k]), right.t, { ta: false, tb: right.transposed });
    return reshape(flat, [...x.shape.slice(0, -1), y.shape[1]]);
  }
  const spread = (t: Tensor) => expand(t, [...batch, ...t.shape.slice(-2)]);
  return product(spread(left.t), spread(right.t), {
    ta: left.transposed,
    tb: right.transposed,
  });
}

function requireTensor(x: TensorLike, at: number): Tensor {
  if (x instanceof Tensor && x.rank > 0) return x;
  if (x instanceof Tensor) {
    throw new ShapeError(
      `matmul: operand ${at} is a scalar; got shape []. Use mul to scale, or reshape it to [1, 1].`,
    );
  }
  throw new DTypeError(
    `matmul: operand ${at} is not a tensor; got ${typeof x} ${x}. Use mul to scale by a number.`,
  );
}

function withVectors(x: Tensor, y: Tensor): Tensor {
  const row = x.rank === 1 ? reshape(x, [1, x.shape[0]]) : x;
  const column = y.rank === 1 ? reshape(y, [y.shape[0], 1]) : y;
  const out = matmul(row, column);
  const keep = out.shape.filter(
    (_, d) => !(x.rank === 1 && d === out.rank - 2) && !(y.rank === 1 && d === out.rank - 1),
  );
  return reshape(out, keep);
}

function checkInner(x: Tensor, y: Tensor): void {
  const [k, l] = [x.shape[x.rank - 1], y.shape[y.rank - 2]];
  if (k === l) return;
  throw new ShapeError(
    `matmul: inner sizes ${k} and ${l} differ; got a ${show(x.shape)}, b ${show(y.shape)}. ` +
      "The last axis of a must equal the last but one of b; transpose one of them.",
  );
}

/** A transposed matrix is read in place: its base, and the fact. */
function untransposed(t: Tensor): { t: Tensor; transposed: boolean } {
  const { node } = t;
  const order = (node.attrs as { order?: readonly number[] }).order;
  const swaps =
    node.storage === null &&
    node.op.forward.kind === "view" &&
    order?.every((from, to) => from === (to < t.rank - 2 ? to : 2 * t.rank - 3 - to));
  return swaps ? { t: new Tensor(node.inputs[0]), transposed: true } : { t, transposed: false };
}

/** Sums of an operand over the contracted axis, without batch axes: a bias gradient. */
function absorbs(attrs: Attrs, inputs: readonly Spec[], input: number, axes: readonly number[]) {
  const { ta, tb } = attrs as Transposes;
  const contracted = input === 0 ? (ta ? 0 : 1) : tb ? 1 : 0;
  return inputs[input].shape.length === 2 && axes.length === 1 && axes[0] === contracted;
}
