/** Linear algebra under the names of `torch.linalg`. */

export { diagonal } from "../movement/diagonal.ts";
export { vectorNorm } from "../reduce/norm.ts";
export { chainMatmul, matrixPower, multiDot } from "./chain.ts";
export { cholesky, choleskyInverse, choleskySolve } from "./cholesky.ts";
export { linalgCross as cross } from "./cross.ts";
export { det, logdet, slogdet } from "./determinant.ts";
export { eigh, eigvalsh } from "./eigh.ts";
export { lstsq } from "./leastSquares.ts";
export { lu, luFactor } from "./luDecomposition.ts";
export { matmul } from "./matmul.ts";
export { matrixExp } from "./matrixExp.ts";
export { cond, type MatrixOrder, matrixNorm, norm } from "./norms.ts";
export { matrixRank, pinv, type ToleranceOptions } from "./pseudoinverse.ts";
export { type QrMode, qr } from "./qr.ts";
export { inv, solve, tensorinv, tensorsolve } from "./solve.ts";
export { svd, svdvals } from "./svd.ts";
export { solveTriangular } from "./triangular.ts";
