import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { grid3 } from "../grid3.ts";
import { plus, range, times, unravel } from "../indexText.ts";
import type { ConvShape } from "./convShape.ts";
import { sumIndices, tiledWeightGrad } from "./convWeightGradTiled.ts";
import { rowsOfPlaces, sumOfPlaces } from "./weightGradRows.ts";
import { type WeightGradTile, weightGradTile } from "./weightGradTile.ts";

/** In registers on software adapters, through workgroup memory on GPUs. */
export const convWeightGradKernel = (call: KernelCall): KernelSource =>
  call.target.software ? registerWeightGrad(call, weightGradTile(call)) : tiledWeightGrad(call);

/**
 * dW[o, c, k] = Σ over n, p of g[n, o, p] x[n, c, p * stride - padding + k * dilation], for
 * software adapters. A workgroup makes `tm` channels o of `tc` channels c at `tk` taps of the
 * last axis. Its threads deal the rows of places (n and all axes but the last) among them; their
 * sums meet in workgroup memory once, at the end.
 */
function registerWeightGrad(call: KernelCall, tile: WeightGradTile): KernelSource {
  const { kernel, groups } = call.attrs as unknown as ConvShape;
  const { threads, tk, tm, tc } = tile;
  const blocks = Math.ceil(kernel.at(-1)! / tk);
  const [group, ...taps] = unravel("wz", [groups, ...kernel.slice(0, -1), blocks]);
  const grid = grid3(tile.workgroups, call.target);
  const sums = sumsOf(call, tile);
  const names = [...new Set(sums.map((sum) => sum.replace(/\..*/, "")))];
  return {
    label: `conv weight gradient ${groups}x${tile.rows}x${tile.columns}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid.workgroups,
    globals: `var<workgroup> parts: array<f32, ${threads * sums.length}>;`,
    body: [
      ...grid.lines,
      `let row0 = wx * ${tm}u;`,
      `let col0 = wy * ${tc}u;`,
      `let group = ${group};`,
      ...taps.slice(0, -1).map((k, d) => `let k${d} = ${k};`),
      `let k${kernel.length - 1} = ${times(taps.at(-1)!, tk)};`,
      ...pointers(call, tile),
      ...names.map((name) => `var ${name} = ${typeOf(tile)}(0.0);`),
      ...rowsOfPlaces(call, tile),
      ...(call.absorbed.length === 0 ? [] : [onlyFirst(kernel), ...sumOfPlaces(call, tile), "}"]),
      ...sums.map((sum, i) => `parts[${i * threads}u + lid.x] = ${sum};`),
      "workgroupBarrier(); // all parts are there",
      storeWeights(call, tile),
      call.absorbed.length === 0 ? "" : storeSums(call, tile),
    ].join("\n"),
  };
}

const typeOf = ({ vector }: WeightGradTile): string => (vector === 1 ? "f32" : `vec${vector}<f32>`);

/** The sums over all places of g are the work of the first tap's and channel's workgroups. */
const onlyFirst = (kernel: readonly number[]): string =>
  `if (wy == 0u && ${kernel.map((_, d) => `k${d} == 0u`).join(" && ")}) {`;

/** Where the channels start; those past the end repeat the last. */
function pointers(call: KernelCall, { rows, columns, tm, tc }: WeightGradTile): string[] {
  const [x, g] = call.inputs as [Operand, Operand];
  const zeros = x.shape.slice(2).map(() => "0u");
  const at = (size: number, tile: number, first: string, i: number) =>
    plus(
      times("group", size),
      size % tile === 0 ? plus(first, `${i}u`) : `min(${first} + ${i}u, ${size - 1}u)`,
    );
  const pointer = (operand: Operand, channel: string) =>
    operand.pointer(["0u", channel, ...zeros], 1);
  return [
    ...range(tm).map((i) => `let pg${i} = ${pointer(g, at(rows, tm, "row0", i))};`),
    ...range(tc).map((i) => `let px${i} = ${pointer(x, at(columns, tc, "col0", i))};`),
  ];
}

/** WGSL of every sum of a thread, channels of g fastest. */
function sumsOf(call: KernelCall, { tm, tc, tk, vector }: WeightGradTile): string[] {
  const parts = (name: string) =>
    range(tm).map((i) => (vector === 1 ? `${name}${i}` : `${name}${i >> 2}.${"xyzw"[i & 3]}`));
  const own = range(tc).flatMap((c) => range(tk).flatMap((k) => parts(`c${c}_${k}_`)));
  return call.absorbed.length > 0 ? [...own, ...parts("sum")] : own;
}

const channelOf = ({ rows }: WeightGradTile, groups: number): string =>
  plus(times("group", groups === 1 ? 0 : rows), "row");

/** All threads' parts of sum `a`, in the order of the threads. */
const total = (threads: number): string => `
var total = 0.0;
for (var t = 0u; t < ${threads}u; t++) { total += parts[a * ${threads}u + t]; }`;

function storeWeights(call: KernelCall, tile: WeightGradTile): string {
  const { kernel, groups } = call.attrs as unknown as ConvShape;
  const { rows, columns, tm, tc, tk, threads } = tile;
  const [out] = call.outputs as [Sink];
  const last = kernel.length - 1;
  const inside = [
    ...(rows % tm === 0 ? [] : [`row < ${rows}u`]),
    ...(columns % tc === 0 ? [] : [`col < ${columns}u`]),
    ...(kernel[last]! % tk === 0 ? [] : [`k < ${kernel[last]}u`]),
  ];
  const outer = range(last).map((d) => `k${d}`);
  const store = out.store([channelOf(tile, groups), "col", ...outer, "k"], "total");
  return `
for (var a = lid.x; a < ${tm * tc * tk}u; a += ${threads}u) {
${total(threads)}
let row = row0 + a % ${tm}u;
let k = k${last} + (a / ${tm}u) % ${tk}u;
let col = col0 + a / ${tm * tk}u;
${inside.length === 0 ? store : `if (${inside.join(" && ")}) { ${store} }`}
}`;
}

function storeSums(call: KernelCall, tile: WeightGradTile): string {
  const { kernel, groups } = call.attrs as unknown as ConvShape;
  const { rows, tm, tc, tk, threads } = tile;
  const count = tm * tc * tk;
  const channel = channelOf(tile, groups);
  const stores = call.absorbed.map(({ sink }) =>
    sink.store(sumIndices(sink, rows * groups, channel), "total"),
  );
  return `
${onlyFirst(kernel)}
for (var a = ${count}u + lid.x; a < ${count + tm}u; a += ${threads}u) {
${total(threads)}
let row = row0 + a - ${count}u;
if (row < ${rows}u) { ${stores.join("\n")} }
}
}`;
}
