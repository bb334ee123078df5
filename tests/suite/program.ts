import { CpuDevice } from "../../src/cpu/device.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";
import { compositions } from "./composed.ts";
import { runNonFinite } from "./nonFinite.ts";
import { runOpSuite, type SuiteResult } from "./suite.ts";

export interface SuiteReport {
  readonly device: string;
  readonly results: SuiteResult[];
}

export interface SuiteOptions {
  /** The kernels for real GPUs, of the ops that have some: they run on a software adapter too. */
  readonly hardware?: boolean;
  /** Leave out the gradients, which are made of ops that have samples of their own. */
  readonly valuesOnly?: boolean;
}

const hasKernels = ({ forward }: RegisteredOp): boolean =>
  forward?.kind === "kernel" || forward?.kind === "reduction";

/** The whole suite on the adapter that this runtime offers; imported by Node, Deno and a page. */
export async function run(options: SuiteOptions | undefined = {}): Promise<SuiteReport> {
  const { hardware = false, valuesOnly = false } = options;
  const limits = { quickStart: false, ...(hardware ? { software: false } : {}) };
  const gpu = await openAdapter(await findAdapter(), { limits });
  const oracle = new CpuDevice({ precision: "float64" });
  const ops = [...registry, ...compositions()].filter((op) => !hardware || hasKernels(op));
  const results = await runOpSuite(gpu, oracle, { ops, gradients: valuesOnly ? "none" : "some" });
  results.push(...(await runNonFinite(gpu, oracle)));
  const { line } = gpu;
  gpu.destroy();
  return { device: line, results };
}
