// Says what this machine offers: runtime, adapter, features, limits, and what is missing.
import process from "node:process";
import { findAdapter } from "../src/gpu/adapter.ts";

const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupsPerDimension",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "minStorageBufferOffsetAlignment",
] as const;

const row = (name: string, value: unknown) => console.log(`${name.padEnd(12)}${value}`);

function runtimeVersion(): string {
  const { deno, node } = process.versions as { deno?: string; node: string };
  return deno ? `Deno ${deno}` : `Node ${node}`;
}

function printAdapter(adapter: GPUAdapter): void {
  row("features", [...adapter.features].sort().join(", ") || "none");
  console.log("limits");
  for (const name of shownLimits) console.log(`  ${name.padEnd(36)}${adapter.limits[name]}`);
}

const search = await findAdapter();
row("runtime", `${runtimeVersion()} on ${process.platform} ${process.arch}`);
row("adapter", search.description);
row("kind", search.adapter ? (search.software ? "software" : "hardware") : "none");
row("source", search.source);
if (search.adapter) printAdapter(search.adapter);
for (const problem of search.problems) row("problem", problem);
row("device", search.adapter ? "webgpu" : "cpu: it computes the same, slowly");
process.exitCode = search.adapter ? 0 : 1;
