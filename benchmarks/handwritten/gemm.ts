import type { Binding, KernelText } from "./machine.ts";
import { lane, repeat, vec4, zero } from "./text.ts";

/** A matrix in a buffer of vec4f, row-major: elements `offset` vec4f behind its start. */
export interface Matrix {
  readonly buffer: Binding["buffer"];
  readonly offset?: number;
  /** Stored the other way round: a as [k, m], b as [n, k]. Read in place. */
  readonly transposed?: boolean;
  /** Where row `row` of what is stored lies, when rows are skipped. */
  readonly row?: (row: string) => string;
}

/** What becomes of one vec4f of results, `sum`. */
export type Store = (sum: string, at: { index: string; column: string }) => string;

export interface Gemm {
  readonly label: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: Matrix;
  readonly store?: Store;
  readonly extra?: readonly Binding[];
  /** Where the sums of b's columns go, in c's buffer (vec4f): gradients of biases. */
  readonly columnSums?: number;
  readonly workgroup?: readonly [number, number];
  /** Write fma() instead of leaving it to the compiler. */
  readonly fma?: boolean;
}

/** Each thread computes this many rows and columns in registers. */
const TILE = 8;
/** Steps of k between two loads of vec4f along k. */
const DEPTH = 4;
const vectors = TILE / 4;

const rowOf = ({ row = (text) => text }: Matrix, text: string): string => row(`(${text})`);

/** Loads of a: along k for each row, or, stored [k, m], along m for each step of k. */
function loadA({ a, k, m }: Gemm) {
  if (!a.transposed) {
    return {
      before: repeat(
        TILE,
        (i) => `let a_row${i} = ${a.offset ?? 0}u + ${rowOf(a, `row0 + ${i}u`)} * ${k / 4}u;`,
      ),
      load: repeat(TILE, (i) => `let a${i} = a[a_row${i} + (k >> 2u)];`),
      value: (i: number, step: number) => `a${i}.${lane(step)}`,
    };
  }
  const load = repeat(DEPTH, (step) => {
    const row = `${rowOf(a, `k + ${step}u`)} * ${m / 4}u`;
    const start = `let a_at${step} = ${a.offset ?? 0}u + ${row} + (row0 >> 2u);`;
    return `${start}\n${repeat(vectors, (i) => `let a${step}_${i} = a[a_at${step} + ${i}u];`)}`;
  });
  return { before: "", load, value: (i: number, step: number) => `a${step}_${i >> 2}.${lane(i)}` };
}

/** Loads of b: along n for each step of k, or, stored [n, k], along k for each column. */
function loadB({ b, k, n }: Gemm) {
  if (!b.transposed) {
    const load = repeat(DEPTH, (step) => {
      const row = `${rowOf(b, `k + ${step}u`)} * ${n / 4}u`;
      const start = `let b_at${step} = ${b.offset ?? 0}u + ${row} + (col0 >> 2u);`;
      return `${start}\n${repeat(vectors, (j) => `let b${step}_${j} = b[b_at${step} + ${j}u];`)}`;
    });
    return { before: "", load };
  }
  const rows = repeat(TILE, (j) => `let b_column${j} = b[b_row${j} + (k >> 2u)];`);
  const turned = repeat(DEPTH, (step) =>
    repeat(
      vectors,
      (j) => `let b${step}_${j} = ${vec4((q) => `b_column${4 * j + q}.${lane(step)}`)};`,
    ),
  );
  return {
    before: repeat(
      TILE,
      (j) => `let b_row${j} = ${b.offset ?? 0}u + ${rowOf(b, `col0 + ${j}u`)} * ${k / 4}u;`,
    ),
    load: `${rows}\n${turned}`,
  };
}

function multiply(fma: boolean | undefined, value: (i: number, step: number) => string): string {
  return repeat(DEPTH, (step) =>
    repeat(TILE, (i) =>
      repeat(vectors, (j) =>
        fma
          ? `sum${i}_${j} = fma(vec4f(${value(i, step)}), b${step}_${j}, sum${i}_${j});`
          : `sum${i}_${j} += ${value(i, step)} * b${step}_${j};`,
      ),
    ),
  );
}

/** The first row of threads adds up the columns of b, which it reads anyway. */
function sumColumns({ b, k, n, columnSums }: Gemm): string {
  if (columnSums === undefined) return "";
  return `
if (row0 == 0u) {
  ${repeat(vectors, (j) => `var column${j} = ${zero};`)}
  for (var k = 0u; k < ${k}u; k++) {
    let at = ${b.offset ?? 0}u + ${rowOf(b, "k")} * ${n / 4}u + (col0 >> 2u);
    ${repeat(vectors, (j) => `column${j} += b[at + ${j}u];`)}
  }
  ${repeat(vectors, (j) => `c[${columnSums}u + (col0 >> 2u) + ${j}u] = column${j};`)}
}`;
}

/** c = a b with 8 x 8 results a thread in registers and no workgroup memory: what won every product
 *  on both software adapters. m and n are multiples of 8, k of 4. */
export function gemm(spec: Gemm): KernelText {
  const { m, n, k, c, workgroup = [4, 4], store, extra = [] } = spec;
  const a = loadA(spec);
  const b = loadB(spec);
  const put: Store = store ?? ((sum, { index }) => `c[${index}] = ${sum};`);
  const grid = [Math.ceil(n / TILE / workgroup[0]), Math.ceil(m / TILE / workgroup[1])] as const;
  return {
    label: spec.label,
    bindings: [
      { name: "a", buffer: spec.a.buffer },
      { name: "b", buffer: spec.b.buffer },
      { name: "c", buffer: c.buffer, write: true },
      ...extra,
    ],
    workgroupSize: workgroup,
    grid,
    body: `
let row0 = gid.y * ${TILE}u;
let col0 = gid.x * ${TILE}u;
if (row0 >= ${m}u || col0 >= ${n}u) { return; }
${repeat(TILE, (i) => repeat(vectors, (j) => `var sum${i}_${j} = ${zero};`))}
${a.before}
${b.before}
for (var k = 0u; k < ${k}u; k += ${DEPTH}u) {
${a.load}
${b.load}
${multiply(spec.fma, a.value)}
}
${repeat(TILE, (i) =>
  repeat(vectors, (j) => {
    const column = `((col0 >> 2u) + ${j}u)`;
    const index = `(${c.offset ?? 0}u + (row0 + ${i}u) * ${n / 4}u + ${column})`;
    return put(`sum${i}_${j}`, { index, column });
  }),
)}
${sumColumns(spec)}`,
  };
}
