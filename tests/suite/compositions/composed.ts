import { type SampleInput, uniform } from "../../../src/ops/samples.ts";
import type { RegisteredOp } from "../../../src/tensor/op.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";

/** A function made of ops, tried like an op: values, shapes and gradients on both devices. */
export type Composed = Pick<RegisteredOp, "name" | "arity" | "vjp" | "samples" | "sampleCall">;

export type Inputs = readonly (SampleInput | readonly SampleInput[])[];

/** `f` of the tensors of each sample. */
export function composed(
  name: string,
  f: (...inputs: never[]) => Tensor,
  samples: () => Inputs[],
): Composed {
  const vjp = () => [];
  return { name, arity: 0, vjp, samples, sampleCall: f } as unknown as Composed;
}

export type U = (x: Tensor) => Tensor;

/** `f` of one tensor. */
export const unary = (name: string, f: U, samples: SampleInput[] = [uniform([2, 5])]): Composed =>
  composed(name, f as never, () => samples.map((x) => [x]));
