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

interface DenoRuntime {
  dlopen(file: string, symbols: Record<string, never>): unknown;
}
const { Deno: deno } = globalThis as unknown as { Deno: DenoRuntime };

let prepared: string | undefined;

/** Loads a Vulkan loader, so that wgpu's later open by name finds it. */
function loadVulkan(): void {
  for (const file of ["libvulkan.so.1", ...loadersBeside(softwareDrivers())]) {
    try {
      deno.dlopen(file, {});
      return;
    } catch (error) {
      if (error instanceof Error && error.name === "NotCapable") throw error;
    }
  }
}

/** Deno makes one wgpu instance a process, at the first request, so drivers are named before it:
 *  beside the system's where those include hardware, else alone. */
function nameDrivers(allow: Allowed, driver: SoftwareDriver | undefined): string {
  if (chosenDrivers()) return "software named by VK_ICD_FILENAMES";
  if (!driver || allow === "hardware") return "installed software (system)";
  if (hasHardwareManifest() && allow !== "software") {
    process.env.VK_ADD_DRIVER_FILES = driver.manifest;
  } else {
    process.env.VK_ICD_FILENAMES = driver.manifest;
  }
  return `installed software (${driver.name})`;
}

function prepare(allow: Allowed): string {
  if (prepared === undefined) {
    prepared = nameDrivers(allow, softwareDrivers()[0]);
    if (process.platform === "linux") loadVulkan();
  }
  return prepared;
}

function candidates(allow: Allowed): Candidate[] {
  let source = "installed software (system)";
  let failure: unknown;
  try {
    source = prepare(allow);
  } catch (error) {
    failure = error;
  }
  const open = async (): Promise<GPU> => {
    if (failure) {
      throw new Error(
        `Deno may not look for a software adapter: ${String(failure)}. ` +
          "Run it with -A, or with --allow-env --allow-read --allow-sys --allow-ffi.",
      );
    }
    if (navigator.gpu) return navigator.gpu;
    throw new Error("this Deno has no navigator.gpu. Use Deno 2, with --unstable-webgpu.");
  };
  return [{ source, open }];
}

export const platform: Platform = {
  runtime: "deno",
  implementation: "wgpu in Deno",
  advice:
    "Install a GPU driver with Vulkan, or a software adapter: Debian's package chromium has one, " +
    "and so has a checkout of tapegrad after `npm run doctor`.",
  candidates,
  pipelineMaker,
  tuneMode,
  openRecords: async () => (await import("./fileRecords.ts")).openFileRecords(),
};
