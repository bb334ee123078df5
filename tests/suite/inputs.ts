import { tensor } from "../../src/ops/creation/creation.ts";
import { expand, permute } from "../../src/ops/movement/movement.ts";
import { slice } from "../../src/ops/movement/slice.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import type { Device } from "../../src/tensor/device.ts";
import { apply, NO_ATTRS, type RegisteredOp } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** The op's result on one sample, and the uploaded tensors that led there. */
export interface Applied {
  readonly out: Tensor;
  readonly leaves: readonly Tensor[];
}

const isSample = (x: unknown): x is SampleInput =>
  typeof x === "object" && x !== null && (x as SampleInput).sample === true;

function view(leaf: Tensor, { layout, shape }: SampleInput): Tensor {
  if (layout === "transposed")
    return permute(
      leaf,
      shape.map((_, d) => shape.length - 1 - d),
    );
  if (layout === "expanded") return expand(leaf, shape);
  if (layout !== "sliced") return leaf;
  return slice(
    leaf,
    shape.map(() => 1),
    shape.map((n) => n + 1),
  );
}

/** Uploads a sample's inputs and calls the op on them. */
export function applySample(
  op: RegisteredOp,
  sample: readonly unknown[],
  device: Device,
  track: boolean,
): Applied {
  const leaves: Tensor[] = [];
  const make = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(make);
    if (!isSample(item)) return item;
    const leaf = tensor(Float64Array.from(item.values), {
      shape: item.leafShape,
      dtype: item.dtype,
      device,
      requiresGrad: track && item.dtype === "float32",
    });
    leaves.push(leaf);
    return view(leaf, item);
  };
  const args = sample.map(make);
  return { out: call(op, args), leaves };
}

function call(op: RegisteredOp, args: readonly unknown[]): Tensor {
  if (op.sampleCall) return (op.sampleCall as (...a: unknown[]) => Tensor)(...args);
  const inputs = op.arity === undefined ? args[0] : args.slice(0, op.arity);
  const attrs = op.arity === undefined ? args[1] : args[op.arity];
  return apply(op, inputs as Tensor[], (attrs ?? NO_ATTRS) as typeof NO_ATTRS);
}
