import type { Peak } from "../sides/side.ts";
import type { KernelText, Machine } from "./machine.ts";
import { copyKernel } from "./pointwise.ts";
import { repeat } from "./text.ts";

/** Independent sums of a thread, so that no multiplication waits for another. */
const SUMS = 8;
const TURNS = 256;

/** Multiplies and adds in registers alone: 8 operations for each fma of a vec4f. */
function fmaKernel(out: GPUBuffer, threads: number): KernelText {
  return {
    label: "fma",
    bindings: [{ name: "out", buffer: out, write: true }],
    workgroupSize: [64, 1],
    grid: [threads / 64],
    body: `
let x = vec4f(1.0 / f32(gid.x + 2u));
${repeat(SUMS, (i) => `var sum${i} = vec4f(${i}.5);`)}
for (var i = 0u; i < ${TURNS}u; i++) {
  ${repeat(SUMS, (i) => `sum${i} = fma(sum${i}, x, x);`)}
}
out[gid.x] = ${Array.from({ length: SUMS }, (_, i) => `sum${i}`).join(" + ")};`,
  };
}

/** The most threads are for GPUs, of which some have over 100 000 at once. */
const threadCounts = [2 ** 14, 2 ** 18, 2 ** 20];

/** What the adapter can do: bytes of a copy, read and written, and multiplications and additions.
 *  */
export async function measurePeak(machine: Machine): Promise<Peak> {
  const count = 2 ** 24;
  const [from, to] = [machine.buffer(count), machine.buffer(count)];
  const copyMs = await machine.time([machine.kernel(copyKernel(from, to, count))]);
  let gflops = 0;
  for (const threads of threadCounts) {
    const ms = await machine.time([machine.kernel(fmaKernel(to, threads))]);
    gflops = Math.max(gflops, (threads * TURNS * SUMS * 8) / ms / 1e6);
  }
  return { copyGBps: (8 * count) / copyMs / 1e6, gflops };
}
