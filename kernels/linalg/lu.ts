import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { infHelper, isNanHelper, logHelper, nanHelper, oneLane } from "../math/floatHelpers.ts";
import {
  arrays,
  load,
  perMatrix,
  pitchOf,
  type SmallMatrix,
  smallMatrix,
  spread,
} from "./smallMatrix.ts";

/** What the decomposition gives, in the order of its outputs. */
type Results = readonly [Sink, Sink, Sink, Sink, Sink, Sink];

/**
 * P A = L U with partial pivoting, A [z, m, n] with m ≥ n (Golub & Van Loan, algorithm 3.4.1).
 * Outputs: L (below the diagonal, which is 1) and U in one matrix; the order of the rows; the
 * row each step swapped its own with, from 1; and of square matrices the sign of the determinant,
 * ln |det|, and det. Each thread looks for the pivot by itself and takes rows to eliminate.
 */
export function luKernel(call: KernelCall): KernelSource {
  const [a] = call.inputs as [Operand];
  const [count, m, n] = a.shape as [number, number, number];
  const pitch = pitchOf(n);
  const small = smallMatrix(call, m);
  const { sync } = small;
  return perMatrix(call, small, {
    label: `lu ${m}x${n}`,
    count,
    globals: arrays(small, { a: ["f32", m * pitch], order: ["u32", m] }),
    body: wgsl`
${load(small, "a", a)}
${spread(small, "i", `${m}u`, "order[i] = i;")}
${sync} // the matrix is there
var parity = 1.0;
for (var k = 0u; k < ${n}u; k++) {
  var p = k;
  var top = abs(a[k * ${pitch}u + k]);
  for (var i = k + 1u; i < ${m}u; i++) {
    let size = abs(a[i * ${pitch}u + k]);
    if (size > top) { top = size; p = i; }
  }
  ${sync} // every thread has found the pivot
  if (p != k) {
    parity = -parity;
    ${spread(
      small,
      "c",
      `${n}u`,
      `let held = a[k * ${pitch}u + c];
a[k * ${pitch}u + c] = a[p * ${pitch}u + c];
a[p * ${pitch}u + c] = held;`,
    )}
    if (lid.x == 0u) {
      let held = order[k];
      order[k] = order[p];
      order[p] = held;
    }
  }
  if (lid.x == 0u) { ${pivotText(call)} }
  ${sync} // the rows are swapped
  let d = a[k * ${pitch}u + k];
  ${spread(
    small,
    "i",
    `${m}u`,
    `let f = select(a[i * ${pitch}u + k] / d, 0.0, d == 0.0);
a[i * ${pitch}u + k] = f;
for (var j = k + 1u; j < ${n}u; j++) { a[i * ${pitch}u + j] -= f * a[k * ${pitch}u + j]; }`,
    "k + 1u",
  )}
  ${sync} // column k is eliminated
}
${resultText(call, small, m, n)}`,
  });
}

const pivotText = ({ outputs }: KernelCall): string =>
  (outputs as Results)[2].wanted ? (outputs as Results)[2].store(["z", "k"], "i32(p) + 1") : "";

function resultText(call: KernelCall, small: SmallMatrix, m: number, n: number): string {
  const [factors, order, , sign, logSize, det] = call.outputs as Results;
  const pitch = pitchOf(n);
  const place = `let r = e / ${n}u;\nlet c = e % ${n}u;`;
  const scalars = m === n && (sign.wanted || logSize.wanted || det.wanted);
  for (const helper of [infHelper, nanHelper, isNanHelper]) call.use(helper, oneLane);
  const ln = call.use(logHelper, oneLane);
  return wgsl`
#if ${factors.wanted}
${spread(
  small,
  "e",
  `${m * n}u`,
  `${place}\n${factors.store(["z", "r", "c"], `a[r * ${pitch}u + c]`)}`,
)}
#endif
#if ${order.wanted}
${spread(small, "i", `${m}u`, order.store(["z", "i"], "i32(order[i])"))}
#endif
#if ${scalars}
if (lid.x == 0u) {
  var product = parity;
  var total = 0.0;
  for (var k = 0u; k < ${n}u; k++) {
    let d = a[k * ${pitch}u + k];
    product *= d;
    total += ${ln}(abs(d));
    if (d < 0.0) { parity = -parity; }
    if (d == 0.0) { parity = 0.0; }
  }
  ${sign.wanted ? sign.store(["z"], "parity") : ""}
  ${logSize.wanted ? logSize.store(["z"], "total") : ""}
  ${det.wanted ? det.store(["z"], "product") : ""}
}
#endif`;
}
