import type { KernelCall, Sink } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { type Factor, four } from "./matmulShape.ts";

/** How results are stored. */
export interface Storing {
  readonly sink: Sink;
  readonly batch: readonly string[];
  /** What first rows and columns are multiples of, beginning inside C. */
  readonly rows: number;
  readonly columns: number;
  /** Four neighbours lie in a column. */
  readonly down: boolean;
}

/** WGSL that stores four neighbours as far as they are inside C. */
export function storeFour(to: Storing, row: string, column: string, value: string): string {
  const { sink, batch, down } = to;
  const [m, n] = sink.shape.slice(-2);
  const wide = sink.vec4 && !down;
  const r = down ? `(${row} + q)` : row;
  const c = wide || down ? column : `(${column} + q)`;
  const tests = [
    ...(m % to.rows > 0 ? [`${r} < ${m}u`] : []),
    ...(n % to.columns > 0 ? [`${c} < ${n}u`] : []),
  ];
  const inside = tests.length === 0 ? "" : `if (${tests.join(" && ")}) `;
  if (wide) return `${inside}{ ${sink.store([...batch, r, c], value, 4)} }`;
  const store = sink.store([...batch, r, c], "v[q]");
  return `{ let v = ${value};\nfor (var q = 0u; q < 4u; q++) { ${inside}{ ${store} } } }`;
}

/** WGSL that stores the sum over k of a row of A (of a column of B). */
export function storeSum(sink: Sink, index: string, value: string): string {
  const { shape } = sink;
  const at = shape.length === 1 ? [index] : shape[0] === 1 ? ["0u", index] : [index, "0u"];
  return sink.store(at, value);
}

/** Names of a thread's results, four neighbours each. */
export const resultNames = (rows: number, columns: number): string[] =>
  range(rows).flatMap((i) => range(columns / 4).map((j) => `c${i}_${j}`));

/**
 * WGSL of what a thread adds up, and of where k ends. Compilers that know how short a loop is unroll
 * it, and take seconds for that: + 0 hides it.
 */
export const sumsUpTo = (k: number, names: readonly string[]): string[] => [
  ...names.map((name) => `var ${name} = vec4<f32>();`),
  `let last = ${k}u + (row0 >> 31u);`,
];

/** WGSL that stores a thread's tile from row0 and col0 on, as far as it is inside C. */
export function storeTile(to: Storing, results: readonly string[], size: number, columns: number) {
  const wide = columns / 4;
  const lines = range(wide).map((j) => {
    const column = `(col0 + ${4 * j}u)`;
    const value = `all[(at - row0) * ${wide}u + ${j}u]`;
    return to.down ? storeFour(to, column, "at", value) : storeFour(to, "at", column, value);
  });
  const all = `array<vec4<f32>, ${results.length}>(${results.join(", ")})`;
  return eachOf(all, "row0", results.length / wide, size, lines);
}

/** The places of a factor's own axis whose sums over k a thread makes. */
export interface SumPlaces {
  /** WGSL of the first; the others are so far apart, 1 unless said otherwise. */
  readonly start: string;
  readonly count: number;
  readonly apart?: number;
  /** WGSL that tells the tiles that do it: the first along the other factor's axis. */
  readonly first: string;
}

/** WGSL of the sums over k that the planner wants of a factor. */
export function factorSums(call: KernelCall, f: Factor, places: SumPlaces) {
  const { start, count, apart = 1, first } = places;
  const own = f.mode === "own";
  const names = range(own ? count / 4 : count).map((i) => `s${f.input}_${i}`);
  const parts = (i: number) => (own ? range(4).map((q) => four(f, i, q)) : [four(f, i)]);
  const totals = range(count).map((i) =>
    own ? `${names[i >> 2]}[${i & 3}]` : `dot(${names[i]}, vec4<f32>(1.0))`,
  );
  const all = `array<f32, ${count}>(${totals.join(", ")})`;
  return call.absorbed.flatMap(({ input, sink }) => {
    if (input !== f.input) return [];
    const value = `all[(at - ${start}) / ${apart}u]`;
    return {
      names,
      first,
      lines: names.map((name, i) => `${name} += ${parts(i).join(" + ")};`),
      store: eachOf(all, start, count, f.size, [storeSum(sink, "at", value)], apart),
    };
  });
}

/**
 * Lines for each of `count` places from `first` that lie below `size`. The loop has no constant
 * length: compilers would unroll it, and take longer to compile the copies than they save.
 */
const eachOf = (
  values: string,
  first: string,
  count: number,
  size: number,
  lines: readonly string[],
  apart = 1,
): string => `{
var all = ${values};
let end = min(${first} + ${count * apart}u, ${size}u);
for (var at = ${first}; at < end; at += ${apart}u) {
${lines.join("\n")}
} }`;
