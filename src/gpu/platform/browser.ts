import type { Platform } from "./platform.ts";

async function openNavigator(): Promise<GPU> {
  if (navigator.gpu) return navigator.gpu;
  throw new Error(
    globalThis.isSecureContext
      ? "this browser has no navigator.gpu. Use Chrome 121 or newer, Edge or Safari 26."
      : "navigator.gpu is missing because the page is not a secure context. " +
          "Serve it over https or from localhost.",
  );
}

export const platform: Platform = {
  runtime: "browser",
  implementation: "the browser",
  advice:
    "Use a browser with WebGPU and hardware acceleration switched on; " +
    "for Chrome see chrome://gpu.",
  candidates: () => [{ source: "the browser's software adapter", open: openNavigator }],
  pipelineMaker: (device) => (descriptor) => device.createComputePipelineAsync(descriptor),
  tuneMode: () => undefined,
  openRecords: async () => (await import("./databaseRecords.ts")).openDatabaseRecords(),
};
