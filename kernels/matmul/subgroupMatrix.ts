import type { KernelCall, KernelSource, MatmulShape, MatrixUnit } from "../../src/core/ir.ts";
import type { MatmulTexts } from "./matmul.ts";
import type { Factor } from "./matmulShape.ts";

/** A workgroup, which is one subgroup, makes 32 x 32 results. */
const BLOCK = 32;
/** Steps of k in workgroup memory at a time. */
const DEPTH = 16;
/** Four neighbours each: of a block of A or B, and of the results. */
const LOADS = (BLOCK * DEPTH) / 4;
const STORES = (BLOCK * BLOCK) / 4;

/** Fewer threads could not add up a block's rows, one each. */
export const LEAST_LANES = BLOCK;

/**
 * A product by the units that multiply small matrices, a subgroup at a time (Chrome's experimental
 * subgroup matrices). Blocks of A [32, 16] and B [16, 32] lie in workgroup memory, zero past the
 * edges, and in the end the results, so that any operand can be read and anything be fused behind.
 * @param texts what pages have loaded for other products: given, not imported
 */
export function unitMatmul(
  texts: MatmulTexts,
  call: KernelCall,
  shape: MatmulShape,
  unit: MatrixUnit,
): KernelSource {
  const { size, lanes } = unit;
  const { batchGrid, factorOf, range, storeFour, storeSum } = texts;
  const { m, n, k } = shape;
  const { workgroups, batch, y, guard } = batchGrid(shape, Math.ceil(m / BLOCK), call.target);
  const [a, b] = [factorOf(call, shape, 0, batch), factorOf(call, shape, 1, batch)];
  const side = range(BLOCK / size);
  const type = (of: string) => `subgroup_matrix_${of}<f32, ${size}, ${size}>`;
  const load = (of: string, at: string, stride: number) =>
    `subgroupMatrixLoad<${type(of)}, row_major>(&tiles, ${at}, ${stride}u)`;
  const each = (text: (i: number, j: number) => string) =>
    side.flatMap((i) => side.map((j) => text(i, j))).join("\n");
  const to = { sink: call.outputs[0]!, batch, rows: BLOCK, columns: BLOCK, down: false };
  const [row, column] = [`at / ${BLOCK / 4}u`, `4u * (at % ${BLOCK / 4}u)`];
  const value = `vec4<f32>(${range(4).map((q) => `tiles[4u * at + ${q}u]`)})`;
  return {
    label: `matmul ${m}x${k}x${n} by subgroup matrices`,
    workgroupSize: [lanes, 1, 1],
    workgroups: [Math.ceil(n / BLOCK), ...workgroups],
    globals: `var<workgroup> tiles: array<f32, ${BLOCK * BLOCK}>;`,
    // The whole workgroup ends or stays, so barriers and products of subgroups may follow.
    body: `${guard}
let row0 = ${y} * ${BLOCK}u;
let col0 = wid.x * ${BLOCK}u;
${each((i, j) => `var c${i}_${j}: ${type("result")};`)}
${call.absorbed.map(({ input }) => `var sum${input} = 0.0;`).join("\n")}
for (var k0 = 0u; k0 < ${k}u; k0 += ${DEPTH}u) {
${fetch(texts, a, "row0", lanes)}
${fetch(texts, b, "col0", lanes)}
workgroupBarrier(); // both blocks are there
for (var d = 0u; d < ${DEPTH}u; d += ${size}u) {
${side
  .map((i) => {
    const column = `${BLOCK * DEPTH}u + d * ${BLOCK}u + ${i * size}u`;
    return `let a${i} = ${load("left", `${i * size * DEPTH}u + d`, DEPTH)};
let b${i} = ${load("right", column, BLOCK)};`;
  })
  .join("\n")}
${each((i, j) => `c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`)}
}
${call.absorbed.map(({ input }) => addSum(input)).join("\n")}
workgroupBarrier(); // and have been read
}
${each((i, j) => {
  const at = i * size * BLOCK + j * size;
  return `subgroupMatrixStore<row_major>(&tiles, ${at}u, c${i}_${j}, ${BLOCK}u);`;
})}
workgroupBarrier(); // all results are there
for (var at = lid.x; at < ${STORES}u; at += ${lanes}u) {
${storeFour(to, `(row0 + ${row})`, `(col0 + ${column})`, value)}
}
${call.absorbed
  .map(({ input, sink }) => {
    const [f, first, other] = input === 0 ? [a, "row0", "col0"] : [b, "col0", "row0"];
    const inside = `lid.x < ${BLOCK}u && ${other} == 0u && ${first} + lid.x < ${f.size}u`;
    return `if (${inside}) { ${storeSum(sink, `(${first} + lid.x)`, `sum${input}`)} }`;
  })
  .join("\n")}`,
  };
}

/** WGSL of where an element of a block of A (of B) lies in workgroup memory. */
const placeOf = ({ input }: Factor, own: string, d: string): string =>
  input === 0 ? `(${own}) * ${DEPTH}u + ${d}` : `${BLOCK * DEPTH}u + (${d}) * ${BLOCK}u + ${own}`;

/** Threads side by side load what lies side by side, four elements each. */
function fetch(
  { four, pointers, range }: MatmulTexts,
  f: Factor,
  first: string,
  threads: number,
): string {
  const along = f.mode === "own";
  const length = (along ? BLOCK : DEPTH) / 4;
  const [quick, slow] = [`4u * (at % ${length}u)`, `at / ${length}u`];
  const [own, d] = along ? [quick, slow] : [slow, quick];
  const place = (q: number) =>
    along ? placeOf(f, `own + ${q}u`, "d") : placeOf(f, "own", `d + ${q}u`);
  return `for (var at = lid.x; at < ${LOADS}u; at += ${threads}u) {
let own = ${own};
let d = ${d};
let k = k0 + d;
var next = vec4<f32>();
if (k < ${f.k}u && ${first} + own < ${f.size}u) {
${pointers(f, `(${first} + own)`, along ? 4 : 1).join("\n")}
next = ${four(f, 0)};
}
${range(4)
  .map((q) => `tiles[${place(q)}] = next[${q}];`)
  .join("\n")}
}`;
}

/** The first threads each add up a row of A's block (a column of B's). */
const addSum = (input: number): string => {
  const at = input === 0 ? `lid.x * ${DEPTH}u + d` : `${BLOCK * DEPTH}u + d * ${BLOCK}u + lid.x`;
  return `if (lid.x < ${BLOCK}u) {
for (var d = 0u; d < ${DEPTH}u; d++) { sum${input} += tiles[${at}]; }
}`;
};
