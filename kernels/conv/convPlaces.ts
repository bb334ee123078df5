import { plus, range, times, u32, unravel } from "../indexText.ts";
import { type Block, vectorOf } from "./blocks.ts";
import type { TapSum } from "./convSum.ts";
import { RowReads } from "./rowReads.ts";
import { Span } from "./span.ts";

/** The sums of one thread: channel i at the places of block h is named c{i}_{h}. */
export interface Sums {
  /** Of all places, which `place0` is the first of this thread's; in rows, of pieces. */
  readonly sizes: readonly number[];
  readonly channels: number;
  readonly blocks: readonly Block[];
  /** Threads of the subgroup that pass weights on to each other; null where each reads all. */
  readonly lanes: number | null;
}

const placesOf = (blocks: readonly Block[]): number =>
  blocks.reduce((n, { width }) => n + width, 0);

/** Adds the products of all channels' weights at some taps by what each place reads there. */
function products(
  sum: TapSum,
  { channels, blocks, lanes }: Sums,
  taps: readonly string[],
  read: (place: number, tap: number) => string,
): string[] {
  const vector = ({ first, width }: Block, k: number) =>
    `${vectorOf(width)}(${range(width).map((j) => read(first + j, k))})`;
  return [
    ...taps.flatMap((at, k) => [
      `let o${k} = ${at};`,
      ...weights(sum, channels, lanes, k),
      ...blocks.map((block, h) => `let x${k}_${h} = ${vector(block, k)};`),
    ]),
    ...range(channels).flatMap((i) =>
      blocks.map(
        (_, h) => `c${i}_${h} += ${taps.map((_, k) => `w${k}_${i} * x${k}_${h}`).join(" + ")};`,
      ),
    ),
  ];
}

/** Names the weights of all channels at tap `k`. */
function weights({ weight }: TapSum, channels: number, lanes: number | null, k: number): string[] {
  const read = (i: number) => weight.element(`pw${i} + o${k}`, 1);
  if (lanes === null) return range(channels).map((i) => `let w${k}_${i} = ${read(i)};`);
  return [
    ...range(Math.ceil(channels / lanes)).map((i) => `let own${k}_${i} = ${read(i)};`),
    ...range(channels).map((i) => {
      const from = `own${k}_${Math.floor(i / lanes)}, ${i % lanes}u`;
      return `let w${k}_${i} = subgroupBroadcast(${from});`;
    }),
  ];
}

/** Places side by side in one row: each loaded element serves several taps of the last axis. */
export function placesInRow(sum: TapSum, sums: Sums): string[] {
  const { axes, operand, depth, depthStride, weight } = sum;
  const last = axes.length - 1;
  const { mul, inc, add, taps, size } = axes[last]!;
  const step = placesOf(sums.blocks) * mul;
  const span = new Span(range(step / mul), mul, range(taps[0]!), inc);
  const furthest = (sums.sizes.at(-1)! - 1) * step;
  const row = new RowReads(operand, span, { add: add[0]!, step, furthest, size });
  const [n, ...u] = unravel("place0", sums.sizes);
  const start = [n!, times("group", depth), ...range(last).map((d) => `y${d}`)];
  const offset = range(last).map((d) => times(`m${d}`, axes[d]!.step * weight.strides[d + 2]!));
  const tap = (k: number) => plus("pk", u32(k * weight.strides[last + 2]!));
  // A subgroup stays together: what lies in a row outside the operand is 0 there.
  const guarded = range(last).filter((d) => axes[d]!.guarded);
  const inside = sums.lanes === null ? [] : guarded.map((d) => `y${d} < ${axes[d]!.size}u`);
  return [
    `let x0 = ${plus(times(u[last]!, step), u32(add[0]! + span.low))};`,
    ...row.guards(),
    ...range(last).flatMap((d) => openTaps(sum, u, d, sums.lanes !== null)),
    row.hasSingle ? `var px = ${operand.pointer([...start, "x0"], 1)};` : "",
    row.hasFours ? `var p4 = ${operand.pointer([...start, row.four], 4)};` : "",
    `var pk = ${plus(...offset)};`,
    `for (var c = 0u; c < ${depth}u; c++) {`,
    ...row.loads("q", "px", "p4", inside),
    ...products(sum, sums, range(taps[0]!).map(tap), (j, k) => row.value("q", span.distance(j, k))),
    row.hasSingle ? `px += ${u32(operand.strides[1]!)};` : "",
    row.hasFours ? `p4 += ${u32(operand.strides[1]! / 4)};` : "",
    `pk += ${u32(depthStride)};`,
    "}",
    ...range(last).map(() => "}"),
  ];
}

/** A loop over the taps of an axis but the last: a row outside the operand adds nothing. */
function openTaps({ axes }: TapSum, u: readonly string[], d: number, all: boolean): string[] {
  const { mul, inc, guarded, size } = axes[d]!;
  return [
    `let u${d} = ${plus(times(u[d]!, mul), `add${d}`)};`,
    `for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`,
    `let y${d} = ${plus(`u${d}`, times(`m${d}`, inc))};`,
    ...(guarded && !all ? [`if (y${d} >= ${size}u) { continue; }`] : []),
  ];
}

/** Places anywhere: each has its own address, and its own bounds at each tap. */
export function placesAnywhere(sum: TapSum, sums: Sums): string[] {
  const { axes, operand, depth, depthStride, weight } = sum;
  const each = placesOf(sums.blocks);
  const shift = axes.map((a, d) => times(`m${d}`, a.inc * operand.strides[d + 2]!));
  const tap = axes.map((a, d) => times(`m${d}`, a.step * weight.strides[d + 2]!));
  const guarded = axes.some((a) => a.guarded);
  const inside = (j: number) =>
    axes
      .flatMap((a, d) => (a.guarded ? [`i${j}_${d} + ${times(`m${d}`, a.inc)} < ${a.size}u`] : []))
      .join(" && ");
  return [
    ...range(each).flatMap((j) => namePlace(sum, sums.sizes, j)),
    ...axes.map((_, d) => `for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`),
    `var pk = ${plus(...tap)};`,
    `var shift = ${plus(...shift)};`,
    ...(guarded ? range(each).map((j) => `let v${j} = ${inside(j)};`) : []),
    `for (var c = 0u; c < ${depth}u; c++) {`,
    ...range(each).map((j) => {
      const value = operand.element(`px${j} + shift`, 1);
      return `let q${j} = ${guarded ? `select(0.0, ${value}, v${j})` : value};`;
    }),
    ...products(sum, sums, ["pk"], (j) => `q${j}`),
    `shift += ${u32(operand.strides[1]!)};`,
    `pk += ${u32(depthStride)};`,
    "}",
    ...axes.map(() => "}"),
  ];
}

/** Where place j reads at the first tap; places past the end repeat the last. */
function namePlace({ axes, operand, depth }: TapSum, sizes: readonly number[], j: number) {
  const size = sizes.reduce((a, b) => a * b, 1);
  const [n, ...u] = unravel(`l${j}`, sizes);
  const at = axes.map((_, d) => `i${j}_${d}`);
  return [
    `let l${j} = min(place0 + ${j}u, ${size - 1}u);`,
    ...axes.map((axis, d) => `let i${j}_${d} = ${plus(times(u[d]!, axis.mul), `add${d}`)};`),
    `let px${j} = ${operand.pointer([n!, times("group", depth), ...at], 1)};`,
  ];
}
