import type { KernelCall, KernelSource } from "../../src/core/ir.ts";

/** A number, as it is; what is NaN or infinite (told by its bits) is reported. One thread. */
export function finiteKernel(call: KernelCall, message: string): KernelSource {
  return {
    label: "finite",
    workgroupSize: [1, 1, 1],
    workgroups: [1, 1, 1],
    body: `
let x = ${call.inputs[0]!.at([])};
if ((bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u) { ${call.report(message, "nonFinite")} }
${call.outputs[0]!.store([], "x")}`,
  };
}
