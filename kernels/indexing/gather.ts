import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { gridFor, linearIndex } from "../kernel.ts";
import { outside } from "./outside.ts";

const THREADS = 64;

/**
 * out[o, k, i] = x[o, index[o, k, i], i] for x [outer, n, inner], index and out
 * [outer, k, inner]. A thread makes one element. An index outside the axis reads the nearest
 * place and is reported.
 */
export function gatherKernel(call: KernelCall): KernelSource {
  const [x, index] = call.inputs as [Operand, Operand];
  const out = call.outputs[0]!;
  const [outer, count, inner] = out.shape as [number, number, number];
  const n = x.shape[1]!;
  const size = outer * count * inner;
  const grid = gridFor(Math.ceil(size / THREADS), call.target);
  const check =
    call.attrs.trusted === true
      ? ""
      : `if (found < 0 || found >= ${n}) { ${call.report(outside("gather", n))} }`;
  return {
    label: `gather ${outer}x${n}x${inner}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    body: `
let at = ${linearIndex(grid, THREADS)};
if (at < ${size}u) {
let i = at % ${inner}u;
let k = (at / ${inner}u) % ${count}u;
let o = at / ${inner * count}u;
let found = ${index.at(["o", "k", "i"])};
${check}
let j = u32(clamp(found, 0, ${n - 1}));
let value = ${x.at(["o", "j", "i"])};
${out.store(["o", "k", "i"], "value")}
}`,
  };
}
