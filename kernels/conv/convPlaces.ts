import { plus, range, times, u32, unravel } from "../indexText.ts";
import type { TapSum } from "./convSum.ts";
import { Span } from "./span.ts";

/** The places of one thread, and how it multiplies what it reads there. */
export interface Places {
  /** So many places; as neighbours in a row, the last of `sizes` counts pieces of rows. */
  readonly each: number;
  readonly sizes: readonly number[];
  /** WGSL that names the weights of all channels at an offset, and that multiplies by them. */
  readonly weights: (offset: string, name: string) => string[];
  readonly products: (value: (place: number) => string, name: string) => string[];
}

/** Places side by side in one row: each loaded element serves several taps of the last axis. */
export function placesInRow(sum: TapSum, { each, sizes, weights, products }: Places): string[] {
  const { axes, operand, depth, depthStride, weight } = sum;
  const last = axes.length - 1;
  const { mul, inc, add, size, taps } = axes[last]!;
  const span = new Span(range(each), mul, range(taps[0]!), inc);
  const reads = span.reads(add[0]!, (sizes.at(-1)! - 1) * each * mul, size);
  const [n, ...u] = unravel("place0", sizes);
  const start = [n!, times("group", depth), ...range(last).map((d) => `y${d}`), "x0"];
  const offset = range(last).map((d) => times(`m${d}`, axes[d]!.step * weight.strides[d + 2]!));
  const guards = reads.filter((r) => r.guarded).map((r) => r.distance);
  return [
    `let x0 = ${plus(times(u[last]!, each * mul), u32(add[0]! + span.low))};`,
    ...guards.map((at) => `let v${at} = x0 + ${at}u < ${size}u;`),
    ...range(last).flatMap((d) => openTaps(sum, u, d)),
    `var px = ${operand.pointer(start, 1)};`,
    `var pk = ${plus(...offset)};`,
    `for (var c = 0u; c < ${depth}u; c++) {`,
    ...reads.map(({ distance, guarded }) => {
      const value = operand.element(`px + ${u32(distance * operand.strides[last + 2]!)}`, 1);
      return `let q${distance} = ${guarded ? `select(0.0, ${value}, v${distance})` : value};`;
    }),
    ...range(taps[0]!).flatMap((k) => [
      ...weights(`pk + ${u32(k * weight.strides[last + 2]!)}`, `${k}`),
      ...products((j) => `q${span.distance(j, k)}`, `${k}`),
    ]),
    `px += ${u32(operand.strides[1]!)};`,
    `pk += ${u32(depthStride)};`,
    "}",
    ...range(last).map(() => "}"),
  ];
}

/** A loop over the taps of an axis but the last: a row outside the operand adds nothing. */
function openTaps({ axes }: TapSum, u: readonly string[], d: number): string[] {
  const { mul, inc, guarded, size } = axes[d]!;
  const at = plus(times(u[d]!, mul), `add${d}`, times(`m${d}`, inc));
  return [
    `for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`,
    `let y${d} = ${at};`,
    ...(guarded ? [`if (y${d} >= ${size}u) { continue; }`] : []),
  ];
}

/** Places anywhere: each has its own address, and its own bounds at each tap. */
export function placesAnywhere(sum: TapSum, { each, sizes, weights, products }: Places): string[] {
  const { axes, operand, depth, depthStride, weight } = sum;
  const shift = axes.map((a, d) => times(`m${d}`, a.inc * operand.strides[d + 2]!));
  const tap = axes.map((a, d) => times(`m${d}`, a.step * weight.strides[d + 2]!));
  const guarded = axes.some((a) => a.guarded);
  const inside = (j: number) =>
    axes
      .flatMap((a, d) => (a.guarded ? [`i${j}_${d} + ${times(`m${d}`, a.inc)} < ${a.size}u`] : []))
      .join(" && ");
  return [
    ...range(each).flatMap((j) => namePlace(sum, sizes, j)),
    ...axes.map((_, d) => `for (var m${d} = 0u; m${d} < taps${d}; m${d}++) {`),
    `var pk = ${plus(...tap)};`,
    `var shift = ${plus(...shift)};`,
    ...(guarded ? range(each).map((j) => `let v${j} = ${inside(j)};`) : []),
    `for (var c = 0u; c < ${depth}u; c++) {`,
    ...range(each).map((j) => {
      const value = operand.element(`px${j} + shift`, 1);
      return `let q${j} = ${guarded ? `select(0.0, ${value}, v${j})` : value};`;
    }),
    ...weights("pk", ""),
    ...products((j) => `q${j}`, ""),
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
