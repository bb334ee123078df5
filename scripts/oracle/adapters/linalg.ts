import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { asNumber, type Json } from "../golden.ts";
import { type Adapter, type Adapters, adapter, type Result, unary } from "./adapter.ts";
import { dtypeOf } from "./dtypes.ts";

/** "fro", "nuc", a number or an infinity; null where it is not given. */
function order(a: Arguments, name: string): tg.MatrixOrder | null {
  const value = a.any(name);
  if (value === "fro" || value === "nuc") return value;
  return value === undefined || value === null ? null : asNumber(value as Json);
}

/** A number, or a tensor of one, as torch takes tolerances. */
const tolerance = (a: Arguments, name: string): number | undefined =>
  a.has(name) ? a.number(name) : undefined;

const ranked = (f: (x: tg.Tensor, o: tg.ToleranceOptions) => tg.Tensor) => (a: Arguments) => {
  const rtol = tolerance(a, "rtol") ?? tolerance(a, "rcond") ?? tolerance(a, "tol");
  a.flag("hermitian");
  return f(a.tensor("A"), { atol: tolerance(a, "atol"), rtol });
};

/** torch.norm: a vector norm over the axes, a matrix norm for "nuc". */
function norm(a: Arguments): Result {
  const [x, keep] = [a.tensor("input"), a.flag("keepdim")];
  const [p, axes] = [order(a, "p") ?? 2, a.axes("dim")];
  if (p === "nuc") return tg.matrixNorm(x, p, axes ?? [-2, -1], keep);
  return tg.norm(x, p, axes, { keepDims: keep, dtype: dtypeOf(a) });
}

const uplo = (a: Arguments): "L" | "U" => a.text("UPLO", "L") as "L" | "U";

const upper = (a: Arguments): { upper: boolean } => ({ upper: a.flag("upper") });

const cholesky = adapter("input upper", (a) => tg.cholesky(a.tensor("input"), upper(a)));

const power = adapter("input n", (a) => tg.matrixPower(a.tensor("input"), a.number("n")));

const linalgPinv = adapter("A rcond hermitian atol rtol", ranked(tg.pinv));

function matrixNorm(a: Arguments): Result {
  const axes = a.has("dim") ? a.numbers("dim") : [-2, -1];
  return tg.matrixNorm(a.tensor("input"), order(a, "ord") ?? "fro", axes, a.flag("keepdim"));
}

const linalgNorm = adapter("input ord dim keepdim", (a) =>
  tg.linalg.norm(a.tensor("input"), order(a, "ord"), a.axes("dim"), a.flag("keepdim")),
);

function triangular(a: Arguments): Result {
  return tg.solveTriangular(a.tensor("A"), a.tensor("B"), {
    ...upper(a),
    left: a.flag("left", true),
    unitriangular: a.flag("unitriangular"),
  });
}

function oldTriangular(a: Arguments): Result {
  const [b, m] = [a.tensor("b"), a.tensor("A")];
  return [
    tg.triangularSolve(b, m, {
      upper: a.flag("upper", true),
      transpose: a.flag("transpose"),
      unitriangular: a.flag("unitriangular"),
    }),
    m,
  ];
}

function multiDot(a: Arguments): Result {
  return tg.multiDot(a.tensors("tensors"));
}

/** torch.svd gives V, and the reduced form. */
function oldSvd(a: Arguments): Result {
  a.only("compute_uv", true);
  const [u, s, vt] = tg.svd(a.tensor("input"), { fullMatrices: !a.flag("some", true) });
  return [u, s, tg.transpose(vt)];
}

const qr = adapter("A mode", (a) => tg.qr(a.tensor("A"), a.text("mode", "reduced") as tg.QrMode));

const oldQr = adapter("input some", (a) =>
  tg.qr(a.tensor("input"), a.flag("some", true) ? "reduced" : "complete"),
);

function cond(a: Arguments): Result {
  return tg.cond(a.tensor("A"), order(a, "p") ?? 2);
}

const det = unary(tg.det);
const slogdet: Adapter = adapter("input", (a) => tg.slogdet(a.tensor("input")));

const solve = adapter("A B left", (a) =>
  tg.solve(a.tensor("A"), a.tensor("B"), { left: a.flag("left", true) }),
);

const lstsq = adapter("input B rcond driver", (a) => {
  a.any("rcond");
  a.any("driver");
  const { solution } = tg.lstsq(a.tensor("input"), a.tensor("B"));
  return [solution];
});

export const linalg: Adapters = {
  cholesky,
  cholesky_inverse: adapter("input upper", (a) => tg.choleskyInverse(a.tensor("input"), upper(a))),
  cholesky_solve: adapter("input input2 upper", (a) =>
    tg.choleskySolve(a.tensor("input"), a.tensor("input2"), upper(a)),
  ),
  det,
  inverse: unary(tg.inv),
  "linalg.cholesky": cholesky,
  "linalg.cond": adapter("A p", cond),
  "linalg.cross": adapter("input other dim", (a) =>
    tg.linalg.cross(a.tensor("input"), a.tensor("other"), a.number("dim", -1)),
  ),
  "linalg.det": det,
  "linalg.eigh": adapter("A UPLO", (a) => tg.eigh(a.tensor("A"), uplo(a))),
  "linalg.eigvalsh": adapter("A UPLO", (a) => tg.eigvalsh(a.tensor("A"), uplo(a))),
  "linalg.inv": unary(tg.inv),
  "linalg.lstsq": lstsq,
  "linalg.lu": adapter("A", (a) => tg.lu(a.tensor("A"))),
  "linalg.lu_factor": adapter("A", (a) => tg.luFactor(a.tensor("A"))),
  "linalg.matmul": adapter("input other", (a) => tg.matmul(a.tensor("input"), a.tensor("other"))),
  "linalg.matrix_exp": unary(tg.matrixExp),
  "linalg.matrix_norm": adapter("input ord dim keepdim", matrixNorm),
  "linalg.matrix_power": power,
  "linalg.matrix_rank": adapter("A tol hermitian atol rtol", ranked(tg.matrixRank)),
  "linalg.multi_dot": adapter("tensors", multiDot),
  "linalg.norm": linalgNorm,
  "linalg.pinv": linalgPinv,
  "linalg.qr": qr,
  "linalg.slogdet": slogdet,
  "linalg.solve": solve,
  "linalg.solve_triangular": adapter("A B upper left unitriangular", triangular),
  "linalg.svd": adapter("A full_matrices", (a) =>
    tg.svd(a.tensor("A"), { fullMatrices: a.flag("full_matrices", true) }),
  ),
  "linalg.svdvals": unary(tg.svdvals),
  "linalg.tensorinv": adapter("A ind", (a) => tg.tensorinv(a.tensor("A"), a.number("ind", 2))),
  "linalg.tensorsolve": adapter("A B", (a) => tg.tensorsolve(a.tensor("A"), a.tensor("B"))),
  logdet: unary(tg.logdet),
  matrix_exp: unary(tg.matrixExp),
  matrix_power: power,
  norm: adapter("input p dim keepdim dtype", norm),
  pinverse: linalgPinv,
  qr: oldQr,
  slogdet,
  svd: adapter("input some compute_uv", oldSvd),
  triangular_solve: adapter("b A upper transpose unitriangular", oldTriangular),
};
