import type { Target, Variant } from "../../src/core/ir.ts";
import { sizeClass } from "../kernel.ts";
import { type AttentionShape, problemCount } from "./attentionShape.ts";

/** How the rows of one side are dealt among threads. */
export interface Way extends Variant {
  /** Rows that a thread owns: every row of the other side that it reads serves all of them. */
  readonly own: number;
  readonly threads: number;
  /** A workgroup brings rows of the other side into its memory; else each thread reads its own. */
  readonly tiled: boolean;
}

const direct = (own: number): Way => ({ name: `direct ${own}`, own, threads: 64, tiled: false });

const tiled = (own: number, threads: number): Way => ({
  name: `tiled ${own}x${threads}`,
  own,
  threads,
  tiled: true,
});

/** On a software adapter a workgroup runs on one core, and its memory is no nearer than any. */
export function chooseWay(kernel: string, shape: AttentionShape, target: Target): Way {
  const { queries, keys, width, valueWidth } = shape;
  const widest = Math.max(width, valueWidth);
  const rows = Math.max(queries, keys);
  const fewer = [direct(2), direct(1)];
  const ways = target.software
    ? [...(widest > 32 ? [] : widest > 16 ? fewer : [direct(4), ...fewer]), direct(1), tiled(1, 64)]
    : [tiled(1, rows <= 32 ? 32 : 64), tiled(1, 32), tiled(1, 128), tiled(2, 64), direct(1)];
  const fitting = ways.filter(
    ({ own, threads }) => own <= rows && threads <= target.maxInvocations,
  );
  const named = [...new Map(fitting.map((way) => [way.name, way])).values()];
  const sizes = [problemCount(shape), queries, keys, widest].map(sizeClass);
  return target.choose(`${kernel} ${sizes.join("x")}`, named);
}
