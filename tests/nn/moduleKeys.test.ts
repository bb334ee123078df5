import { beforeAll, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import golden from "../golden/moduleKeys.json" with { type: "json" };
import { build, type TorchCall } from "./torchModule.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

type Case = TorchCall & {
  readonly text: string;
  readonly state: Readonly<Record<string, readonly number[]>>;
};

const cases = golden as unknown as Case[];

it.each(cases.map((c) => [c.text, c] as const))("%s has PyTorch's state dict", (_, c) => {
  const state = build(c).stateDict();
  expect([...state].map(([name, t]) => [name, t.shape])).toEqual(Object.entries(c.state));
});
