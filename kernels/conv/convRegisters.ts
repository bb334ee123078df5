import type { KernelSource } from "../../src/core/ir.ts";
import { grid3 } from "../grid3.ts";
import { plus, range, times, unravel } from "../indexText.ts";
import { type Places, placesAnywhere, placesInRow } from "./convPlaces.ts";
import { phaseLines, type TapAxis } from "./convShape.ts";
import type { TapSum } from "./convSum.ts";

/**
 * The sum of a convolution in registers: a thread makes some channels of the result at some
 * places, so that each operand that it loads serves many products. For software adapters, where
 * workgroup memory and barriers cost more than the loads that they save; and for GPUs where a
 * group has few channels.
 */
export function registerConv(sum: TapSum): KernelSource {
  return new RegisterConv(sum).source();
}

/** Longest kernel along the last axis that is written out. */
const LONGEST = 7;

/** How many neighbours of the last axis a thread takes; 0 where rows are too short for that. */
function pieceOf({ phases, taps, count }: TapAxis): number {
  if (phases > 1 || taps[0]! > LONGEST) return 0;
  const waste = (n: number) => Math.ceil(count / n) * n - count;
  const best = [8, 7, 6, 5].reduce((a, b) => (waste(b) < waste(a) ? b : a));
  return waste(best) * 5 <= count ? best : 0;
}

class RegisterConv {
  readonly #sum: TapSum;
  /** Channels of a thread, and how many of them lie in one vector. */
  readonly #tm: number;
  readonly #vector: number;
  readonly #phases: number;
  /** The thread's places are neighbours along the last axis, which share what they load. */
  readonly #inRow: boolean;
  readonly #places: Places;
  readonly #size: number;

  constructor(sum: TapSum) {
    this.#sum = sum;
    const { axes, rows, batch } = sum;
    const { software } = sum.call.target;
    // On a GPU neighbouring threads take neighbouring places: their loads are one.
    const piece = software ? pieceOf(axes.at(-1)!) : 0;
    const each = piece || (software ? 8 : 1);
    this.#inRow = piece > 0;
    this.#tm = rows >= 8 ? 8 : rows >= 3 ? 4 : rows;
    this.#vector = Math.min(this.#tm, 4);
    this.#phases = axes.reduce((n, a) => n * a.phases, 1);
    const counts = axes.map((a) => a.count);
    const pieces = Math.ceil(counts.at(-1)! / each);
    const sizes = [batch, ...(this.#inRow ? counts.with(-1, pieces) : counts)];
    this.#size = sizes.reduce((a, b) => a * b, 1);
    this.#places = {
      each,
      sizes,
      weights: (offset, name) => this.#weights(offset, name),
      products: (value, name) => this.#products(value, name),
    };
  }

  source(): KernelSource {
    const sum = this.#sum;
    const { each } = this.#places;
    const across = this.#inRow ? this.#size : Math.ceil(this.#size / each);
    const down = Math.ceil(sum.rows / this.#tm);
    const [wide, high] = sum.call.target.software ? [4, 4] : [64, 1];
    const grid = grid3(
      [Math.ceil(across / wide), Math.ceil(down / high), sum.groups * this.#phases],
      sum.call.target,
    );
    return {
      label: `${sum.label} ${sum.groups}x${sum.depth}x${sum.rows}`,
      workgroupSize: [wide, high, 1],
      workgroups: grid.workgroups,
      body: [
        ...grid.lines,
        `let row0 = (wy * ${high}u + lid.y) * ${this.#tm}u;`,
        `let place0 = ${times(`(wx * ${wide}u + lid.x)`, this.#inRow ? 1 : each)};`,
        `if (place0 >= ${this.#size}u || row0 >= ${sum.rows}u) { return; }`,
        `let group = wz / ${this.#phases}u;`,
        ...phaseLines(sum.axes, this.#phases),
        ...this.#results().map((name) => `var ${name} = ${this.#type()}(0.0);`),
        ...this.#weightPointers(),
        ...(this.#inRow ? placesInRow : placesAnywhere)(sum, this.#places),
        this.#stores(),
      ].join("\n"),
    };
  }

  #type(): string {
    return this.#vector === 1 ? "f32" : `vec${this.#vector}<f32>`;
  }

  #blocks(): number[] {
    return range(this.#tm / this.#vector);
  }

  #results(): string[] {
    return range(this.#places.each).flatMap((j) => this.#blocks().map((i) => `c${j}_${i}`));
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

  #weights(offset: string, name: string): string[] {
    const { weight } = this.#sum;
    return this.#blocks().map((i) => {
      const parts = range(this.#vector).map((q) =>
        weight.element(`pw${i * this.#vector + q} + ${offset}`, 1),
      );
      return `let w${name}_${i} = ${this.#type()}(${parts.join(", ")});`;
    });
  }

  #products(value: (j: number) => string, name: string): string[] {
    return range(this.#places.each).flatMap((j) =>
      this.#blocks().map((i) => `c${j}_${i} += ${value(j)} * w${name}_${i};`),
    );
  }

  /** All results through one loop: the text of what is fused in stands here once. */
  #stores(): string {
    const { rows, groups, axes, call } = this.#sum;
    const { each, sizes } = this.#places;
    const [n, ...u] = unravel(this.#inRow ? "place0" : "(place0 + j)", sizes);
    if (this.#inRow) u[u.length - 1] = `(${u.at(-1)} * ${each}u + j)`;
    const at = axes.map((a, d) => plus(times(u[d]!, a.phases), a.phases === 1 ? "0u" : `r${d}`));
    const channel = groups === 1 ? "row" : `(group * ${rows}u + row)`;
    const value = this.#vector === 1 ? "done[at]" : "done[at][q]";
    const store = call.outputs[0]!.store([n!, channel, ...axes.map((_, d) => `s${d}`)], value);
    const inside = this.#inside();
    const results = this.#results();
    return `
var done = array<${this.#type()}, ${results.length}>(${results.join(", ")});
for (var j = 0u; j < ${each}u; j++) {
${at.map((text, d) => `let s${d} = ${text};`).join("\n")}
for (var i = 0u; i < ${this.#tm}u; i++) {
let row = row0 + i;
let at = j * ${this.#blocks().length}u + i / ${this.#vector}u;
let q = i % ${this.#vector}u;
${inside.length === 0 ? store : `if (${inside.join(" && ")}) { ${store} }`}
}
}`;
  }

  /** Tests of a result that some thread has too many of. */
  #inside(): string[] {
    const { rows, axes } = this.#sum;
    const { each, sizes } = this.#places;
    const reached = axes.map((a) => a.count * a.phases);
    if (this.#inRow) reached[axes.length - 1] = sizes.at(-1)! * each;
    const tests = axes.flatMap((a, d) => (reached[d]! > a.places ? [`s${d} < ${a.places}u`] : []));
    if (!this.#inRow && this.#size % each !== 0) tests.push(`place0 + j < ${this.#size}u`);
    if (rows % this.#tm !== 0) tests.push(`row < ${rows}u`);
    return tests;
  }
}
