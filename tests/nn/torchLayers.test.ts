import { beforeAll, expect, it } from "vitest";
import type { DType } from "../../src/core/dtype.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import golden from "../golden/layers.json" with { type: "json" };
import { build, type TorchCall } from "./torchModule.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

interface Stored {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly dtype?: DType;
}

/** What a module of PyTorch made of inputs, in evaluation. */
type Case = TorchCall & {
  readonly text: string;
  readonly state: Readonly<Record<string, Stored>>;
  readonly inputs: readonly Stored[];
  /** An output size, where `forward` was given one. */
  readonly size?: readonly number[];
  readonly outputs: readonly Stored[];
};

const cases = golden as unknown as Case[];
const load = ({ values, shape, dtype }: Stored) =>
  tensor(values, { shape, dtype: dtype ?? "float32" });

function run(c: Case): Tensor[] {
  const layer = build(c).eval() as unknown as { forward(...args: unknown[]): unknown };
  const state = Object.entries(c.state).map(([name, stored]) => [name, load(stored)] as const);
  (layer as unknown as ReturnType<typeof build>).loadStateDict(Object.fromEntries(state));
  const inputs: unknown[] = c.inputs.map(load);
  // Our optional tensors have names.
  if (c.module === "EmbeddingBag" && inputs.length > 1) inputs[1] = { offsets: inputs[1] };
  const out = layer.forward(...inputs, ...(c.size === undefined ? [] : [c.size]));
  return out instanceof Tensor ? [out] : Object.values(out as Record<string, Tensor>);
}

it.each(cases.map((c) => [c.text, c] as const))("%s is PyTorch's", async (_, c) => {
  const outputs = run(c);
  expect(outputs.map((t) => t.shape)).toEqual(c.outputs.map((t) => t.shape));
  for (const [k, out] of outputs.entries()) {
    expect(out.dtype).toBe(c.outputs[k]!.dtype ?? "float32");
    const expected = c.outputs[k]!.values;
    const off = [...(await out.data())].map((v, i) => Math.abs(v - expected[i]!));
    expect(Math.max(...off)).toBeLessThan(2e-6);
  }
});
