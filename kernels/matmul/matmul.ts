import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearIndex } from "../kernel.ts";
import { batchGrid, batchIndices, type MatmulShape, stored, sumIndices } from "./matmulShape.ts";
import { tiledMatmul } from "./matmulTiled.ts";

/**
 * Multiplies on registers alone on software adapters and where one thread's tile is the whole
 * matrix, through workgroup memory else.
 */
export function matmulKernel(call: KernelCall, shape: MatmulShape): KernelSource {
  const tiny = Math.max(shape.m, shape.n, shape.k) <= 4;
  return call.target.software || tiny ? registerMatmul(call, shape) : tiledMatmul(call, shape);
}

/** How an operand is read four elements at a time: along k, along its own axis, or not at all. */
type Mode = "k" | "own" | "scalar";

const modeOf = (operand: Operand, kAxis: number, ownAxis: number): Mode =>
  operand.vec4(ownAxis) ? "own" : operand.vec4(kAxis) ? "k" : "scalar";

/**
 * Each thread computes a tile of `tm` x `tn` results in registers. There is no workgroup memory
 * and no barrier: on a software adapter both cost more than the loads that they save.
 */
function registerMatmul(call: KernelCall, shape: MatmulShape): KernelSource {
  const { m, n } = shape;
  if (m <= 4 && n <= 4) return matrixPerThread(call, shape);
  const tm = m >= 64 && n >= 32 ? 8 : 4;
  const tn = n >= 64 && m >= 32 ? 8 : 4;
  const side = 4;
  const grid = [Math.ceil(n / tn / side), Math.ceil(m / tm / side)];
  const { workgroups, z, y, guard } = batchGrid(shape, grid[1], call.target);
  const tile = new RegisterTile(call, shape, tm, tn, z);
  return {
    label: `matmul ${m}x${shape.k}x${n}`,
    workgroupSize: [side, side, 1],
    workgroups: [grid[0], ...workgroups],
    body: `
${guard}
let row0 = (${y} * ${side}u + lid.y) * ${tm}u;
let col0 = gid.x * ${tn}u;
if (row0 >= ${m}u || col0 >= ${n}u) { return; }
${tile.body()}`,
  };
}

/** Batches of matrices that are one tile each: a thread takes one. */
function matrixPerThread(call: KernelCall, shape: MatmulShape): KernelSource {
  const count = shape.batch.reduce((x, y) => x * y, 1);
  const grid = gridFor(Math.ceil(count / 64), call.target);
  return {
    label: `matmul ${shape.m}x${shape.k}x${shape.n}`,
    workgroupSize: [64, 1, 1],
    workgroups: grid,
    body: `
let z = ${linearIndex(grid, 64)};
if (z >= ${count}u) { return; }
let row0 = 0u;
let col0 = 0u;
${new RegisterTile(call, shape, 4, 4, "z").body()}`,
  };
}

const XYZW = ["x", "y", "z", "w"];
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

class RegisterTile {
  readonly #call: KernelCall;
  readonly #shape: MatmulShape;
  readonly #tm: number;
  readonly #tn: number;
  readonly #batch: string[];
  readonly #a: Mode;
  readonly #b: Mode;

  constructor(call: KernelCall, shape: MatmulShape, tm: number, tn: number, z: string) {
    this.#call = call;
    this.#shape = shape;
    this.#tm = tm;
    this.#tn = tn;
    this.#batch = batchIndices(shape.batch, z);
    const last = shape.batch.length + 1;
    const [a, b] = call.inputs;
    this.#a = modeOf(a, shape.ta ? last - 1 : last, shape.ta ? last : last - 1);
    this.#b = modeOf(b, shape.tb ? last : last - 1, shape.tb ? last - 1 : last);
  }

  body(): string {
    const { k } = this.#shape;
    const alongK = this.#a === "k" || this.#b === "k";
    const step = alongK || k % 4 === 0 ? 4 : 1;
    return [
      ...this.#declareSums(),
      ...this.#pointers("a"),
      ...this.#pointers("b"),
      `for (var k = 0u; k < ${k}u; k += ${step}u) {`,
      ...this.#loadsAlongK(),
      ...range(step).flatMap((kk) => this.#multiply(kk)),
      "}",
      ...this.#stores(),
      ...this.#storeSums(),
    ].join("\n");
  }

  #declareSums(): string[] {
    const sums = range(this.#tm).flatMap((i) =>
      range(this.#tn / 4).map((j) => `var c${i}_${j} = vec4<f32>(0.0);`),
    );
    for (const { input } of this.#call.absorbed) {
      const count = input === 0 ? this.#tm : this.#tn;
      for (const i of range(count / 4)) sums.push(`var sum${input}_${i} = vec4<f32>(0.0);`);
    }
    return sums;
  }

  /** Array indices of the tile's first elements at k = 0; past the edge the last ones repeat. */
  #pointers(which: "a" | "b"): string[] {
    const { m, n, ta, tb } = this.#shape;
    const isA = which === "a";
    const mode = isA ? this.#a : this.#b;
    const operand = this.#call.inputs[isA ? 0 : 1];
    const size = isA ? m : n;
    const wide = mode === "own";
    return range(wide ? this.#count(which) / 4 : this.#count(which)).map((i) => {
      const at = `min(${isA ? "row0" : "col0"} + ${wide ? 4 * i : i}u, ${wide ? size - 4 : size - 1}u)`;
      const indices = isA ? stored(this.#batch, at, "0u", ta) : stored(this.#batch, "0u", at, tb);
      return `let p${which}${i} = ${operand.pointer(indices, mode === "scalar" ? 1 : 4)};`;
    });
  }

  #count(which: "a" | "b"): number {
    return which === "a" ? this.#tm : this.#tn;
  }

  /** Array indices between neighbours along k. */
  #strideK(which: "a" | "b"): number {
    const isA = which === "a";
    const { ta, tb } = this.#shape;
    const last = this.#shape.batch.length + 1;
    const axis = isA ? (ta ? last - 1 : last) : tb ? last : last - 1;
    // With one step there is no neighbour, and its stride need not be a multiple of 4.
    const stride = this.#shape.k === 1 ? 0 : this.#call.inputs[isA ? 0 : 1].strides[axis];
    return (isA ? this.#a : this.#b) === "own" ? stride / 4 : stride;
  }

  #loadsAlongK(): string[] {
    const lines: string[] = [];
    for (const which of ["a", "b"] as const) {
      if ((which === "a" ? this.#a : this.#b) !== "k") continue;
      const operand = this.#call.inputs[which === "a" ? 0 : 1];
      for (const i of range(this.#count(which))) {
        lines.push(`let ${which}k${i} = ${operand.element(`p${which}${i} + (k >> 2u)`, 4)};`);
      }
    }
    return lines;
  }

  /** One step of k: loads what is not loaded yet, and adds the outer product. */
  #multiply(kk: number): string[] {
    const lines = [...this.#load("a", kk), ...this.#load("b", kk)];
    const b = range(this.#tn / 4).map((j) => this.#vector("b", kk, j));
    for (const i of range(this.#tm)) {
      const a = this.#scalarA(kk, i);
      for (const j of range(this.#tn / 4)) lines.push(`c${i}_${j} += ${a} * ${b[j]};`);
    }
    for (const { input } of this.#call.absorbed) {
      const which = input === 0 ? "a" : "b";
      for (const i of range(this.#count(which) / 4)) {
        lines.push(`sum${input}_${i} += ${this.#vector(which, kk, i)};`);
      }
    }
    return lines;
  }

  #load(which: "a" | "b", kk: number): string[] {
    const mode = which === "a" ? this.#a : this.#b;
    if (mode === "k") return which === "b" ? this.#gatherK(kk) : [];
    const operand = this.#call.inputs[which === "a" ? 0 : 1];
    const width = mode === "own" ? 4 : 1;
    // Unsigned arithmetic wraps, so that a flipped operand's negative stride is right.
    const step = `(k + ${kk}u) * ${this.#strideK(which) >>> 0}u`;
    const lines = range(this.#count(which) / width).map(
      (i) => `let ${which}${kk}_${i} = ${operand.element(`p${which}${i} + ${step}`, width)};`,
    );
    if (mode === "scalar" && which === "b") lines.push(...this.#gatherScalars(kk));
    return lines;
  }

  #gatherK(kk: number): string[] {
    return range(this.#tn / 4).map((j) => {
      const parts = range(4).map((q) => `bk${4 * j + q}.${XYZW[kk]}`);
      return `let bv${kk}_${j} = vec4<f32>(${parts.join(", ")});`;
    });
  }

  #gatherScalars(kk: number): string[] {
    return range(this.#tn / 4).map((j) => {
      const parts = range(4).map((q) => `b${kk}_${4 * j + q}`);
      return `let bv${kk}_${j} = vec4<f32>(${parts.join(", ")});`;
    });
  }

  #vector(which: "a" | "b", kk: number, j: number): string {
    if (which === "b") return this.#b === "own" ? `b${kk}_${j}` : `bv${kk}_${j}`;
    if (this.#a === "own") return `a${kk}_${j}`;
    return `vec4<f32>(${range(4)
      .map((q) => this.#scalarA(kk, 4 * j + q))
      .join(", ")})`;
  }

  #scalarA(kk: number, i: number): string {
    if (this.#a === "k") return `ak${i}.${XYZW[kk]}`;
    return this.#a === "own" ? `a${kk}_${i >> 2}.${XYZW[i & 3]}` : `a${kk}_${i}`;
  }

  #stores(): string[] {
    const { m, n } = this.#shape;
    const [sink] = this.#call.outputs;
    const lines: string[] = [];
    for (const i of range(this.#tm)) {
      const row = `(row0 + ${i}u)`;
      const rowGuard = m % this.#tm === 0 ? "" : `if (${row} < ${m}u) `;
      for (const j of range(this.#tn / 4)) {
        lines.push(
          `${rowGuard}{ ${this.#storeFour(sink, row, `col0 + ${4 * j}u`, `c${i}_${j}`, n)} }`,
        );
      }
    }
    return lines;
  }

  #storeFour(sink: Sink, row: string, col: string, value: string, n: number): string {
    const guard = (at: string) => (n % this.#tn === 0 ? "" : `if (${at} < ${n}u) `);
    if (sink.vec4) {
      return `${guard(`${col}`)}{ ${sink.store([...this.#batch, row, `(${col})`], value, 4)} }`;
    }
    return range(4)
      .map((q) => {
        const at = `(${col} + ${q}u)`;
        return `${guard(at)}{ ${sink.store([...this.#batch, row, at], `${value}.${XYZW[q]}`)} }`;
      })
      .join("\n");
  }

  /** The first column (row) of threads stores the sums of A's rows (B's columns). */
  #storeSums(): string[] {
    const { m, n } = this.#shape;
    return this.#call.absorbed.flatMap(({ input, sink }) => {
      const [first, start, size] = input === 0 ? ["gid.x", "row0", m] : ["gid.y", "col0", n];
      const stores = range(input === 0 ? this.#tm : this.#tn).map((i) => {
        const at = `(${start} + ${i}u)`;
        const value = `sum${input}_${i >> 2}.${XYZW[i & 3]}`;
        return `if (${at} < ${size}u) { ${sink.store(sumIndices(sink, at), value)} }`;
      });
      return [`if (${first} == 0u) {`, ...stores, "}"];
    });
  }
}
