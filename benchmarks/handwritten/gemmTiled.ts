import type { Gemm } from "./gemm.ts";
import type { KernelText } from "./machine.ts";
import { lane, repeat, zero } from "./text.ts";

/** Threads of a workgroup along each side of its tile. */
const THREADS = 16;

/** c = a b for GPUs: 16 x 16 threads compute a tile of `tile` x `tile` results, each a square of
 *  them in registers, from stripes of a and b in workgroup memory. No operand is transposed; m and n
 *  are multiples of the tile, k of 1024 / tile. */
export function gemmTiled({ label, m, n, k, a, b, c }: Gemm, tile: 64 | 128): KernelText {
  const own = tile / THREADS;
  // A stripe is 1024 numbers of each operand: a vec4f for each thread.
  const depth = 1024 / tile;
  const [depthQuads, tileQuads] = [depth / 4, tile / 4];
  return {
    label: `${label}, tiles of ${tile}`,
    bindings: [
      { name: "a", buffer: a.buffer },
      { name: "b", buffer: b.buffer },
      { name: "c", buffer: c.buffer, write: true },
    ],
    shared: `
var<workgroup> stripeA: array<f32, 1024>; // [depth, tile]
var<workgroup> stripeB: array<vec4f, 256>; // [depth, tile]`,
    workgroupSize: [THREADS, THREADS],
    grid: [n / tile, m / tile],
    body: `
let rowA = local / ${depthQuads}u;
let quadA = local % ${depthQuads}u;
let rowB = local / ${tileQuads}u;
let quadB = local % ${tileQuads}u;
${repeat(own, (i) => repeat(own / 4, (j) => `var sum${i}_${j} = ${zero};`))}
for (var k = 0u; k < ${k}u; k += ${depth}u) {
  let fromA = a[(wid.y * ${tile}u + rowA) * ${k / 4}u + (k >> 2u) + quadA];
  ${repeat(4, (q) => `stripeA[(quadA * 4u + ${q}u) * ${tile}u + rowA] = fromA.${lane(q)};`)}
  stripeB[local] = b[(k + rowB) * ${n / 4}u + wid.x * ${tileQuads}u + quadB];
  workgroupBarrier(); // the stripes are there
  for (var d = 0u; d < ${depth}u; d++) {
    ${repeat(own, (i) => `let a${i} = stripeA[d * ${tile}u + lid.y * ${own}u + ${i}u];`)}
    ${repeat(own / 4, (j) => `let b${j} = stripeB[d * ${tileQuads}u + ${j * THREADS}u + lid.x];`)}
    ${repeat(own, (i) => repeat(own / 4, (j) => `sum${i}_${j} += a${i} * b${j};`))}
  }
  workgroupBarrier(); // all have used them
}
${repeat(own, (i) =>
  repeat(own / 4, (j) => {
    const row = `(wid.y * ${tile}u + lid.y * ${own}u + ${i}u) * ${n / 4}u`;
    return `c[${row} + wid.x * ${tileQuads}u + ${j * THREADS}u + lid.x] = sum${i}_${j};`;
  }),
)}`,
  };
}
