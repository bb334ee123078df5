import type { Kernel, Op, Pointwise, Reduction } from "../core/ir.ts";

/**
 * JavaScript of ops: of kernels by family, of single elements by the op's name. None in the
 * sources, where it stands in the ops; the built package has here what it could move
 * (scripts/apart.ts), so that a page on WebGPU does without.
 */
export const references: Readonly<Record<string, Kernel["reference"]>> = {};
export const elements: Readonly<Record<string, unknown>> = {};

export const referenceOf = (kernel: Partial<Kernel>): Kernel["reference"] | undefined =>
  kernel.reference ?? references[kernel.family ?? ""];

export const elementOf = <F extends Pointwise | Reduction>(op: Op, forward: F): F["js"] =>
  forward.js ?? (elements[op.name] as F["js"]);
