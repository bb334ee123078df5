import type { KernelSource } from "../src/core/ir.ts";
import {
  phaseLines,
  plus,
  range,
  Span,
  type TapAxis,
  type TapSum,
  times,
  u32,
  unravel,
} from "./convShape.ts";
import { grid3 } from "./grid3.ts";

/**
 * The sum of a convolution in registers: a thread makes `rows` channels of the result at
 * `columns` places, so that each operand that it loads serves many products. For software
 * adapters, where workgroup memory and barriers cost more than the loads that they save.
 */
export function registerConv(sum: TapSum): KernelSource {
  return new RegisterConv(sum).source();
}

/** Longest kernel along the last axis that is written out. */
const LONGEST = 7;

class RegisterConv {
  readonly #sum: TapSum;
  readonly #last: TapAxis;
  /** Channels and places of a thread. */
  readonly #tm: number;
  readonly #tn: number;
  /** Neighbours along the last axis: they share what they load. Else any places. */
  readonly #inRow: boolean;
  /** Places of one phase, or pieces of rows. */
  readonly #places: readonly number[];
  readonly #phases: number;
  readonly #vector: number;

  constructor(sum: TapSum) {
    this.#sum = sum;
    const { axes, rows, batch } = sum;
    const { software } = sum.call.target;
    this.#last = axes.at(-1)!;
    // On a GPU neighbouring threads take neighbouring places: their loads are one.
    const piece = software ? pieceOf(this.#last) : 0;
    this.#inRow = piece > 0;
    this.#tn = piece || (software ? 8 : 1);
    this.#tm = rows >= 8 ? 8 : rows >= 3 ? 4 : rows;
    this.#vector = Math.min(this.#tm, 4);
    const counts = axes.map((a) => a.count);
    const pieces = Math.ceil(this.#last.count / this.#tn);
    this.#places = [batch, ...(this.#inRow ? counts.with(-1, pieces) : counts)];
    this.#phases = axes.reduce((n, a) => n * a.phases, 1);
  }

  source(): KernelSource {
    const { sum } = this;
    const size = this.#places.reduce((a, b) => a * b, 1);
    const across = this.#inRow ? size : Math.ceil(size / this.#tn);
    const down = Math.ceil(sum.rows / this.#tm);
    const z = sum.groups * this.#phases;
    const [wide, high] = sum.call.target.software ? [4, 4] : [64, 1];
    const grid = grid3([Math.ceil(across / wide), Math.ceil(down / high), z], sum.call.target);
    return {
      label: `${sum.label} ${sum.groups}x${sum.depth}x${sum.rows}`,
      workgroupSize: [wide, high, 1],
      workgroups: grid.workgroups,
      body: [
        ...grid.lines,
        `let row0 = (wy * ${high}u + lid.y) * ${this.#tm}u;`,
        `let place0 = ${times(`(wx * ${wide}u + lid.x)`, this.#inRow ? 1 : this.#tn)};`,
        `if (place0 >= ${size}u || row0 >= ${sum.rows}u) { return; }`,
        `let group = wz / ${this.#phases}u;`,
        ...phaseLines(sum.axes, this.#phases),
        ...this.#accumulators(),
        ...this.#weightPointers(),
        ...(this.#inRow ? this.#rowOfPlaces() : this.#anyPlaces()),
        this.#stores(size),
      ].join("\n"),
    };
  }

  get sum(): TapSum {
    return this.#sum;
  }

  #type(): string {
    return this.#vector === 1 ? "f32" : `vec${this.#vector}<f32>`;
  }

  #accumulators(): string[] {
    const blocks = this.#tm / this.#vector;
    return range(this.#tn).flatMap((j) =>
      range(blocks).map((i) => `var c${j}_${i} = ${this.#type()}(0.0);`),
    );
  }

  /** The weight of each channel at the first tap; channels past the end repeat the last. */
  #weightPointers(): string[] {
    const { weight, weightAt, rows, axes } = this.#sum;
    const taps = axes.map((_, d) => `first${d}`);
    return range(this.#tm).map((i) => {
      const row = rows % this.#tm === 0 ? plus("row0", `${i}u`) : `min(row0 + ${i}u, ${rows - 1}u)`;
      return `let pw${i} = ${weight.pointer([...weightAt(row, "group"), ...taps], 1)};`;
    });
  }

  /** The vector of weights for a block of channels at an offset from their pointers. */
  #weights(offset: string, suffix: string): string[] {
    const { weight } = this.#sum;
    return range(this.#tm / this.#vector).map((i) => {
      const parts = range(this.#vector).map((q) =>
        weight.element(`pw${i * this.#vector + q} + ${offset}`, 1),
      );
      const value = this.#vector === 1 ? parts[0] : `${this.#type()}(${parts.join(", ")})`;
      return `let w${suffix}_${i} = ${value};`;
    });
  }

  #products(value: (j: number) => string, suffix: string): string[] {
    return range(this.#tn).flatMap((j) =>
      range(this.#tm / this.#vector).map((i) => `c${j}_${i} += ${value(j)} * w${suffix}_${i};`),
    );
  }

  /** Places side by side in one row: each loaded element serves several taps of the last axis. */
  #rowOfPlaces(): string[] {
    const { axes, operand, depth, depthStride, weight } = this.#sum;
    const last = axes.length - 1;
    const { mul, inc, add, size, taps } = this.#last;
    const span = new Span(range(this.#tn), mul, range(taps[0]!), inc);
    const pieces = Math.ceil(this.#last.count / this.#tn);
    const reads = span.reads(add[0]!, (pieces - 1) * this.#tn * mul, size);
    const [n, ...u] = unravel("place0", this.#places);
    const outer = range(last);
    const at = (d: number) =>
      plus(times(u[d]!, axes[d]!.mul), `add${d}`, times(`m${d}`, axes[d]!.inc));
    const start = [n!, times("group", depth), ...outer.map((d) => `y${d}`), "x0"];
    const lines = [`let x0 = ${plus(times(u[last]!, this.#tn * mul), u32(add[0]! + span.low))};`];
    for (const { distance, guarded } of reads) {
      if (guarded) lines.push(`let v${distance} = x0 + ${distance}u < ${size}u;`);
    }
    for (const d of outer) {
      lines.push(`for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`, `let y${d} = ${at(d)};`);
      if (axes[d]!.guarded) lines.push(`if (y${d} >= ${axes[d]!.size}u) { continue; }`);
    }
    const tapOffset = outer.map((d) => times(`m${d}`, axes[d]!.step * weight.strides[d + 2]!));
    lines.push(`var px = ${operand.pointer(start, 1)};`, `var pk = ${plus(...tapOffset)};`);
    lines.push(`for (var c = 0u; c < ${depth}u; c++) {`);
    for (const { distance, guarded } of reads) {
      const value = operand.element(`px + ${u32(distance * operand.strides[last + 2]!)}`, 1);
      lines.push(`let q${distance} = ${guarded ? `select(0.0, ${value}, v${distance})` : value};`);
    }
    for (const k of range(taps[0]!)) {
      lines.push(...this.#weights(`pk + ${u32(k * weight.strides[last + 2]!)}`, `${k}`));
      lines.push(...this.#products((j) => `q${span.distance(j, k)}`, `${k}`));
    }
    lines.push(`px += ${u32(operand.strides[1]!)};`, `pk += ${u32(depthStride)};`, "}");
    return [...lines, ...outer.map(() => "}")];
  }

  /** Places anywhere: each has its own address, and its own bounds at each tap. */
  #anyPlaces(): string[] {
    const { axes, operand, depth, depthStride, weight } = this.#sum;
    const lines: string[] = [];
    for (const j of range(this.#tn)) {
      const size = this.#places.reduce((a, b) => a * b, 1);
      lines.push(`let l${j} = min(place0 + ${j}u, ${size - 1}u);`);
      const [n, ...u] = unravel(`l${j}`, this.#places);
      axes.forEach((axis, d) => {
        lines.push(`let i${j}_${d} = ${plus(times(u[d]!, axis.mul), `add${d}`)};`);
      });
      const at = axes.map((_, d) => `i${j}_${d}`);
      lines.push(`let px${j} = ${operand.pointer([n!, times("group", depth), ...at], 1)};`);
    }
    axes.forEach((_, d) => {
      lines.push(`for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`);
    });
    const shift = axes.map((a, d) => times(`m${d}`, a.inc * operand.strides[d + 2]!));
    const tap = axes.map((a, d) => times(`m${d}`, a.step * weight.strides[d + 2]!));
    lines.push(`var pk = ${plus(...tap)};`, `var shift = ${plus(...shift)};`);
    const guarded = axes.some((a) => a.guarded);
    for (const j of guarded ? range(this.#tn) : []) {
      const tests = axes.flatMap((a, d) =>
        a.guarded ? [`i${j}_${d} + ${times(`m${d}`, a.inc)} < ${a.size}u`] : [],
      );
      lines.push(`let v${j} = ${tests.join(" && ")};`);
    }
    lines.push(`for (var c = 0u; c < ${depth}u; c++) {`);
    for (const j of range(this.#tn)) {
      const value = operand.element(`px${j} + shift`, 1);
      lines.push(`let q${j} = ${guarded ? `select(0.0, ${value}, v${j})` : value};`);
    }
    lines.push(...this.#weights("pk", ""), ...this.#products((j) => `q${j}`, ""));
    lines.push(`shift += ${u32(operand.strides[1]!)};`, `pk += ${u32(depthStride)};`, "}");
    return [...lines, ...axes.map(() => "}")];
  }

  /** All results through one loop: the text of what is fused in stands here once. */
  #stores(size: number): string {
    const { rows, groups, axes, call } = this.#sum;
    const blocks = this.#tm / this.#vector;
    const value = this.#vector === 1 ? "done[at]" : "done[at][q]";
    const places = this.#inRow
      ? unravel("place0", this.#places)
      : unravel("(place0 + j)", this.#places);
    const last = axes.length - 1;
    const index = axes.map((a, d) => {
      const u =
        d === last && this.#inRow ? `(${places[d + 1]} * ${this.#tn}u + j)` : places[d + 1]!;
      return plus(times(u, a.phases), a.phases === 1 ? "0u" : `r${d}`);
    });
    const names = index.map((text, d) => `let s${d} = ${text};`);
    const inside = axes.flatMap((a, d) =>
      (this.#inRow && d === last ? this.#places.at(-1)! * this.#tn : a.count * a.phases) > a.places
        ? [`s${d} < ${a.places}u`]
        : [],
    );
    if (!this.#inRow && size % this.#tn !== 0) inside.push(`place0 + j < ${size}u`);
    if (rows % this.#tm !== 0) inside.push(`row < ${rows}u`);
    const channel = groups === 1 ? "row" : `(group * ${rows}u + row)`;
    const store = call.outputs[0]!.store(
      [places[0]!, channel, ...axes.map((_, d) => `s${d}`)],
      value,
    );
    const dones = range(this.#tn).flatMap((j) => range(blocks).map((i) => `c${j}_${i}`));
    return `
var done = array<${this.#type()}, ${dones.length}>(${dones.join(", ")});
for (var j = 0u; j < ${this.#tn}u; j++) {
${names.join("\n")}
for (var i = 0u; i < ${this.#tm}u; i++) {
let row = row0 + i;
let at = j * ${blocks}u + i / ${this.#vector}u;
let q = i % ${this.#vector}u;
${inside.length === 0 ? store : `if (${inside.join(" && ")}) { ${store} }`}
}
}`;
  }
}

/** How many neighbours of the last axis a thread takes; 0 where rows are too short for that. */
function pieceOf({ phases, taps, count }: TapAxis): number {
  if (phases > 1 || taps[0]! > LONGEST) return 0;
  const waste = (n: number) => Math.ceil(count / n) * n - count;
  const best = [8, 7, 6, 5].reduce((a, b) => (waste(b) < waste(a) ? b : a));
  return waste(best) * 5 <= count ? best : 0;
}
