import type { KernelSource, Target, Variant } from "../src/core/ir.ts";
import { range } from "./indexText.ts";
import { gridFor, linearIndex, linearWorkgroup, sizeClass } from "./kernel.ts";

export interface PointwiseConfig {
  readonly label: string;
  /** Elements of the domain. */
  readonly size: number;
  /** Elements a step handles side by side. */
  readonly width: 1 | 4;
  readonly target: Target;
}

/** Steps of each thread, written one after the other, and threads of a workgroup. */
interface Shape extends Variant {
  readonly each: number;
  readonly threads: number;
}

/**
 * Longer texts are not repeated: drivers take long over them, and they are bound by arithmetic. With
 * the lanes of vectors apart a text is three times as long, and no more for the driver.
 */
const LONGEST = 1500;

/**
 * out[i] = f(…) for every i. On a GPU neighbouring threads take neighbouring vectors, so that
 * loads coalesce; on a software adapter each takes a block of them. What is past the end does
 * nothing.
 */
export function pointwiseKernel(
  { label, size, width, target }: PointwiseConfig,
  write: (index: string) => string,
): KernelSource {
  const text = write(width === 1 ? "index" : "(index * 4u)");
  const steps = Math.ceil(size / width);
  const shape = chooseShape(steps, text.length, target);
  const source = (made: Shape) => shaped(label, steps, target, text, made);
  // What several steps compute one computes, and compiles sooner.
  const isRepeated = target.quickStart && shape.each > 1;
  return { ...source(shape), quick: isRepeated ? source({ ...shape, each: 1 }) : undefined };
}

function shaped(
  label: string,
  steps: number,
  target: Target,
  text: string,
  { each, threads }: Shape,
): KernelSource {
  const workgroups = gridFor(Math.ceil(steps / (threads * each)), target);
  const isFull = workgroups[0] * workgroups[1] * threads * each === steps;
  const guard = isFull ? "" : `if (index >= ${steps}u) { return; }\n`;
  const { software } = target;
  const first = software
    ? linearIndex(workgroups, threads)
    : `${linearWorkgroup(workgroups)} * ${threads * each}u + lid.x`;
  const index = (k: number) =>
    each === 1 ? "first" : software ? `(first * ${each}u + ${k}u)` : `(first + ${k * threads}u)`;
  return {
    label,
    workgroupSize: [threads, 1, 1],
    workgroups,
    blocks: steps % each === 0 ? each : 1,
    body: [
      `let first = ${first};`,
      ...range(each).map((k) => `{\n${(guard + text).replace(/\bindex\b/g, index(k))}\n}`),
    ].join("\n"),
  };
}

function chooseShape(steps: number, length: number, target: Target): Shape {
  const shape = (each: number, most: number): Shape => {
    const threads = Math.min(most, target.maxInvocations);
    return { name: `${each}x${most}`, each, threads };
  };
  const few = shape(1, 64);
  if (steps < 16384) return few;
  const many = shape(1, 256);
  const repeated = length > LONGEST * (target.apart ? 3 : 1) ? [] : [shape(4, 256), shape(2, 256)];
  const shapes = target.software ? [...repeated, many, few] : [many, few, ...repeated];
  return target.choose(`pointwise ${sizeClass(steps)}`, shapes);
}
