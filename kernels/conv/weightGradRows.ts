import type { KernelCall, Operand } from "../../src/core/ir.ts";
import { plus, range, times, u32, unravel } from "../indexText.ts";
import type { ConvShape } from "./convShape.ts";
import { Span } from "./span.ts";
import type { WeightGradTile } from "./weightGradTile.ts";

/** Opens a thread's loop over rows of places: examples, and all axes but the last. */
function openRows(call: KernelCall, { threads }: WeightGradTile): string[] {
  const { output } = call.attrs as unknown as ConvShape;
  const [x, g] = call.inputs as [Operand, Operand];
  const sizes = [x.shape[0]!, ...output.slice(0, -1)];
  const [n, ...p] = unravel("r", sizes);
  const steps = p.map((_, d) => times(`p${d}`, g.strides[d + 2]!));
  return [
    `for (var r = lid.x; r < ${sizes.reduce((a, b) => a * b, 1)}u; r += ${threads}u) {`,
    `let n = ${n};`,
    ...p.map((at, d) => `let p${d} = ${at};`),
    `let rg = ${plus(times("n", g.strides[0]!), ...steps)};`,
  ];
}

/** The products of all rows: g at each place by x at every tap, piece by piece of a row. */
export function rowsOfPlaces(call: KernelCall, tile: WeightGradTile): string[] {
  const { input, output, stride, padding, dilation, kernel } = call.attrs as unknown as ConvShape;
  const [x, g] = call.inputs as [Operand, Operand];
  const last = input.length - 1;
  const { places, tk } = tile;
  const span = new Span(range(places), stride[last]!, range(tk), dilation[last]!);
  const turns = Math.ceil(output[last]! / places);
  const blocks = Math.ceil(kernel[last]! / tk);
  const furthest = (turns - 1) * places * stride[last]! + (blocks - 1) * tk * dilation[last]!;
  const reads = span.reads(-padding[last]!, furthest, input[last]!);
  const x0 = [times("p", stride[last]!), times(`k${last}`, dilation[last]!)];
  const guards = reads.filter((r) => r.guarded).map((r) => r.distance);
  return [
    ...openRows(call, tile),
    ...rowOfInput(call),
    `for (var p = 0u; p < ${output[last]}u; p += ${places}u) {`,
    `let x0 = ${plus(...x0, u32(span.low - padding[last]!))};`,
    `let ax = rx + ${times("x0", x.strides[last + 2]!)};`,
    `let ag = rg + ${times("p", g.strides[last + 2]!)};`,
    ...guards.map((at) => `let v${at} = x0 + ${at}u < ${input[last]}u;`),
    ...reads.flatMap(({ distance, guarded }) =>
      range(tile.tc).map((c) => {
        const value = x.element(`px${c} + ax + ${u32(distance * x.strides[last + 2]!)}`, 1);
        const read = guarded ? `select(0.0, ${value}, v${distance})` : value;
        return `let x${c}_${distance} = ${read};`;
      }),
    ),
    ...range(places).flatMap((s) => ["{", ...products(call, tile, s, span), "}"]),
    "}",
    "}",
  ];
}

/** Where the row that a row of places meets at the thread's taps starts; one outside adds 0. */
function rowOfInput(call: KernelCall): string[] {
  const { input, stride, padding, dilation } = call.attrs as unknown as ConvShape;
  const [x] = call.inputs as [Operand];
  const axes = range(input.length - 1);
  const steps = axes.map((d) => times(`y${d}`, x.strides[d + 2]!));
  return [
    ...axes.flatMap((d) => {
      const tap = times(`k${d}`, dilation[d]!);
      const at = plus(times(`p${d}`, stride[d]!), u32(-padding[d]!), tap);
      return [`let y${d} = ${at};`, `if (y${d} >= ${input[d]}u) { continue; }`];
    }),
    `let rx = ${plus(times("n", x.strides[0]!), ...steps)};`,
  ];
}

const blocksOf = ({ tm, vector }: WeightGradTile): number[] => range(tm / vector);

/** g at one place times x at every tap; a place behind the row's end adds 0, whatever is there. */
function products(call: KernelCall, tile: WeightGradTile, s: number, span: Span): string[] {
  const { output } = call.attrs as unknown as ConvShape;
  const size = output.at(-1)!;
  const over = size % tile.places !== 0 && s >= size % tile.places;
  const value = (at: string) => (over ? `select(0.0, ${at}, inside)` : at);
  return [
    ...(over ? [`let inside = p + ${s}u < ${size}u;`] : []),
    ...loadG(call, tile, s, value),
    ...range(tile.tc).flatMap((c) =>
      range(tile.tk).flatMap((k) => {
        const x = value(`x${c}_${span.distance(s, k)}`);
        return blocksOf(tile).map((i) => `c${c}_${k}_${i} += ${x} * g${i};`);
      }),
    ),
  ];
}

function loadG(
  call: KernelCall,
  tile: WeightGradTile,
  s: number,
  value = (at: string) => at,
): string[] {
  const { vector } = tile;
  const [, g] = call.inputs as [Operand, Operand];
  const type = vector === 1 ? "f32" : `vec${vector}<f32>`;
  return blocksOf(tile).map((i) => {
    const parts = range(vector).map((q) =>
      value(g.element(`pg${i * vector + q} + ag + ${u32(s * g.strides.at(-1)!)}`, 1)),
    );
    return `let g${i} = ${type}(${parts.join(", ")});`;
  });
}

/** Σ g over all places: rows that a tap leaves out count too. */
export function sumOfPlaces(call: KernelCall, tile: WeightGradTile): string[] {
  const { output } = call.attrs as unknown as ConvShape;
  const [, g] = call.inputs as [Operand, Operand];
  return [
    ...openRows(call, tile),
    `for (var p = 0u; p < ${output.at(-1)}u; p++) {`,
    `let ag = rg + ${times("p", g.strides.at(-1)!)};`,
    ...loadG(call, tile, 0),
    ...blocksOf(tile).map((i) => `sum${i} += g${i};`),
    "}",
    "}",
  ];
}
