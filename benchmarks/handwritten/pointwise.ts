import type { Runnable } from "../sides/side.ts";
import * as operations from "../workloads/operations.ts";
import type { KernelText, Machine } from "./machine.ts";
import { operation, upload } from "./operation.ts";
import { repeat, zero } from "./text.ts";

/** Every thread takes four vec4f that lie next to each other. */
const PER_THREAD = 4;

/** out = f(inputs), element by element; `value` of the inputs' elements `x[i]`. */
function pointwise(
  machine: Machine,
  inputs: readonly GPUBuffer[],
  count: number,
  value: (at: (input: number) => string) => string,
): Runnable {
  const output = machine.buffer(count);
  const launch = machine.kernel({
    label: "pointwise",
    bindings: [
      ...inputs.map((buffer, i) => ({ name: `x${i}`, buffer })),
      { name: "out", buffer: output, write: true },
    ],
    workgroupSize: [64, 1],
    grid: [count / 4 / PER_THREAD / 64],
    body: repeat(
      PER_THREAD,
      (q) => `{
let i = gid.x * ${PER_THREAD}u + ${q}u;
out[i] = ${value((input) => `x${input}[i]`)};
}`,
    ),
  });
  return operation(machine, [launch], output, count);
}

export function elementwise(machine: Machine, count: number): Runnable {
  const { scale, shift } = operations.elementwise;
  const inputs = [upload(machine, operations.elementwiseInput(count))];
  return pointwise(machine, inputs, count, (at) => {
    const x = at(0);
    // tanh(u) = 1 - 2 / (1 + exp(2 u)): exp is cheap where tanh is not.
    const tanh = `(1.0 - 2.0 / (1.0 + exp(2.0 * (${scale} * ${x} + ${shift}))))`;
    return `${tanh} / (1.0 + exp(-${x})) - max(${x}, ${zero})`;
  });
}

/** The time in which the adapter's copy bandwidth moves what x + y + z reads and writes: a copy of
 *  as  many bytes. */
export function twoAdds(machine: Machine, count: number): Runnable {
  const output = machine.buffer(2 * count);
  const input = upload(machine, operations.elementwiseInput(2 * count));
  const launches = [machine.kernel(copyKernel(input, output, 2 * count))];
  return { ...operation(machine, launches, output, 2 * count), all: undefined };
}

/** out = x, each thread one vec4f. */
export const copyKernel = (input: GPUBuffer, output: GPUBuffer, count: number): KernelText => ({
  label: "copy",
  bindings: [
    { name: "x", buffer: input },
    { name: "out", buffer: output, write: true },
  ],
  workgroupSize: [256, 1],
  grid: [count / 4 / 256],
  body: "out[gid.x] = x[gid.x];",
});
