import type { KernelCall, KernelSource, Operand, Sink } from "../src/core/ir.ts";
import { type ConvShape, plus, range, Span, sumIndices, times, u32, unravel } from "./convShape.ts";
import { tiledWeightGrad } from "./convTiled.ts";
import { grid3 } from "./grid3.ts";

/** Longest kernel along the last axis that one thread takes whole. */
const LONGEST = 7;
/** Sums that a thread keeps. */
const MOST_SUMS = 96;

/** In registers on software adapters, through workgroup memory on GPUs. */
export const convWeightGradKernel = (call: KernelCall): KernelSource =>
  call.target.software ? new RegisterWeightGrad(call).source() : tiledWeightGrad(call);

/**
 * dW[o, c, k] = Σ over n, p of g[n, o, p] x[n, c, p * stride - padding + k * dilation], for
 * software adapters. A workgroup makes `rows` channels o of `columns` channels c at all taps of
 * the last axis. Its threads deal the rows of places (n and all axes but the last) among them;
 * their sums meet in workgroup memory once, at the end.
 */
class RegisterWeightGrad {
  readonly #call: KernelCall;
  readonly #shape: ConvShape;
  readonly #x: Operand;
  readonly #g: Operand;
  readonly #rows: number;
  readonly #columns: number;
  readonly #tm: number;
  readonly #tc: number;
  /** Taps of the last axis in one thread, and neighbouring places in one turn of its loop. */
  readonly #tk: number;
  readonly #ts: number;
  readonly #vector: number;
  readonly #threads: number;
  readonly #tiles: readonly [number, number, number];

  constructor(call: KernelCall) {
    this.#call = call;
    this.#shape = call.attrs as unknown as ConvShape;
    const { groups, kernel, output } = this.#shape;
    [this.#x, this.#g] = call.inputs as [Operand, Operand];
    this.#rows = this.#g.shape[1]! / groups;
    this.#columns = this.#x.shape[1]! / groups;
    const taps = kernel.at(-1)!;
    this.#tk = taps <= LONGEST ? taps : 4;
    this.#tm = this.#rows >= 8 ? 8 : this.#rows >= 3 ? 4 : this.#rows;
    this.#vector = Math.min(this.#tm, 4);
    const fits = [8, 4, 2, 1].find((n) => n * this.#tm * this.#tk <= MOST_SUMS)!;
    this.#tc = Math.min(fits, this.#columns);
    this.#ts = [4, 5, 6, 7, 3, 8].find((n) => output.at(-1)! % n === 0) ?? 4;
    const outer = kernel.slice(0, -1).reduce((a, b) => a * b, 1);
    this.#tiles = [
      Math.ceil(this.#rows / this.#tm),
      Math.ceil(this.#columns / this.#tc),
      groups * outer * Math.ceil(taps / this.#tk),
    ];
    this.#threads = this.#tiles.reduce((a, b) => a * b, 1) >= 32 ? 4 : 16;
  }

  source(): KernelSource {
    const { kernel, groups } = this.#shape;
    const blocks = Math.ceil(kernel.at(-1)! / this.#tk);
    const [group, ...taps] = unravel("wz", [groups, ...kernel.slice(0, -1), blocks]);
    const sums = this.#sums();
    const grid = grid3(this.#tiles, this.#call.target);
    return {
      label: `conv weight gradient ${groups}x${this.#rows}x${this.#columns}`,
      workgroupSize: [this.#threads, 1, 1],
      workgroups: grid.workgroups,
      globals: `var<workgroup> parts: array<f32, ${this.#threads * sums.length}>;`,
      body: [
        ...grid.lines,
        `let row0 = wx * ${this.#tm}u;`,
        `let col0 = wy * ${this.#tc}u;`,
        `let group = ${group};`,
        ...taps.slice(0, -1).map((k, d) => `let k${d} = ${k};`),
        `let k${kernel.length - 1} = ${times(taps.at(-1)!, this.#tk)};`,
        ...this.#pointers(),
        ...this.#accumulators(),
        ...this.#loop(),
        ...this.#absorb(),
        ...sums.map((sum, i) => `parts[${i * this.#threads}u + lid.x] = ${sum};`),
        "workgroupBarrier(); // all parts are there",
        this.#stores(),
      ].join("\n"),
    };
  }

  /** Where the channels start; those past the end repeat the last. */
  #pointers(): string[] {
    const zeros = this.#shape.input.map(() => "0u");
    const at = (size: number, tile: number, first: string, i: number) =>
      plus(
        times("group", size),
        size % tile === 0 ? plus(first, `${i}u`) : `min(${first} + ${i}u, ${size - 1}u)`,
      );
    const g = (i: number) => at(this.#rows, this.#tm, "row0", i);
    const x = (i: number) => at(this.#columns, this.#tc, "col0", i);
    return [
      ...range(this.#tm).map((i) => `let pg${i} = ${this.#g.pointer(["0u", g(i), ...zeros], 1)};`),
      ...range(this.#tc).map((i) => `let px${i} = ${this.#x.pointer(["0u", x(i), ...zeros], 1)};`),
    ];
  }

  #type(): string {
    return this.#vector === 1 ? "f32" : `vec${this.#vector}<f32>`;
  }

  #blocks(): number[] {
    return range(this.#tm / this.#vector);
  }

  #accumulators(): string[] {
    const names = range(this.#tc).flatMap((c) =>
      range(this.#tk).flatMap((k) => this.#blocks().map((i) => `c${c}_${k}_${i}`)),
    );
    if (this.#call.absorbed.length > 0) names.push(...this.#blocks().map((i) => `sum${i}`));
    return names.map((name) => `var ${name} = ${this.#type()}(0.0);`);
  }

  /** WGSL of every sum of a thread, channel o fastest. */
  #sums(): string[] {
    const parts = (name: string) =>
      range(this.#tm).map((i) =>
        this.#vector === 1 ? `${name}${i}` : `${name}${i >> 2}.${"xyzw"[i & 3]}`,
      );
    const own = range(this.#tc).flatMap((c) =>
      range(this.#tk).flatMap((k) => parts(`c${c}_${k}_`)),
    );
    return this.#call.absorbed.length > 0 ? [...own, ...parts("sum")] : own;
  }

  /** Places of all axes but the last, of all examples, as rows. */
  #rowSizes(): number[] {
    return [this.#x.shape[0]!, ...this.#shape.output.slice(0, -1)];
  }

  #openRows(): string[] {
    const sizes = this.#rowSizes();
    const [n, ...p] = unravel("r", sizes);
    const count = sizes.reduce((a, b) => a * b, 1);
    const offset = [times("n", this.#g.strides[0]!)];
    p.forEach((_, d) => {
      offset.push(times(`p${d}`, this.#g.strides[d + 2]!));
    });
    return [
      `for (var r = lid.x; r < ${count}u; r += ${this.#threads}u) {`,
      `let n = ${n};`,
      ...p.map((at, d) => `let p${d} = ${at};`),
      `let rg = ${plus(...offset)};`,
    ];
  }

  #loop(): string[] {
    const { input, output, stride, padding, dilation, kernel } = this.#shape;
    const last = input.length - 1;
    const lines = this.#openRows();
    const offset = [times("n", this.#x.strides[0]!)];
    for (const d of range(last)) {
      const at = [times(`p${d}`, stride[d]!), u32(-padding[d]!), times(`k${d}`, dilation[d]!)];
      lines.push(`let y${d} = ${plus(...at)};`, `if (y${d} >= ${input[d]}u) { continue; }`);
      offset.push(times(`y${d}`, this.#x.strides[d + 2]!));
    }
    lines.push(`let rx = ${plus(...offset)};`);
    const span = new Span(range(this.#ts), stride[last]!, range(this.#tk), dilation[last]!);
    const turns = Math.ceil(output[last]! / this.#ts);
    const blocks = Math.ceil(kernel[last]! / this.#tk);
    const furthest =
      (turns - 1) * this.#ts * stride[last]! + (blocks - 1) * this.#tk * dilation[last]!;
    const reads = span.reads(-padding[last]!, furthest, input[last]!);
    const x0 = [times("p", stride[last]!), times(`k${last}`, dilation[last]!)];
    lines.push(`for (var p = 0u; p < ${output[last]}u; p += ${this.#ts}u) {`);
    lines.push(`let x0 = ${plus(...x0, u32(span.low - padding[last]!))};`);
    lines.push(`let ax = rx + ${times("x0", this.#x.strides[last + 2]!)};`);
    lines.push(`let ag = rg + ${times("p", this.#g.strides[last + 2]!)};`);
    for (const { distance, guarded } of reads) {
      if (guarded) lines.push(`let v${distance} = x0 + ${distance}u < ${input[last]}u;`);
      for (const c of range(this.#tc)) {
        const step = u32(distance * this.#x.strides[last + 2]!);
        const value = this.#x.element(`px${c} + ax + ${step}`, 1);
        lines.push(
          `let x${c}_${distance} = ${guarded ? `select(0.0, ${value}, v${distance})` : value};`,
        );
      }
    }
    for (const s of range(this.#ts)) lines.push("{", ...this.#products(s, span), "}");
    return [...lines, "}", "}"];
  }

  /** g at one place times x at every tap. */
  #products(s: number, span: Span): string[] {
    const lines = this.#loadG(s);
    const size = this.#shape.output.at(-1)!;
    const over = size % this.#ts !== 0 && s >= size % this.#ts;
    if (over) lines.push(`let inside = p + ${s}u < ${size}u;`);
    for (const c of range(this.#tc)) {
      for (const k of range(this.#tk)) {
        const x = `x${c}_${span.distance(s, k)}`;
        const value = over ? `select(0.0, ${x}, inside)` : x;
        lines.push(...this.#blocks().map((i) => `c${c}_${k}_${i} += ${value} * g${i};`));
      }
    }
    return lines;
  }

  #loadG(s: number): string[] {
    const size = this.#shape.output.at(-1)!;
    const over = size % this.#ts !== 0 && s >= size % this.#ts;
    const step = u32(s * this.#g.strides.at(-1)!);
    return this.#blocks().map((i) => {
      const parts = range(this.#vector).map((q) =>
        this.#g.element(`pg${i * this.#vector + q} + ag + ${step}`, 1),
      );
      const value = this.#vector === 1 ? parts[0]! : `${this.#type()}(${parts.join(", ")})`;
      return `let g${i} = ${over ? `select(${this.#type()}(0.0), ${value}, p + ${s}u < ${size}u)` : value};`;
    });
  }

  /** Σ g, by the workgroups of the first tap and channel: rows that a tap leaves out count too. */
  #absorb(): string[] {
    if (this.#call.absorbed.length === 0) return [];
    const first = range(this.#shape.input.length).map((d) => `k${d} == 0u`);
    return [
      `if (wy == 0u && ${first.join(" && ")}) {`,
      ...this.#openRows(),
      `for (var p = 0u; p < ${this.#shape.output.at(-1)}u; p++) {`,
      `let ag = rg + ${times("p", this.#g.strides.at(-1)!)};`,
      ...this.#loadG(0),
      ...this.#blocks().map((i) => `sum${i} += g${i};`),
      "}",
      "}",
      "}",
    ];
  }

  #stores(): string {
    const { kernel, groups } = this.#shape;
    const [out] = this.#call.outputs as [Sink];
    const last = kernel.length - 1;
    const count = this.#tm * this.#tc * this.#tk;
    const inside = [];
    if (this.#rows % this.#tm !== 0) inside.push(`row < ${this.#rows}u`);
    if (this.#columns % this.#tc !== 0) inside.push(`col < ${this.#columns}u`);
    if (kernel[last]! % this.#tk !== 0) inside.push(`k < ${kernel[last]}u`);
    const channel = groups === 1 ? "row" : `(group * ${this.#rows}u + row)`;
    const at = [channel, "col", ...range(last).map((d) => `k${d}`), "k"];
    const store = out.store(at, "total");
    const total = `
var total = 0.0;
for (var t = 0u; t < ${this.#threads}u; t++) { total += parts[a * ${this.#threads}u + t]; }`;
    const sums = this.#call.absorbed.map(({ sink }) => {
      const where = sumIndices(sink, this.#g.shape[1]!, channel);
      return `if (${inside.length > 0 ? `row < ${this.#rows}u` : "true"}) { ${sink.store(where, "total")} }`;
    });
    const first = range(last + 1).map((d) => `k${d} == 0u`);
    return `
for (var a = lid.x; a < ${count}u; a += ${this.#threads}u) {
${total}
let row = row0 + a % ${this.#tm}u;
let k = k${last} + (a / ${this.#tm}u) % ${this.#tk}u;
let col = col0 + a / ${this.#tm * this.#tk}u;
${inside.length === 0 ? store : `if (${inside.join(" && ")}) { ${store} }`}
}${
      sums.length === 0
        ? ""
        : `
if (wy == 0u && ${first.join(" && ")}) {
for (var a = ${count}u + lid.x; a < ${count + this.#tm}u; a += ${this.#threads}u) {
${total}
let row = row0 + a - ${count}u;
${sums.join("\n")}
}
}`
    }`;
  }
}
