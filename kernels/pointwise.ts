import type { KernelSource, Target } from "../src/core/ir.ts";
import { gridFor, linearIndex } from "./kernel.ts";

export interface PointwiseConfig {
  readonly label: string;
  /** Elements of the domain. */
  readonly size: number;
  /** Elements a step handles side by side. */
  readonly width: 1 | 4;
  readonly target: Target;
}

/**
 * out[i] = f(…) for every i. Neighbouring threads take neighbouring vectors, so that loads
 * coalesce; a thread that is past the end does nothing.
 */
export function pointwiseKernel(
  { label, size, width, target }: PointwiseConfig,
  write: (index: string) => string,
): KernelSource {
  const threads = 64;
  const steps = Math.ceil(size / width);
  const workgroups = gridFor(Math.ceil(steps / threads), target);
  return {
    label,
    workgroupSize: [threads, 1, 1],
    workgroups,
    body: `
let step = ${linearIndex(workgroups, threads)};
if (step >= ${steps}u) { return; }
let index = step * ${width}u;
${write("index")}`,
  };
}
