import { CpuDevice } from "../../src/cpu/device.ts";
import { findAdapter } from "../../src/gpu/adapter.ts";
import { GpuDevice } from "../../src/gpu/device.ts";
import { runNonFinite } from "./nonFinite.ts";
import { runOpSuite, type SuiteResult } from "./suite.ts";

export interface SuiteReport {
  readonly device: string;
  readonly results: SuiteResult[];
}

/** The whole suite on the adapter that this runtime offers; imported by Node, Deno and a page. */
export async function run({
  hardware = false,
}: { readonly hardware?: boolean } | undefined = {}): Promise<SuiteReport> {
  // Kernels for real GPUs run on a software adapter too, only slowly: so they are tested anywhere.
  const limits = hardware ? { software: false } : {};
  const gpu = await GpuDevice.create(await findAdapter(), { limits });
  const oracle = new CpuDevice({ precision: "float64" });
  const results = [...(await runOpSuite(gpu, oracle)), ...(await runNonFinite(gpu, oracle))];
  const { line } = gpu;
  gpu.destroy();
  return { device: line, results };
}
