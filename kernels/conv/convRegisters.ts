import type { KernelSource, Sink, Variant } from "../../src/core/ir.ts";
import { grid3 } from "../grid3.ts";
import { plus, range, times, unravel } from "../indexText.ts";
import { type Block, blocksOf, vectorOf } from "./blocks.ts";
import { placesAnywhere, placesInRow } from "./convPlaces.ts";
import { phaseLines } from "./convShape.ts";
import type { TapSum } from "./convSum.ts";

/** How the sums of a convolution are dealt to threads that keep them in registers. */
export interface RegisterTile extends Variant {
  /** Channels of the result, and places of each, that a thread makes. */
  readonly channels: number;
  readonly places: number;
  /** The places are neighbours along the last axis, which share what they load. */
  readonly inRow: boolean;
  /** Threads of a workgroup: at other places, so that all of them need the same weights. */
  readonly wide: number;
  /** The workgroup is a subgroup: each thread reads some of the weights, and passes them on. */
  readonly shared: boolean;
}

/**
 * The sum of a convolution in registers: a thread makes some channels of the result at some
 * places, so that each operand that it loads serves many products. For software adapters, where
 * workgroup memory and barriers cost more than the loads that they save; and for GPUs where a
 * group has few channels.
 */
export function registerConv(sum: TapSum, tile: RegisterTile): KernelSource {
  return new RegisterConv(sum, tile).source();
}

class RegisterConv {
  readonly #sum: TapSum;
  readonly #tile: RegisterTile;
  readonly #phases: number;
  readonly #blocks: readonly Block[];
  /** Places of the batch and all axes; in rows, the last counts pieces of rows. */
  readonly #sizes: readonly number[];
  readonly #size: number;

  constructor(sum: TapSum, tile: RegisterTile) {
    this.#sum = sum;
    this.#tile = tile;
    const { axes, batch } = sum;
    this.#phases = axes.reduce((n, a) => n * a.phases, 1);
    this.#blocks = blocksOf(tile.places);
    const counts = axes.map((a) => a.count);
    const pieces = Math.ceil(counts.at(-1)! / tile.places);
    this.#sizes = [batch, ...(tile.inRow ? counts.with(-1, pieces) : counts)];
    this.#size = this.#sizes.reduce((a, b) => a * b, 1);
  }

  source(): KernelSource {
    const sum = this.#sum;
    const { inRow, places, channels, wide, shared } = this.#tile;
    const across = inRow ? this.#size : Math.ceil(this.#size / places);
    const down = Math.ceil(sum.rows / channels);
    const grid = grid3(
      [Math.ceil(across / wide), down, sum.groups * this.#phases],
      sum.call.target,
    );
    const lanes = shared ? wide : null;
    const sums = { sizes: this.#sizes, channels, blocks: this.#blocks, lanes };
    const first = times(`(wx * ${wide}u + lid.x)`, inRow ? 1 : places);
    const beyond = `if (first >= ${this.#size}u) { return; }`;
    return {
      label: `${sum.label} ${sum.groups}x${sum.depth}x${sum.rows}`,
      workgroupSize: [wide, 1, 1],
      workgroups: grid.workgroups,
      flops: sum.flops,
      body: [
        ...grid.lines,
        `let row0 = wy * ${channels}u;`,
        `let first = ${first};`,
        // Nobody leaves a subgroup before it has passed on the last weight.
        shared ? "" : beyond,
        `let place0 = ${shared ? `min(first, ${this.#size - 1}u)` : "first"};`,
        `let group = wz / ${this.#phases}u;`,
        ...phaseLines(sum.axes, this.#phases),
        ...this.#eachSum((name, { width }) => `var ${name} = ${vectorOf(width)}(0.0);`),
        ...this.#weightPointers(),
        ...(inRow ? placesInRow(sum, sums) : placesAnywhere(sum, sums)),
        shared ? beyond : "",
        ...(inRow ? this.#storeRow() : this.#storeAnywhere()),
      ].join("\n"),
    };
  }

  #eachSum(text: (name: string, block: Block) => string): string[] {
    return range(this.#tile.channels).flatMap((i) =>
      this.#blocks.map((block, h) => text(`c${i}_${h}`, block)),
    );
  }

  /** The weights that a thread reads at the first tap; channels past the end repeat the last. */
  #weightPointers(): string[] {
    const { weight, weightAt, rows, axes } = this.#sum;
    const { channels, wide, shared } = this.#tile;
    const taps = axes.map((_, d) => `first${d}`);
    const count = shared ? Math.ceil(channels / wide) : channels;
    const exact = rows % (shared ? count * wide : channels) === 0;
    return range(count).map((i) => {
      const own = shared ? plus("row0", `${i * wide}u`, "lid.x") : plus("row0", `${i}u`);
      const row = exact ? own : `min(${own}, ${rows - 1}u)`;
      return `let pw${i} = ${weight.pointer([...weightAt(row, "group"), ...taps], 1)};`;
    });
  }

  /** All sums as an array, channel by channel, in vectors of four or as single numbers. */
  #done(wide: boolean): string {
    const parts = this.#eachSum((name, { width }) =>
      wide || width === 1
        ? name
        : range(width)
            .map((q) => `${name}.${"xyzw"[q]}`)
            .join(", "),
    );
    const count = this.#tile.channels * (wide ? this.#blocks.length : this.#tile.places);
    return `var done = array<${wide ? "vec4<f32>" : "f32"}, ${count}>(${parts.join(", ")});`;
  }

  /** A loop over the channels, with statements for each. */
  #overChannels(lines: readonly string[]): string[] {
    const { rows, groups } = this.#sum;
    const { channels } = this.#tile;
    return [
      `for (var i = 0u; i < ${channels}u; i++) {`,
      "let row = row0 + i;",
      ...(rows % channels === 0 ? [] : [`if (row >= ${rows}u) { break; }`]),
      `let channel = ${groups === 1 ? "row" : `group * ${rows}u + row`};`,
      ...lines,
      "}",
    ];
  }

  /** Stores through loops: the text of what is fused in stands here once or twice. */
  #storeRow(): string[] {
    const { axes, call } = this.#sum;
    const { places } = this.#tile;
    const [out] = call.outputs as [Sink];
    const last = axes.length - 1;
    const axis = axes[last]!;
    const [n, ...u] = unravel("place0", this.#sizes);
    const wide = out.vec4 && places % 4 === 0 && axis.phases === 1;
    const ragged = this.#sizes.at(-1)! * places > axis.places;
    const guard = (at: string, text: string) =>
      ragged ? `if (${at} < ${axis.places}u) { ${text} }` : text;
    const outer = range(last).map((d) => `s${d}`);
    const store = (at: string, value: string, width: 1 | 4) =>
      guard(at, out.store(["n", "channel", ...outer, at], value, width));
    const stores = wide
      ? this.#blocks.map(({ first }, h) => {
          const at = `(x${first === 0 ? "" : ` + ${first}u`})`;
          return store(at, `done[i * ${this.#blocks.length}u + ${h}u]`, 4);
        })
      : [
          `for (var j = 0u; j < ${places}u; j++) {`,
          "let at = x + j;",
          store("at", `done[i * ${places}u + j]`, 1),
          "}",
        ];
    return [
      this.#done(wide),
      `let n = ${n};`,
      ...outer.map((name, d) => `let ${name} = ${this.#placeOf(u[d]!, d)};`),
      ...outer.flatMap((name, d) => this.#beyond(name, d, "return")),
      `let x = ${times(u[last]!, places)};`,
      ...this.#overChannels(stores),
    ];
  }

  #storeAnywhere(): string[] {
    const { axes, call } = this.#sum;
    const { places } = this.#tile;
    const [n, ...u] = unravel("at", this.#sizes);
    const at = axes.map((_, d) => `s${d}`);
    const store = call.outputs[0]!.store(["n", "channel", ...at], `done[i * ${places}u + j]`);
    return [
      this.#done(false),
      `for (var j = 0u; j < ${places}u; j++) {`,
      "let at = place0 + j;",
      ...(this.#size % places === 0 ? [] : [`if (at >= ${this.#size}u) { break; }`]),
      `let n = ${n};`,
      ...at.map((name, d) => `let ${name} = ${this.#placeOf(u[d]!, d)};`),
      ...at.flatMap((name, d) => this.#beyond(name, d, "continue")),
      ...this.#overChannels([store]),
      "}",
    ];
  }

  /** The result's place along an axis: place u of its phase. */
  #placeOf(u: string, d: number): string {
    const { phases } = this.#sum.axes[d]!;
    return plus(times(u, phases), phases === 1 ? "0u" : `r${d}`);
  }

  /** Some phases have a place less than others. */
  #beyond(name: string, d: number, leave: string): string[] {
    const { count, phases, places } = this.#sum.axes[d]!;
    return count * phases > places ? [`if (${name} >= ${places}u) { ${leave}; }`] : [];
  }
}
