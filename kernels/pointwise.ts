import type { KernelSource, Target, Variant } from "../src/core/ir.ts";
import { gridFor, linearWorkgroup, sizeClass } from "./kernel.ts";

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

/** Longer texts are not repeated: drivers take long over them, and they are bound by arithmetic. */
const LONGEST = 1500;

/**
 * out[i] = f(…) for every i. On a GPU neighbouring threads take neighbouring vectors, so that
 * loads coalesce; on a software adapter each takes its own few in a row. What is past the end does
 * nothing.
 */
export function pointwiseKernel(
  { label, size, width, target }: PointwiseConfig,
  write: (index: string) => string,
): KernelSource {
  const text = write("index");
  const steps = Math.ceil(size / width);
  const shape = chooseShape(steps, text.length, target);
  const source = (made: Shape) => shaped(label, steps, width, target, text, made);
  // What several steps compute one computes, and compiles sooner.
  const isRepeated = target.quickStart && shape.each > 1;
  return { ...source(shape), quick: isRepeated ? source({ ...shape, each: 1 }) : undefined };
}

function shaped(
  label: string,
  steps: number,
  width: 1 | 4,
  target: Target,
  text: string,
  { each, threads }: Shape,
): KernelSource {
  const workgroups = gridFor(Math.ceil(steps / (threads * each)), target);
  const place = (k: number) =>
    target.software ? `lid.x * ${each}u + ${k}u` : `lid.x + ${k * threads}u`;
  const isFull = workgroups[0] * workgroups[1] * threads * each === steps;
  const step = (k: number) => `{
let step = ${linearWorkgroup(workgroups)} * ${threads * each}u + ${place(k)};
${isFull ? "" : `if (step >= ${steps}u) { return; }`}
let index = step * ${width}u;
${text}
}`;
  return {
    label,
    workgroupSize: [threads, 1, 1],
    workgroups,
    body: Array.from({ length: each }, (_, k) => step(k)).join("\n"),
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
  const repeated = length > LONGEST ? [] : [shape(4, 256), shape(2, 256)];
  const shapes = target.software ? [...repeated, many, few] : [many, few, ...repeated];
  return target.choose(`pointwise ${sizeClass(steps)}`, shapes);
}
