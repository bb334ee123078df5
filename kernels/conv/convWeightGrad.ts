import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { grid3 } from "../grid3.ts";
import { plus, range, times, unravel } from "../indexText.ts";
import { sizeClass } from "../kernel.ts";
import { type ConvShape, convFlops } from "./convShape.ts";
import { sumIndices, tiledWeightGrad } from "./convWeightGradTiled.ts";
import { isWide, readChannels, rowsOfPlaces, sumOfPlaces } from "./weightGradRows.ts";
import { type WeightGradTile, weightGradTiles } from "./weightGradTile.ts";

/** Through workgroup memory, or in registers. */
type WeightGradVariant = { readonly name: "tiled" } | WeightGradTile;

export function convWeightGradKernel(call: KernelCall): KernelSource {
  const { groups, kernel, output } = call.attrs as unknown as ConvShape;
  const [x, g] = call.inputs as [Operand, Operand];
  const places = output.reduce((a, b) => a * b, x.shape[0]!);
  const sizes = [groups, g.shape[1]! / groups, x.shape[1]! / groups, places].map(sizeClass);
  const tiles = weightGradTiles(call);
  const taps = kernel.reduce((a, b) => a * b, 1);
  // The tile's name says which pieces of a row fit.
  const shapes = `conv weight gradient ${sizes.join("x")} taps ${kernel} ${tiles[0]!.name}`;
  const variant = call.target.choose<WeightGradVariant>(shapes, variantsOf(call, tiles, taps));
  return "tm" in variant ? registerWeightGrad(call, variant) : tiledWeightGrad(call);
}

/** Workgroups that keep a GPU busy. */
const BUSY = 64;

/**
 * In registers on software adapters; and on GPUs where a product in workgroup memory, by tiles of
 * 64 x 64, has too few tiles for all units, or channels of a group for one tile.
 */
function variantsOf({ target }: KernelCall, tiles: WeightGradTile[], taps: number) {
  if (target.software) return tiles;
  const { rows, columns, groups } = tiles[0]!;
  const count = groups * Math.ceil(rows / 64) * Math.ceil((columns * taps) / 64);
  const tiled: WeightGradVariant = { name: "tiled" };
  return rows < 8 || count < BUSY ? [...tiles, tiled] : [tiled, ...tiles];
}

/**
 * dW[o, c, k] = Σ over n, p of g[n, o, p] x[n, c, p * stride - padding + k * dilation]. A thread
 * makes `tm` channels o of `tc` channels c at `tk` taps of the last axis. The threads of a workgroup
 * have channels c of their own (`shared`), or deal pieces of the rows of places among them: then
 * their sums meet in workgroup memory once, at the end.
 */
function registerWeightGrad(call: KernelCall, tile: WeightGradTile): KernelSource {
  const attrs = call.attrs as unknown as ConvShape;
  const { kernel, groups } = attrs;
  const { threads, tk, tm, tc, shared } = tile;
  const blocks = Math.ceil(kernel.at(-1)! / tk);
  const [group, ...taps] = unravel("wz", [groups, ...kernel.slice(0, -1), blocks]);
  const grid = grid3(tile.workgroups, call.target);
  const own = range(tc).flatMap((c) => range(tk).flatMap((k) => each(tm, `c${c}_${k}_`)));
  const sums = call.absorbed.length === 0 ? [] : each(readChannels(tile), "sum");
  const ending = shared ? endAlone : endTogether;
  return {
    label: `conv weight gradient ${groups}x${tile.rows}x${tile.columns}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid.workgroups,
    flops: convFlops(attrs, call.inputs[0]!.shape[0]!, call.outputs[0]!),
    globals: shared
      ? ""
      : `var<workgroup> parts: array<f32, ${threads * (own.length + sums.length)}>;`,
    body: [
      ...grid.lines,
      `let row0 = wx * ${tm}u;`,
      `let col0 = wy * ${shared ? tc * threads : tc}u;`,
      `let group = ${group};`,
      ...taps.slice(0, -1).map((k, d) => `let k${d} = ${k};`),
      `let k${kernel.length - 1} = ${times(taps.at(-1)!, tk)};`,
      ...pointers(call, tile),
      ...ending(call, tile, own, sums),
    ].join("\n"),
  };
}

/** The sums of threads that deal the places among them meet in workgroup memory. */
function endTogether(
  call: KernelCall,
  tile: WeightGradTile,
  own: readonly string[],
  sums: readonly string[],
): string[] {
  const { threads } = tile;
  const { kernel } = call.attrs as unknown as ConvShape;
  return [
    ...keptParts(own, 0, threads, rowsOfPlaces(call, tile)),
    // Behind the products, whose sums are out of the registers by then.
    ...(sums.length === 0
      ? []
      : [onlyFirst(kernel), ...keptParts(sums, own.length, threads, sumOfPlaces(call, tile)), "}"]),
    "workgroupBarrier(); // all parts are there",
    storeWeights(call, tile),
    ...(sums.length === 0 ? [] : [onlyFirst(kernel), storeSums(call, tile), "}"]),
  ];
}

/** The sums of threads with channels of their own are complete. */
function endAlone(
  call: KernelCall,
  tile: WeightGradTile,
  own: readonly string[],
  sums: readonly string[],
): string[] {
  const { kernel } = call.attrs as unknown as ConvShape;
  const stored = (names: readonly string[], lines: readonly string[]) => [
    ...names.map((name) => `var ${name} = 0.0;`),
    ...lines,
    `var done = array<f32, ${names.length}>(${names.join(", ")});`,
  ];
  return [
    "{",
    ...stored(own, rowsOfPlaces(call, tile)),
    storeWeights(call, tile),
    "}",
    ...(sums.length === 0
      ? []
      : [onlyFirst(kernel), ...stored(sums, sumOfPlaces(call, tile)), storeSums(call, tile), "}"]),
  ];
}

/** The sums over all places of g are the work of the first tap's and channel's workgroups. */
const onlyFirst = (kernel: readonly number[]): string =>
  `if (wy == 0u && ${kernel.map((_, d) => `k${d} == 0u`).join(" && ")}) {`;

/** Where the channels start; those past the end repeat the last. */
function pointers(call: KernelCall, tile: WeightGradTile): string[] {
  const { rows, columns, tm, tc, places, threads, shared } = tile;
  const [x, g] = call.inputs as [Operand, Operand];
  const zeros = x.shape.slice(2).map(() => "0u");
  const at = (size: number, most: number, first: string, i: number) => {
    const own = shared ? plus(first, `${i * threads}u`, "lid.x") : plus(first, `${i}u`);
    const exact = size % most === 0 && (!shared || most % threads === 0);
    return plus(times("group", size), exact ? own : `min(${own}, ${size - 1}u)`);
  };
  const pointer = (operand: Operand, channel: string, width: 1 | 4) =>
    operand.pointer(["0u", channel, ...zeros], width);
  const width = isWide(g, places) ? 4 : 1;
  return [
    ...range(readChannels(tile)).map(
      (i) => `let pg${i} = ${pointer(g, at(rows, tm, "row0", i), width)};`,
    ),
    ...range(tc).flatMap((i) => {
      const channel = at(columns, shared ? tc * threads : tc, "col0", i);
      const four = x.vec4(x.shape.length - 1) ? [`let pf${i} = ${pointer(x, channel, 4)};`] : [];
      return [`let px${i} = ${pointer(x, channel, 1)};`, ...four];
    }),
  ];
}

const each = (count: number, name: string): string[] => range(count).map((i) => `${name}${i}`);

/** Sums of one thread, from the first of them on in workgroup memory. */
const keptParts = (
  names: readonly string[],
  first: number,
  threads: number,
  lines: readonly string[],
): string[] => [
  ...names.map((name) => `var ${name} = 0.0;`),
  ...lines,
  ...names.map((name, i) => `parts[${(first + i) * threads}u + lid.x] = ${name};`),
];

const channelOf = ({ rows }: WeightGradTile, groups: number): string =>
  plus(times("group", groups === 1 ? 0 : rows), "row");

/** A loop over the sums that a thread stores, from the first on, each as `total`. */
const eachTotal = (
  { threads, shared }: WeightGradTile,
  first: number,
  count: number,
  lines: readonly string[],
): string =>
  shared
    ? `for (var a = 0u; a < ${count}u; a++) {
let total = done[a];
${lines.join("\n")}
}`
    : `for (var a = ${first}u + lid.x; a < ${first + count}u; a += ${threads}u) {
var total = 0.0;
for (var t = 0u; t < ${threads}u; t++) { total += parts[a * ${threads}u + t]; }
${lines.join("\n")}
}`;

const guarded = (tests: readonly string[], text: string): string =>
  tests.length === 0 ? text : `if (${tests.join(" && ")}) { ${text} }`;

function storeWeights(call: KernelCall, tile: WeightGradTile): string {
  const { kernel, groups } = call.attrs as unknown as ConvShape;
  const { rows, columns, tm, tc, tk, threads, shared } = tile;
  const [out] = call.outputs as [Sink];
  const last = kernel.length - 1;
  const inside = [
    ...(rows % tm === 0 ? [] : [`row < ${rows}u`]),
    ...(columns % (shared ? tc * threads : tc) === 0 ? [] : [`col < ${columns}u`]),
    ...(kernel[last]! % tk === 0 ? [] : [`k < ${kernel[last]}u`]),
  ];
  const outer = range(last).map((d) => `k${d}`);
  const column = `a / ${tm * tk}u`;
  return eachTotal(tile, 0, tm * tc * tk, [
    `let row = row0 + a % ${tm}u;`,
    `let k = k${last} + (a / ${tm}u) % ${tk}u;`,
    `let col = col0 + ${shared ? `${column} * ${threads}u + lid.x` : column};`,
    guarded(inside, out.store([channelOf(tile, groups), "col", ...outer, "k"], "total")),
  ]);
}

function storeSums(call: KernelCall, tile: WeightGradTile): string {
  const { groups } = call.attrs as unknown as ConvShape;
  const { rows, tm, tc, tk, threads, shared } = tile;
  const first = tm * tc * tk;
  const channel = channelOf(tile, groups);
  const stores = call.absorbed.map(({ sink }) =>
    sink.store(sumIndices(sink, rows * groups, channel), "total"),
  );
  return eachTotal(tile, first, readChannels(tile), [
    `let own = ${shared ? `a * ${threads}u + lid.x` : `a - ${first}u`};`,
    "let row = row0 + own;",
    guarded([`own < ${tm}u`, `row < ${rows}u`], stores.join("\n")),
  ]);
}
