import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { arrays, load, perMatrix, pitchOf, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * A = L Lᵀ, A [z, n, n] symmetric and positive definite; only its lower triangle is read (Golub &
 * Van Loan, algorithm 4.2.1). Each thread takes rows; every column costs two barriers.
 */
export function choleskyKernel(call: KernelCall, indefinite: string): KernelSource {
  const [a] = call.inputs as [Operand];
  const [count, n] = a.shape as [number, number];
  const pitch = pitchOf(n);
  const small = smallMatrix(call, n);
  const { sync } = small;
  return perMatrix(call, small, {
    label: `cholesky ${n}x${n}`,
    count,
    globals: arrays(small, { a: ["f32", n * pitch] }),
    body: wgsl`
${load(small, "a", a)}
${sync} // the matrix is there
for (var k = 0u; k < ${n}u; k++) {
  let square = a[k * ${pitch}u + k];
  let fine = square > 0.0;
  if (!fine && lid.x == 0u) { ${call.report(indefinite, "linalg")} }
  let d = sqrt(select(1.0, square, fine));
  ${sync} // every thread has read the diagonal
  ${spread(
    small,
    "i",
    `${n}u`,
    `a[i * ${pitch}u + k] = select(a[i * ${pitch}u + k] / d, d, i == k);`,
    "k",
  )}
  ${sync} // column k is done
  ${spread(
    small,
    "i",
    `${n}u`,
    `let f = a[i * ${pitch}u + k];
for (var j = k + 1u; j <= i; j++) { a[i * ${pitch}u + j] -= f * a[j * ${pitch}u + k]; }`,
    "k + 1u",
  )}
  ${sync} // the rest has taken it off
}
${spread(
  small,
  "e",
  `${n * n}u`,
  `let r = e / ${n}u;
let c = e % ${n}u;
${call.outputs[0]!.store(["z", "r", "c"], `select(0.0, a[r * ${pitch}u + c], c <= r)`)}`,
)}`,
  });
}
