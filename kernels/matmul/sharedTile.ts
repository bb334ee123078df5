import type { KernelCall, KernelSource, MatmulShape, Sink, Variant } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { batchGrid, block as blockText, type Factor, factorOf, pointers } from "./matmulShape.ts";
import { type Storing, storeFour, storeSum } from "./storing.ts";

/** A workgroup of `THREADS` makes `block` x `block` results. */
export interface SharedTile extends Variant {
  readonly block: number;
}

const THREADS = 256;
/** Each thread loads 4 x 4 elements: half of them of A, half of B. */
const HALF = THREADS / 2;

/**
 * A workgroup computes a square block of results from blocks of A and B in its memory, where each
 * element serves a whole row or column of threads; a thread keeps 8 x 8 or 4 x 4 sums in
 * registers. The smaller the block, the longer its piece of k, always 16 KiB together; where the
 * block has fewer results than the threads could hold, slices of them divide the piece among them.
 */
export function sharedMatmul(
  call: KernelCall,
  shape: MatmulShape,
  { name, block }: SharedTile,
): KernelSource {
  const { m, n, k } = shape;
  const own = block > 64 ? 8 : 4;
  const side = block / own;
  const depth = (16 * HALF) / block;
  const slices = THREADS / side / side;
  const { workgroups, batch, y, guard } = batchGrid(shape, Math.ceil(m / block), call.target);
  const [a, b] = [factorOf(call, shape, 0, batch), factorOf(call, shape, 1, batch)];
  const results = range(own).flatMap((i) => range(own / 4).map((j) => `c${i}_${j}`));
  const to = { sink: call.outputs[0], batch, rows: block, columns: block, down: false };
  return {
    label: `matmul ${m}x${k}x${n} ${name}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: [Math.ceil(n / block), ...workgroups],
    globals: `var<workgroup> tiles: array<vec4<f32>, ${8 * HALF}>;`,
    // The whole workgroup ends or stays, so barriers may follow. In each turn the next blocks are
    // on their way while those that are there are used; then all have read these before others
    // replace them, and the others are complete before anyone reads them.
    body: `${guard}
let row0 = ${y} * ${block}u;
let col0 = wid.x * ${block}u;
let slice = lid.x / ${side * side}u;
let ty = lid.x / ${side}u % ${side}u;
let tx = lid.x % ${side}u;
let load = lid.x % ${HALF}u;
var at = 0u;
var sum = vec4<f32>();
${results.map((c) => `var ${c} = vec4<f32>();`).join("\n")}
for (var k0 = 0u; k0 < ${Math.ceil(k / depth + 1) * depth}u; k0 += ${depth}u) {
var next = mat4x4<f32>();
if (lid.x < ${HALF}u) {
${fetch(a, "row0", block, depth)}
} else {
${fetch(b, "col0", block, depth)}
}
if (k0 > 0u) {
for (var d = slice * ${depth / slices}u; d < (slice + 1u) * ${depth / slices}u; d++) {
${multiply(own, block)}
}
}
workgroupBarrier();
${range(4)
  .map((q) => `tiles[at + ${(q * block) / 4}u] = next[${q}];`)
  .join("\n")}
${call.absorbed.length > 0 ? "sum += next[0] + next[1] + next[2] + next[3];" : ""}
workgroupBarrier();
}
${slices === 1 ? stores(to, results, side) : meet(to, results, side)}
${call.absorbed.map(({ input, sink }) => storeSums(input === 0 ? a : b, sink, block)).join("\n")}`,
  };
}

/** Four steps of k of four neighbours: threads side by side load what lies side by side. */
function fetch(f: Factor, first: string, block: number, depth: number): string {
  const own = f.mode === "own";
  const length = own ? block / 4 : depth / 4;
  return `let p = load ${own ? "%" : "/"} ${length}u;
let d = load ${own ? "/" : "%"} ${length}u;
at = ${f.input * 4 * HALF}u + d * ${block}u + p;
${pointers(f, `(${first} + 4u * p)`, 4).join("\n")}
let k = k0 + 4u * d;
if (k < ${f.k}u) { next = ${blockText(f)}; }`;
}

/** Adds the outer product of a column of A's block and a row of B's. */
function multiply(own: number, block: number): string {
  const count = own / 4;
  const side = block / own;
  return [
    ...range(count).flatMap((i) => [
      `let x${i} = tiles[d * ${block / 4}u + ty + ${i * side}u];`,
      `let y${i} = tiles[${4 * HALF}u + d * ${block / 4}u + tx + ${i * side}u];`,
    ]),
    ...range(own).flatMap((i) =>
      range(count).map((j) => `c${i}_${j} += x${i >> 2}[${i & 3}] * y${j};`),
    ),
  ].join("\n");
}

function stores(to: Storing, results: readonly string[], side: number): string {
  const own = results.length === 4 ? 4 : 8;
  const row = `(row0 + 4u * ty + i / 4u * ${4 * side}u + i % 4u)`;
  const lines = range(own / 4).map((j) =>
    storeFour(to, row, `(col0 + 4u * tx + ${4 * j * side}u)`, `all[i * ${own / 4}u + ${j}u]`),
  );
  return `var all = array<vec4<f32>, ${results.length}>(${results});
for (var i = 0u; i < ${own}u; i++) {
${lines.join("\n")}
}`;
}

/** WGSL that declares the sum of what lies in workgroup memory at such places. */
const total = (first: string, end: string, step: number): string => `var total = vec4<f32>();
for (var s = ${first}; s < ${end}; s += ${step}u) { total += tiles[s]; }`;

/** When all slices have written, the first four each add up a row of what all have. */
const meet = (to: Storing, results: readonly string[], side: number): string => `
${results.map((c, i) => `tiles[${i * THREADS}u + lid.x] = ${c};`).join("\n")}
workgroupBarrier();
if (slice < 4u) {
let begin = slice * ${THREADS}u;
${total(`begin + lid.x % ${side * side}u`, `begin + ${THREADS}u`, side * side)}
${storeFour(to, "(row0 + 4u * ty + slice)", "(col0 + 4u * tx)", "total")}
}`;

/**
 * Each thread has the sums of what it has loaded; those of the same place add up to the sum. They
 * lie where its elements lay: all have read what was there before, and all are there after.
 */
function storeSums(f: Factor, sink: Sink, block: number): string {
  const [first, other] = f.input === 0 ? ["row0", "col0"] : ["col0", "row0"];
  const place = `(${first} + 4u * lid.x + q)`;
  const begin = f.input * 4 * HALF;
  return `workgroupBarrier();
tiles[at] = sum;
workgroupBarrier();
if (lid.x < ${block / 4}u && ${other} == 0u) {
${total(`${begin}u + lid.x`, `${begin + 4 * HALF}u`, block)}
for (var q = 0u; q < 4u; q++) {
if (${place} < ${f.size}u) { ${storeSum(sink, place, "total[q]")} }
}
}`;
}
