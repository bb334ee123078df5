import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { batchGrid, batchIndices, type MatmulShape, stored, sumIndices } from "./matmulShape.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Results of a thread: `TILE` x `TILE`. */
const TILE = 4;
/** Depth of what lies in workgroup memory at a time. */
const DEPTH = 16;

/**
 * A workgroup computes a square block of results. It loads blocks of A and B into workgroup
 * memory, where each element serves a whole row or column of threads; each thread keeps 4 x 4
 * sums in registers. Loads past the edge give zero, so only stores are guarded.
 */
export function tiledMatmul(call: KernelCall, shape: MatmulShape): KernelSource {
  const { m, n, k } = shape;
  // Small products need many workgroups more than they need reuse.
  const block = m * n >= 512 * 512 ? 64 : 32;
  const side = block / TILE;
  const { workgroups, z, y, guard } = batchGrid(shape, Math.ceil(m / block), call.target);
  return {
    label: `matmul ${m}x${k}x${n} tiled`,
    workgroupSize: [side, side, 1],
    workgroups: [Math.ceil(n / block), ...workgroups],
    globals: `
// Rows are one longer than needed, so that neighbours in a column lie in different memory banks.
var<workgroup> tile_a: array<array<f32, ${block + 1}>, ${DEPTH}>;
var<workgroup> tile_b: array<array<f32, ${block + 1}>, ${DEPTH}>;`,
    // The whole workgroup ends or stays, so barriers may follow.
    body: `
${guard}
let thread = lid.y * ${side}u + lid.x;
let row0 = ${y} * ${block}u;
let col0 = wid.x * ${block}u;
var c: array<array<f32, ${TILE}>, ${TILE}>;
${sumDeclarations(call)}
for (var k0 = 0u; k0 < ${k}u; k0 += ${DEPTH}u) {
  for (var i = thread; i < ${block * DEPTH}u; i += ${side * side}u) {
${loads(call, shape, block, z)}
  }
  // The blocks are complete before anyone reads them,
  workgroupBarrier();
  for (var kk = 0u; kk < ${DEPTH}u; kk++) {
    ${range(TILE)
      .map((i) => `let a${i} = tile_a[kk][lid.y + ${i * side}u];`)
      .join("\n    ")}
    ${range(TILE)
      .map((j) => `let b${j} = tile_b[kk][lid.x + ${j * side}u];`)
      .join("\n    ")}
    ${products()}
    ${sums(call)}
  }
  // and read by all before the next ones replace them.
  workgroupBarrier();
}
${stores(call, shape, side, z)}`,
  };
}

/** Neighbouring threads load neighbouring elements in memory: along k or along the block. */
function loads(
  call: KernelCall,
  { batch, m, n, k, ta, tb }: MatmulShape,
  block: number,
  z: string,
): string {
  const [a, b] = call.inputs;
  const at = batchIndices(batch, z);
  const load = (name: string, alongK: boolean, size: number, first: string, read: string) => `
    {
      let d = ${alongK ? `i % ${DEPTH}u` : `i / ${block}u`};
      let s = ${alongK ? `i / ${DEPTH}u` : `i % ${block}u`};
      let depth = k0 + d;
      let place = ${first} + s;
      var loaded = 0.0;
      if (depth < ${k}u && place < ${size}u) { loaded = ${read}; }
      ${name}[d][s] = loaded;
    }`;
  const last = batch.length + 1;
  const aAlongK = a.strides[ta ? last - 1 : last] === 1;
  const bAlongK = b.strides[tb ? last : last - 1] === 1;
  const readA = a.at(stored(at, "place", "depth", ta));
  const readB = b.at(stored(at, "depth", "place", tb));
  return load("tile_a", aAlongK, m, "row0", readA) + load("tile_b", bAlongK, n, "col0", readB);
}

const products = (): string =>
  range(TILE)
    .flatMap((i) => range(TILE).map((j) => `c[${i}][${j}] += a${i} * b${j};`))
    .join(" ");

const sumDeclarations = (call: KernelCall): string =>
  call.absorbed.map(({ input }) => `var sum${input}: array<f32, ${TILE}>;`).join("\n");

const sums = (call: KernelCall): string =>
  call.absorbed
    .flatMap(({ input }) =>
      range(TILE).map((i) => `sum${input}[${i}] += ${input === 0 ? "a" : "b"}${i};`),
    )
    .join(" ");

function stores(call: KernelCall, { batch, m, n }: MatmulShape, side: number, z: string): string {
  const [sink] = call.outputs;
  const at = batchIndices(batch, z);
  const row = (i: number) => `(row0 + lid.y + ${i * side}u)`;
  const col = (j: number) => `(col0 + lid.x + ${j * side}u)`;
  const lines = range(TILE).flatMap((i) =>
    range(TILE).map((j) => {
      const store = sink.store([...at, row(i), col(j)], `c[${i}][${j}]`);
      return `if (${row(i)} < ${m}u && ${col(j)} < ${n}u) { ${store} }`;
    }),
  );
  for (const { input, sink: sum } of call.absorbed) {
    const [first, place, size] =
      input === 0
        ? (["lid.x == 0u && wid.x == 0u", row, m] as const)
        : (["lid.y == 0u && wid.y == 0u", col, n] as const);
    for (const i of range(TILE)) {
      const store = sum.store(sumIndices(sum, place(i)), `sum${input}[${i}]`);
      lines.push(`if (${first} && ${place(i)} < ${size}u) { ${store} }`);
    }
  }
  return lines.join("\n");
}
