import type { Target } from "../src/core/ir.ts";

/** A grid of `count` workgroups, folded where one dimension would exceed the device's limit. */
export function gridFor(count: number, target: Target): [number, number, number] {
  const limit = target.maxWorkgroupsPerDimension;
  if (count <= limit) return [Math.max(count, 1), 1, 1];
  const rows = Math.ceil(count / limit);
  return [Math.ceil(count / rows), rows, 1];
}

/** The power of two nearest to a size: sizes of one class share a tuning record. */
export const sizeClass = (size: number): number => 2 ** Math.round(Math.log2(Math.max(size, 1)));

/** The least power of two that is not below `n`. */
export const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));

/** WGSL of the running number of a workgroup in such a grid. */
export const linearWorkgroup = ([x, y]: readonly [number, number, number]): string =>
  y === 1 ? "wid.x" : `(wid.y * ${x}u + wid.x)`;

/** WGSL of the running number of a thread in such a grid of 1-D workgroups. */
export const linearIndex = (grid: readonly [number, number, number], threads: number): string =>
  `(${linearWorkgroup(grid)} * ${threads}u + lid.x)`;

/**
 * WGSL in which threads that share a value halve their number until one is left: those that lie
 * `apart` from each other in `scratch`, one per thread, `count` of them, this one the `place`th.
 * All threads of the workgroup must come here: barriers are for all.
 */
export const tree = (
  scratch: string,
  place: string,
  count: number,
  combine: (a: string, b: string) => string,
  apart = "half",
): string =>
  count === 1
    ? ""
    : `workgroupBarrier();
for (var half = ${count / 2}u; half > 0u; half >>= 1u) {
  if (${place} < half) { ${scratch} = ${combine(scratch, scratch.replace("]", ` + ${apart}]`))}; }
  workgroupBarrier();
}`;

/**
 * Threads of a subgroup that read together what all of them need, and pass it on; 1 where each
 * thread reads for itself. Software adapters read for one thread after the other: a read for all
 * is worth as much as they are. The loads of a GPU's subgroup are one anyway.
 */
export const readersOf = ({ software, subgroups }: Target): number =>
  software && subgroups >= 4 && subgroups <= 8 ? subgroups : 1;
