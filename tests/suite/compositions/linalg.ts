import * as ops from "../../../src/ops/index.ts";
import { exactly, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, type Inputs, unary } from "./composed.ts";

const of = (name: string, f: (...x: Tensor[]) => Tensor, samples: () => Inputs[]): Composed =>
  composed(name, f as never, samples);

/** Far from any equal singular values. */
const matrix = () => exactly([1, 3, 2], [1, 0.4, -0.7, 2, 0.6, 1.5]);

const products = (): Composed[] => [
  of(
    "linear",
    (x, w, b) => ops.linear(x, w, b),
    () => [[uniform([2, 3]), uniform([4, 3]), uniform([4])]],
  ),
  of(
    "bilinear",
    (a, b, w) => ops.bilinear(a, b, w),
    () => [[uniform([2, 3]), uniform([2, 2]), uniform([4, 3, 2])]],
  ),
  of(
    "addmm",
    (x, a, b) => ops.addmm(x, a, b, { beta: 0.2, alpha: 0.6 }),
    () => [[uniform([3]), uniform([2, 2]), uniform([2, 3])]],
  ),
  of(
    "addbmm",
    (x, a, b) => ops.addbmm(x, a, b),
    () => [[uniform([]), uniform([2, 2, 2]), uniform([2, 2, 3])]],
  ),
  of(
    "tensordot",
    (a, b) =>
      ops.tensordot(a, b, [
        [1, 0],
        [0, 2],
      ]),
    () => [[uniform([2, 3, 2]), uniform([3, 2, 2])]],
  ),
  of(
    "cov",
    (x, w) => ops.cov(x, { aweights: w }),
    () => [[uniform([2, 4]), uniform([4], 1, 2)]],
  ),
  unary("corrcoef", ops.corrcoef, [uniform([2, 4])]),
  of("kron", ops.kron, () => [[uniform([2, 3]), uniform([2])]]),
  of(
    "einsum of three",
    (a, b, c) => ops.einsum("...ij,jk,k->i...", a, b, c),
    () => [[uniform([2, 1, 3]), uniform([3, 2], -2, 2, "transposed"), uniform([2])]],
  ),
  unary("einsum of a diagonal", (x) => ops.einsum("iji->ij", x), [uniform([3, 2, 3])]),
  of(
    "multiDot",
    (a, b, c) => ops.multiDot([a, b, c]),
    () => [[uniform([3]), uniform([3, 2]), uniform([2, 4])]],
  ),
  of(
    "cross",
    (a, b) => ops.cross(a, b, -1),
    () => [[uniform([2, 3]), uniform([1, 3])]],
  ),
  of(
    "cdist",
    (a, b) => ops.cdist(a, b),
    () => [[uniform([3, 2]), uniform([2, 2])]],
  ),
  of(
    "cdist of order 1.5",
    (a, b) => ops.cdist(a, b, 1.5),
    () => [[uniform([2, 2]), uniform([3, 2])]],
  ),
];

const decompositions = (): Composed[] => [
  unary("inverse squared", (x) => ops.matrixPower(x, -2), [exactly([2, 2], [2, 1, -1, 1.5])]),
  of(
    "solve from the right",
    (a, b) => ops.solve(a, b, { left: false }),
    () => [[uniform([2, 2], 1, 2), uniform([3, 1, 2])]],
  ),
  unary("logdet", (x) => ops.slogdet(x)[1], [uniform([2, 2, 2])]),
  unary("det of a singular matrix", ops.det, [exactly([2, 2], [1, 2, 2, 4])]),
  unary("complete R", (x) => ops.qr(x, "complete")[1], [uniform([3, 2])]),
  unary("Q of a wide matrix", (x) => ops.qr(x)[0], [uniform([2, 3])]),
  unary("svd of a wide matrix", (x) => ops.svd(ops.transpose(x))[0], [matrix()]),
  unary("nuclear norm", (x) => ops.matrixNorm(x, "nuc"), [matrix()]),
  unary("norm of order -2", (x) => ops.matrixNorm(x, -2, [0, 1]), [uniform([2, 2, 2])]),
  unary("norm of order 1", (x) => ops.linalg.norm(x, 1), [uniform([2, 3])]),
  of(
    "lstsq",
    (a, b) => ops.lstsq(a, b).solution,
    () => [[uniform([3, 2]), uniform([3, 1])]],
  ),
  unary("L of lu", (x) => ops.lu(x)[1], [uniform([3, 2])]),
];

export const linearAlgebra = (): Composed[] => [...products(), ...decompositions()];
