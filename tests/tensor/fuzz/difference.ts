import { backward } from "../../../src/autodiff/backward.ts";
import type { TypedArray } from "../../../src/core/dtype.ts";
import type { Device } from "../../../src/tensor/device.ts";
import { exportWithNextPlan } from "../../../src/tensor/pending.ts";
import { realize } from "../../../src/tensor/realize.ts";
import { recorder, withRecorder } from "../../../src/tensor/recorder.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Devices } from "./devices.ts";
import type { CaseData } from "./graphData.ts";
import { Recording } from "./recording.ts";
import { train } from "./training.ts";

/** Null where there is no gradient. */
export type Result = TypedArray | null;
export type Results = ReadonlyMap<string, Result>;

/** Outputs and gradients of a graph, computed by one plan or one by one. */
async function valuesOf(data: CaseData, device: Device, together: boolean): Promise<Results> {
  const graph = new Recording(data, device);
  const loss = graph.loss();
  if (loss?.requiresGrad) backward(loss, { retainGraph: true });
  const wanted = new Map<string, Tensor | null>();
  for (const [i, t] of graph.outputs.entries()) wanted.set(`output ${i}`, t);
  for (const [i, t] of graph.leaves.entries()) wanted.set(`gradient of leaf ${i}`, t.grad);
  if (together) for (const t of wanted.values()) if (t !== null) exportWithNextPlan(t.node);
  const results = new Map<string, Result>();
  for (const [name, t] of wanted) results.set(name, t === null ? null : await t.data());
  return results;
}

/** The same, with every op computed as soon as it is recorded: no plan spans two of them. */
function valuesStepByStep(data: CaseData, device: Device): Promise<Results> {
  const settings = {
    onRecord: (node: Parameters<NonNullable<typeof recorder.onRecord>>[0]) => {
      if (recorder.tracing === null) realize(device, [node]);
    },
  };
  return withRecorder(settings, () => valuesOf(data, device, false));
}

/** How far apart two results are; rounding grows with the largest number around. */
function apart(got: Result, wanted: Result): number {
  if (got === null || wanted === null) return got === wanted ? 0 : Infinity;
  if (got.length !== wanted.length) return Infinity;
  let [scale, most] = [1, 0];
  for (let i = 0; i < wanted.length; i++) {
    scale = Math.max(scale, 1 + Math.abs(wanted[i]!));
    const error = Math.abs(got[i]! - wanted[i]!);
    most = Math.max(most, Number.isNaN(error) ? Infinity : error);
  }
  if (got instanceof Float32Array || got instanceof Float64Array) return most / scale;
  return most === 0 ? 0 : Infinity;
}

const show = (values: Result): string =>
  values === null
    ? "none"
    : `[${Array.from(values).slice(0, 8).join(", ")}${values.length > 8 ? ", …" : ""}]`;

/** What differs from float64, as text, or null. */
function compare(way: string, got: Results, wanted: Results, tolerance: number): string | null {
  for (const [name, value] of wanted) {
    const other = got.get(name) ?? null;
    const error = apart(other, value);
    if (error <= tolerance) continue;
    return `${way}: ${name} is off by ${error}\n  got     ${show(other)}\n  float64 ${show(value)}`;
  }
  return null;
}

/**
 * Runs a case fused and unfused on the GPU, and on the cpu in float64, all at once and op by op;
 * says what differs from the last, or null when nothing does.
 */
export async function difference(data: CaseData, devices: Devices): Promise<string | null> {
  const fused = await devices.fused(data.target);
  if (data.training !== undefined) return trainingDifference(data, fused, devices.oracle);
  const { oracle } = devices;
  const wanted = await valuesStepByStep(data, oracle);
  const plain = await devices.unfused();
  // Together, so that one makes its kernels while the other does.
  const [got, unfused] = await Promise.all([
    valuesOf(data, fused, data.together),
    valuesOf(data, plain, true),
  ]);
  const found = [
    compare(`fused (${data.target})`, got, wanted, 2e-4),
    compare("unfused", unfused, wanted, 2e-4),
    // Not to the bit: a product chooses its formula by which views are known when it is recorded.
    compare("all at once on the cpu", await valuesOf(data, oracle, data.together), wanted, 1e-12),
  ].filter((text) => text !== null);
  return found.length === 0 ? null : found.join("\n");
}

async function trainingDifference(data: CaseData, gpu: Device, oracle: Device) {
  const wanted = await train(data, oracle, false);
  for (const compiled of [false, true]) {
    const got = await train(data, gpu, compiled);
    const found = compare(compiled ? "compiled" : "step by step", got, wanted, 1e-3);
    if (found !== null) return found;
  }
  return null;
}
