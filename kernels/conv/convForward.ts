import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { readersOf, sizeClass } from "../kernel.ts";
import { type RegisterTile, registerConv } from "./convRegisters.ts";
import type { TapAxis } from "./convShape.ts";
import { forwardSum, inputGradSum, type TapSum } from "./convSum.ts";
import { tiledConv } from "./convTiled.ts";

/** out[n, o, p] = Σ over c, k of w[o, c, k] x[n, c, p * stride - padding + k * dilation]. */
export const convForwardKernel = (call: KernelCall): KernelSource => write(forwardSum(call));

/** dx[n, c, i] = Σ over o, k of w[o, c, k] g[n, o, p], for all p, k that meet at place i. */
export const convInputGradKernel = (call: KernelCall): KernelSource => write(inputGradSum(call));

/** Through workgroup memory, or in registers alone. */
type ConvVariant = { readonly name: "tiled" } | RegisterTile;

function write(sum: TapSum): KernelSource {
  const { axes, groups, rows, depth, batch, call, label } = sum;
  const places = axes.reduce((n, a) => n * a.places, batch);
  const taps = axes.reduce((n, a) => n * Math.max(...a.taps), 1);
  const sizes = [groups, rows, depth, places].map(sizeClass).join("x");
  // Which pieces of a row fit says more than its size class.
  const shapes = `${label} ${sizes} taps ${taps} pieces ${pieceOf(axes.at(-1)!)}`;
  const variant = call.target.choose(shapes, variantsOf(sum, depth * taps));
  return "channels" in variant ? registerConv(sum, variant) : tiledConv(sum);
}

/**
 * In registers alone on software adapters, and on GPUs where a group has few channels (depthwise,
 * images): too little is shared there for workgroup memory to pay.
 */
function variantsOf(sum: TapSum, products: number): ConvVariant[] {
  const piece = pieceOf(sum.axes.at(-1)!);
  const some = sum.rows >= 8 ? 8 : sum.rows >= 3 ? 4 : sum.rows;
  const half = Math.ceil(some / 2);
  const { target } = sum.call;
  const readers = readersOf(target);
  const tile = (channels: number, places: number, inRow: boolean): RegisterTile => {
    const shared = readers > 1 && channels > 1;
    return {
      name: `${inRow ? "row" : "any"} ${channels}x${places}${shared ? " by a subgroup" : ""}`,
      ...{ channels, places, inRow, shared },
      wide: shared ? readers : target.software ? 16 : 64,
    };
  };
  if (target.software) {
    const any = tile(some, 8, false);
    if (piece === 0) return [any, tile(half, 8, false)];
    return [tile(some, piece, true), tile(half, piece, true), any];
  }
  // On a GPU neighbouring threads take neighbouring places: their loads are one.
  const single = tile(some, 1, false);
  const few = sum.rows < 8 || products < 32;
  const own: ConvVariant[] = few ? [single, { name: "tiled" }] : [{ name: "tiled" }, single];
  return piece === 0 ? own : [...own, tile(some, 4, true)];
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
