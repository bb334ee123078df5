import { isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { sizeOf } from "../core/shape.ts";
import { tensor, zerosLike } from "../ops/creation/creation.ts";
import type { Device } from "../tensor/device.ts";
import { realize } from "../tensor/realize.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type HostInput, leafOn, randomWeights } from "./gradcheckInputs.ts";
import { gradientsOf } from "./gradients.ts";

/** A function of several inputs with several outputs, on the device of the check. */
export interface Checked {
  readonly order: 1 | 2;
  readonly device: Device;
  readonly seed: number;
  readonly inputs: readonly HostInput[];
  call(inputs: readonly Tensor[]): readonly Tensor[];
}

/** Other elements for one of the inputs. */
export interface Moved {
  readonly input: number;
  readonly values: Float64Array;
}

function record(checked: Checked, moved: Moved | null) {
  const { device, inputs } = checked;
  const settings = { device, gradEnabled: true, numbersAreConstants: false, capture: null };
  return withRecorder({ ...settings, onRecord: null, lines: false }, () => {
    const leaves = inputs.map((x, i) =>
      leafOn(device, x, moved?.input === i ? moved.values : x.values),
    );
    const outputs = checked.call(leaves);
    for (const out of outputs) requireFloatTensor(out);
    return { leaves, outputs };
  });
}

/** All output elements, one output after the other. */
export async function evaluate(checked: Checked, moved: Moved | null = null) {
  const { outputs } = record(checked, moved);
  const values = await read(checked.device, outputs);
  const all = new Float64Array(values.reduce((n, v) => n + v.length, 0));
  let at = 0;
  for (const v of values) {
    all.set(v, at);
    at += v.length;
  }
  return { values: all, shapes: outputs.map((out) => out.shape) };
}

/** d(Σ weights · outputs) / d(input) by the derivative rules; null for integer inputs. */
export async function derivatives(
  checked: Checked,
  weights: Float64Array,
): Promise<(Float64Array | null)[]> {
  const { leaves, outputs } = record(checked, null);
  const { device } = checked;
  let at = 0;
  const seeds = outputs.map((out) => {
    const part = weights.subarray(at, at + out.size);
    at += out.size;
    return { node: out.node, cotangent: tensor(part, { shape: out.shape, device }) };
  });
  const found = gradientsOf(seeds, floatNodes(leaves), { createGraph: false });
  const wanted = leaves.map((leaf) => found.get(leaf.node) ?? zerosLike(leaf));
  const values = await read(device, wanted);
  return values.map((v, i) => (isFloat(leaves[i]!.dtype) ? v : null));
}

const floatNodes = (leaves: readonly Tensor[]): Set<Node> =>
  new Set(leaves.filter((t) => isFloat(t.dtype)).map((t) => t.node));

/** All of them in one run, so that what they share is computed once. */
async function read(device: Device, tensors: readonly Tensor[]): Promise<Float64Array[]> {
  realize(
    device,
    tensors.map((t) => t.node),
  );
  const data = await Promise.all(tensors.map((t) => t.data()));
  return data.map((values) => Float64Array.from(values));
}

/**
 * The gradient of `first` in its float inputs as a function of them and of the cotangent that the
 * outputs are projected on: its derivatives are those of second order.
 */
export function gradientFunction(first: Checked, shape: readonly number[]): Checked {
  const values = randomWeights(sizeOf(shape), first.seed);
  const cotangent: HostInput = { name: "the cotangent", shape, dtype: "float32", values };
  const call = (tensors: readonly Tensor[]): Tensor[] => {
    const inputs = tensors.slice(0, -1);
    const [out] = first.call(inputs);
    const seed = { node: out!.node, cotangent: tensors[inputs.length]! };
    const found = gradientsOf([seed], floatNodes(inputs), { createGraph: true });
    const floats = inputs.filter((x) => isFloat(x.dtype));
    return floats.map((x) => found.get(x.node) ?? zerosLike(x));
  };
  return { ...first, order: 2, inputs: [...first.inputs, cotangent], call };
}

function requireFloatTensor(out: unknown): void {
  if (out instanceof Tensor && isFloat(out.dtype)) return;
  const got = out instanceof Tensor ? out.dtype : out instanceof Promise ? "a promise" : typeof out;
  throw new DTypeError(
    `gradcheck: the function did not return a float32 tensor; got ${got}. ` +
      "Return the tensor whose gradient is to be checked, without await.",
  );
}
