import type { TypedArray } from "../core/dtype.ts";
import { dataErrors } from "../core/errors.ts";
import type { Kernel, Program, ProgramNode, Run, Spec } from "../core/ir.ts";
import { sizeOf } from "../core/shape.ts";
import { referenceOf } from "./javascript.ts";
import { createArray, fillFrom, type Precision } from "./storage.ts";

/** Computes one node, given the values so far, and puts its own value beside them. */
export type Step = (values: (TypedArray | null)[], call: Run) => void;

/** What the preparation of a node needs to know. */
export interface Context {
  readonly program: Program;
  readonly precision: Precision;
  /** Takes what a kernel finds wrong with its data: the next awaited call rejects with it. */
  report(error: Error): void;
  /** Kernel families by inputs and attributes: the first node computes for all of them. */
  readonly families: ReadonlyMap<string, readonly number[]>;
}

export function prepareKernel(
  { program, precision, families, report }: Context,
  node: ProgramNode,
  kernel: Kernel,
  at: number,
): Step {
  const members = families.get(familyKey(node, kernel))!;
  // Its value was put there together with the first member's.
  if (members[0] !== at) return () => {};
  const specs = node.inputs.map((i) => program.nodes[i]!);
  const outputs = kernel.outputs(node.attrs, specs);
  const create = (spec: Spec) => createArray(sizeOf(spec.shape), spec.dtype, precision);
  const reference = referenceOf(kernel)!;
  return (values) => {
    const inputs = specs.map(({ shape, dtype }, i) => {
      return { shape, dtype, data: values[node.inputs[i]!]! };
    });
    let results: TypedArray[];
    try {
      results = reference({ attrs: node.attrs, inputs, outputs, create });
    } catch (error) {
      // As on a GPU the run goes on, so that what else it stores is not left undone.
      if (!Object.values(dataErrors).some((type) => error instanceof type)) throw error;
      report(error as Error);
      results = outputs.map(create);
    }
    for (const member of members) {
      const which = (program.nodes[member]!.op.forward as Kernel).output;
      values[member] = inPrecision(results[which]!, create(outputs[which]!));
    }
  };
}

/** A reference that made its own array must not bring more precision than the device has. */
function inPrecision(result: TypedArray, like: TypedArray): TypedArray {
  if (result.constructor === like.constructor) return result;
  fillFrom(like, result);
  return like;
}

/** Kernel nodes that one call of a reference computes together. */
export function familiesOf(program: Program): Map<string, number[]> {
  const families = new Map<string, number[]>();
  program.nodes.forEach((node, at) => {
    const { forward } = node.op;
    if (forward.kind !== "kernel") return;
    const key = familyKey(node, forward);
    const members = families.get(key);
    if (members) members.push(at);
    else families.set(key, [at]);
  });
  return families;
}

const familyKey = (node: ProgramNode, kernel: Kernel): string =>
  `${kernel.family} ${node.inputs.join()} ${JSON.stringify(node.attrs, exactly)}`;

/** JSON writes NaN and both infinities as null; attributes that differ must differ as text. */
const exactly = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
