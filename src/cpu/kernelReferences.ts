import type { Kernel } from "../core/ir.ts";

type Reference = Kernel["reference"];

/**
 * References of kernels by family. None in the sources, where they stand in the ops; the built
 * package has here what it could move (scripts/apart.ts), so that a page on WebGPU does without.
 */
export const references: Readonly<Record<string, Reference>> = {};

export const referenceOf = (kernel: Partial<Kernel>): Reference | undefined =>
  kernel.reference ?? references[kernel.family ?? ""];
