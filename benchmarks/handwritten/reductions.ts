import type { Runnable } from "../sides/side.ts";
import * as operations from "../workloads/operations.ts";
import type { KernelText, Machine } from "./machine.ts";
import { fastest, operation, upload } from "./operation.ts";
import { repeat, zero } from "./text.ts";

/** Threads of the first stage of a sum. */
const SUMMANDS = 4096;

/** Two stages: contiguous chunks per thread, then one workgroup. */
export function sum(machine: Machine, count: number): Runnable {
  const [partial, output] = [machine.buffer(4 * SUMMANDS), machine.buffer(4)];
  const chunk = count / 4 / SUMMANDS;
  const first = machine.kernel({
    label: "sum, first stage",
    bindings: [
      { name: "x", buffer: upload(machine, operations.sumInput(count)) },
      { name: "partial", buffer: partial, write: true },
    ],
    workgroupSize: [64, 1],
    grid: [SUMMANDS / 64],
    body: `
${repeat(4, (q) => `var sum${q} = ${zero};`)}
for (var i = 0u; i < ${chunk}u; i += 4u) {
  ${repeat(4, (q) => `sum${q} += x[gid.x * ${chunk}u + i + ${q}u];`)}
}
partial[gid.x] = (sum0 + sum1) + (sum2 + sum3);`,
  });
  const second = machine.kernel({
    label: "sum, second stage",
    bindings: [
      { name: "partial", buffer: partial },
      { name: "out", buffer: output, type: "f32", write: true },
    ],
    shared: "var<workgroup> part: array<vec4f, 16>;",
    workgroupSize: [16, 1],
    grid: [1],
    body: `
var sum = ${zero};
for (var i = 0u; i < ${SUMMANDS / 16}u; i++) { sum += partial[i * 16u + lid.x]; }
part[lid.x] = sum;
workgroupBarrier(); // all 16 parts are there
if (lid.x == 0u) {
  var total = ${zero};
  for (var i = 0u; i < 16u; i++) { total += part[i]; }
  out[0] = total.x + total.y + total.z + total.w;
}`,
  });
  return operation(machine, [first, second], output, 1);
}

/** One thread a row: what wins where a workgroup is a loop on one core. */
const softmaxThread = (x: GPUBuffer, out: GPUBuffer, rows: number, width: number): KernelText => ({
  label: "softmax, a thread a row",
  bindings: [
    { name: "x", buffer: x },
    { name: "out", buffer: out, write: true },
  ],
  workgroupSize: [16, 1],
  grid: [rows / 16],
  body: `
let start = gid.x * ${width / 4}u;
var largest4 = x[start];
for (var i = 1u; i < ${width / 4}u; i++) { largest4 = max(largest4, x[start + i]); }
let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
var total4 = ${zero};
for (var i = 0u; i < ${width / 4}u; i++) {
  let e = exp(x[start + i] - largest);
  total4 += e;
  out[start + i] = e;
}
let factor = 1.0 / (total4.x + total4.y + total4.z + total4.w);
for (var i = 0u; i < ${width / 4}u; i++) { out[start + i] *= factor; }`,
});

/** One workgroup of 64 a row: what wins on GPUs. */
const softmaxGroup = (x: GPUBuffer, out: GPUBuffer, rows: number, width: number): KernelText => ({
  label: "softmax, a workgroup a row",
  bindings: [
    { name: "x", buffer: x },
    { name: "out", buffer: out, write: true },
  ],
  shared: "var<workgroup> part: array<f32, 64>;",
  workgroupSize: [64, 1],
  grid: [rows],
  body: `
let start = wid.x * ${width / 4}u + lid.x;
var largest4 = x[start];
for (var i = 64u; i < ${width / 4}u; i += 64u) { largest4 = max(largest4, x[start + i]); }
part[lid.x] = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
workgroupBarrier(); // all maxima are there
var largest = part[0];
for (var i = 1u; i < 64u; i++) { largest = max(largest, part[i]); }
workgroupBarrier(); // all have read them
var total4 = ${zero};
for (var i = 0u; i < ${width / 4}u; i += 64u) {
  let e = exp(x[start + i] - largest);
  total4 += e;
  out[start + i] = e;
}
part[lid.x] = total4.x + total4.y + total4.z + total4.w;
workgroupBarrier(); // all sums are there
var total = 0.0;
for (var i = 0u; i < 64u; i++) { total += part[i]; }
let factor = 1.0 / total;
for (var i = 0u; i < ${width / 4}u; i += 64u) { out[start + i] *= factor; }`,
});

export async function softmax(machine: Machine, size: number): Promise<Runnable> {
  const x = upload(machine, operations.softmaxInput(size));
  const output = machine.buffer(size * size);
  const variants = [softmaxThread, softmaxGroup].map((make) => make(x, output, size, size));
  const { name, launch } = await fastest(machine, new Map(variants.map((v) => [v.label, v])));
  return operation(machine, [launch], output, size * size, name);
}
