import type { KernelCall, Operand } from "../../src/core/ir.ts";
import { plus, range, times, u32, unravel } from "../indexText.ts";
import { type Block, blocksOf, vectorOf } from "./blocks.ts";
import type { ConvShape } from "./convShape.ts";
import { RowReads } from "./rowReads.ts";
import { Span } from "./span.ts";
import type { WeightGradTile } from "./weightGradTile.ts";

/**
 * Opens a thread's loop over pieces of rows of places, in turn with the other threads. One loop:
 * drivers unroll one of few turns inside another, and take long over what comes of it.
 */
function openPieces(call: KernelCall, { places, threads, shared }: WeightGradTile): string[] {
  const { output } = call.attrs as unknown as ConvShape;
  const pieces = Math.ceil(output.at(-1)! / places);
  const count = rowSizes(call).reduce((a, b) => a * b, pieces);
  const [first, step] = shared ? ["0u", 1] : ["lid.x", threads];
  return [
    `for (var r = ${first}; r < ${count}u; r += ${step}u) {`,
    ...nameRow(call, `(r / ${pieces}u)`),
    `let p = (r % ${pieces}u) * ${places}u;`,
  ];
}

/** The examples, and the result's places along all axes but the last. */
const rowSizes = ({ attrs, inputs: [x] }: KernelCall): number[] => [
  x!.shape[0]!,
  ...(attrs as unknown as ConvShape).output.slice(0, -1),
];

/** Names the indices of a row, and where it starts in g. */
function nameRow(call: KernelCall, row: string): string[] {
  const [, g] = call.inputs as [Operand, Operand];
  const [n, ...p] = unravel(row, rowSizes(call));
  const steps = p.map((_, d) => times(`p${d}`, g.strides[d + 2]!));
  return [
    `let n = ${n};`,
    ...p.map((at, d) => `let p${d} = ${at};`),
    `let rg = ${plus(times("n", g.strides[0]!), ...steps)};`,
  ];
}

/** Reads the piece of a row that begins at place p, of every channel of g that the thread reads. */
function readPieces(call: KernelCall, tile: WeightGradTile): string[] {
  const { places } = tile;
  const { output } = call.attrs as unknown as ConvShape;
  const [, g] = call.inputs as [Operand, Operand];
  const size = output.at(-1)!;
  const stride = g.strides.at(-1)!;
  const wide = isWide(g, places);
  const piece = (i: number, { first, width }: Block) =>
    wide
      ? g.element(plus(`pg${i}`, "ag", u32(first / 4)), 4)
      : `${vectorOf(width)}(${range(width).map((j) =>
          g.element(plus(`pg${i}`, "ag", u32((first + j) * stride)), 1),
        )})`;
  return [
    `let ag = ${wide ? "(rg + p) >> 2u" : plus("rg", times("p", stride))};`,
    ...blocksOf(places).flatMap((block, h) => {
      const inside = isRagged(block, places, size);
      return [
        ...(inside ? [`let in${h} = ${insideText(block, size)};`] : []),
        ...range(readChannels(tile)).map(
          (i) => `let own${i}_${h} = ${masked(piece(i, block), block, h, inside)};`,
        ),
      ];
    }),
  ];
}

/** Channels of g that a thread reads itself. */
export const readChannels = ({ tm, threads, shared }: WeightGradTile): number =>
  shared ? Math.ceil(tm / threads) : tm;

/** Names the pieces of all channels of g. */
const nameChannels = ({ tm, places, threads, shared }: WeightGradTile): string[] =>
  range(tm).flatMap((i) =>
    blocksOf(places).map((_, h) => {
      const passed = `subgroupBroadcast(own${Math.floor(i / threads)}_${h}, ${i % threads}u)`;
      return `let g${i}_${h} = ${shared ? passed : `own${i}_${h}`};`;
    }),
  );

/** g is read four by four, from pointers in units of four. */
export const isWide = (g: Operand, places: number): boolean =>
  g.vec4(g.shape.length - 1) && places % 4 === 0;

/** Some pieces end before these places. */
const isRagged = ({ first, width }: Block, places: number, size: number): boolean =>
  size % places !== 0 && first + width > size % places;

const insideText = ({ first, width }: Block, size: number): string => {
  const each = range(width).map((j) => `p + ${first + j}u < ${size}u`);
  return width === 1 ? each[0]! : `vec${width}<bool>(${each.join(", ")})`;
};

/** A place behind the row's end adds 0, whatever is there. */
const masked = (value: string, { width }: Block, h: number, inside: boolean): string =>
  inside ? `select(${vectorOf(width)}(0.0), ${value}, in${h})` : value;

const dot = ({ width }: Block, a: string, b: string): string =>
  width === 1 ? `${a} * ${b}` : `dot(${a}, ${b})`;

/** The products of all rows: g at each place by x at every tap, piece by piece of a row. */
export function rowsOfPlaces(call: KernelCall, tile: WeightGradTile): string[] {
  const { input, output, stride, padding, dilation, kernel } = call.attrs as unknown as ConvShape;
  const [x] = call.inputs as [Operand];
  const last = input.length - 1;
  const { places, tk, tc } = tile;
  const span = new Span(range(places), stride[last]!, range(tk), dilation[last]!);
  const turns = Math.ceil(output[last]! / places);
  const blocks = Math.ceil(kernel[last]! / tk);
  const reads = new RowReads(x, span, {
    add: -padding[last]!,
    step: blocks === 1 ? places * stride[last]! : 1,
    furthest: (turns - 1) * places * stride[last]! + (blocks - 1) * tk * dilation[last]!,
    size: input[last]!,
  });
  const x0 = [times("p", stride[last]!), times(`k${last}`, dilation[last]!)];
  return [
    ...openPieces(call, tile),
    ...rowOfInput(call),
    ...readPieces(call, tile),
    ...nameChannels(tile),
    `let x0 = ${plus(...x0, u32(span.low - padding[last]!))};`,
    ...reads.guards(),
    reads.hasSingle ? `let ax = rx + ${times("x0", x.strides[last + 2]!)};` : "",
    reads.hasFours ? `let a4 = (rx + ${reads.four}) >> 2u;` : "",
    ...range(tc).flatMap((c) => [
      "{",
      reads.hasSingle ? `let px = px${c} + ax;` : "",
      reads.hasFours ? `let p4 = pf${c} + a4;` : "",
      ...reads.loads("q", "px", "p4"),
      ...products(call, tile, c, (j, k) => reads.value("q", span.distance(j, k))),
      "}",
    ]),
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

/** A piece of every channel of g times that of one channel of x, at every tap. */
function products(
  call: KernelCall,
  { tm, tk, places }: WeightGradTile,
  c: number,
  read: (place: number, tap: number) => string,
): string[] {
  const size = (call.attrs as unknown as ConvShape).output.at(-1)!;
  const blocks = blocksOf(places);
  return range(tk).flatMap((k) => [
    ...blocks.map((block, h) => {
      const { first, width } = block;
      const value = `${vectorOf(width)}(${range(width).map((j) => read(first + j, k))})`;
      return `let x${k}_${h} = ${masked(value, block, h, isRagged(block, places, size))};`;
    }),
    ...range(tm).map((i) => {
      const parts = blocks.map((block, h) => dot(block, `g${i}_${h}`, `x${k}_${h}`));
      return `c${c}_${k}_${i} += ${parts.join(" + ")};`;
    }),
  ]);
}

/** Σ g over all places: rows that a tap leaves out count too. */
export function sumOfPlaces(call: KernelCall, tile: WeightGradTile): string[] {
  const blocks = blocksOf(tile.places);
  return [
    ...openPieces(call, tile),
    ...readPieces(call, tile),
    ...range(readChannels(tile)).map((i) => {
      const parts = blocks.map((block, h) =>
        dot(block, `own${i}_${h}`, `${vectorOf(block.width)}(1.0)`),
      );
      return `sum${i} += ${parts.join(" + ")};`;
    }),
    "}",
  ];
}
