import { constants } from "node:os";
import process from "node:process";
import { pipelineMaker } from "./pipelines.ts";
import type { Allowed, Candidate, Platform } from "./platform.ts";
import {
  chosenDrivers,
  hasHardwareManifest,
  loadersBeside,
  type SoftwareDriver,
  softwareDrivers,
} from "./softwareDrivers.ts";
import { tuneMode } from "./tuneMode.ts";

/** Dawn crashes the process when the object that `create` returned is collected, so every one is
 *  kept here, under a key that survives a second copy of this module. */
const keptKey = Symbol.for("tapegrad.dawn");
const kept = globalThis as unknown as { [keptKey]?: Map<string, GPU> };

/** glibc's flag to keep a library loaded after `dlclose`; Node's own constants lack it. */
const noDelete = 0x1000;

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Dawn opens "libvulkan.so.1" by name. On a machine without it, the copy beside a software driver
 *  is loaded first: a later open by name then finds it. Node complains that it is no add-on, which
 *  is expected; any other complaint means that it was not loaded. */
function loadVulkan(): void {
  if (process.platform !== "linux") return;
  for (const file of ["libvulkan.so.1", ...loadersBeside(softwareDrivers())]) {
    try {
      process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_NOW | noDelete);
      return;
    } catch (error) {
      if (errorText(error).includes("did not self-register")) return;
    }
  }
}

async function importDawn(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (error) {
    throw new Error(
      `npm's package "webgpu" (Dawn for Node) does not load: ${errorText(error)}. ` +
        "Install it: npm install webgpu.",
    );
  }
}

/**
 * Time stamps to the nanosecond: rounding them protects a browser's pages from each other, and so
 * does clearing workgroup memory, which no kernel reads before it has written it. SwiftShader
 * clears it number by number: a kernel with 16 KiB of it takes seconds and 400 MB to compile.
 */
const OWN_TOGGLES = [
  "disable-dawn-features=timestamp_quantization",
  "enable-dawn-features=disable_workgroup_init",
];

function dawnToggles(): string[] {
  return (process.env.TAPEGRAD_DAWN ?? "").split(/[\s;]+/).filter((toggle) => toggle !== "");
}

/** Dawn reads the variable while it handles the first request, before that call returns: it is put
 *  back at once, so that a search running beside this one does not take it for the user's own. */
function requestWith(gpu: GPU, manifest: string): Promise<GPUAdapter | null> {
  const before = process.env.VK_ICD_FILENAMES;
  process.env.VK_ICD_FILENAMES = manifest;
  try {
    return gpu.requestAdapter();
  } finally {
    if (before === undefined) delete process.env.VK_ICD_FILENAMES;
    else process.env.VK_ICD_FILENAMES = before;
  }
}

async function openDawn(manifest: string | undefined): Promise<GPU> {
  const { create, globals } = await importDawn();
  const toggles = dawnToggles();
  const key = JSON.stringify([manifest ?? null, toggles]);
  kept[keptKey] ??= new Map();
  const known = kept[keptKey].get(key);
  if (known) return known;
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  }
  loadVulkan();
  const gpu = create([...OWN_TOGGLES, ...toggles]);
  kept[keptKey].set(key, gpu);
  if (manifest) await requestWith(gpu, manifest);
  return gpu;
}

const softwareCandidate = (driver: SoftwareDriver): Candidate => ({
  source: `installed software (${driver.name})`,
  open: () => openDawn(driver.manifest),
});

function candidates(allow: Allowed): Candidate[] {
  const system = { source: "installed software (system)", open: () => openDawn(undefined) };
  if (chosenDrivers()) return [{ ...system, source: "software named by VK_ICD_FILENAMES" }];
  if (dawnToggles().some((toggle) => toggle.startsWith("backend="))) {
    return [{ ...system, source: "backend named by TAPEGRAD_DAWN" }];
  }
  const software = allow === "hardware" ? [] : softwareDrivers().map(softwareCandidate);
  // Without a hardware driver Dawn would only print warnings about finding none.
  const skipSystem = process.platform === "linux" && !hasHardwareManifest() && software.length > 0;
  return skipSystem || (allow === "software" && software.length > 0)
    ? software
    : [system, ...software];
}

export const platform: Platform = {
  runtime: "node",
  implementation: "Dawn in Node",
  advice:
    "Install a GPU driver with Vulkan, or a software adapter: Debian's package chromium has one, " +
    "and so has a checkout of tapegrad after `npm run doctor`.",
  candidates,
  pipelineMaker,
  tuneMode,
  openRecords: async () => (await import("./fileRecords.ts")).openFileRecords(),
};
