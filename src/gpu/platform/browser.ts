import type { Platform } from "./platform.ts";

const advising = () => import("./browserAdvice.ts");

async function openNavigator(): Promise<GPU> {
  if (navigator.gpu) return navigator.gpu;
  throw new Error((await advising()).missingNavigator());
}

export const platform: Platform = {
  runtime: "browser",
  implementation: "the browser",
  advice: async () => (await advising()).advice,
  candidates: () => [{ source: "the browser's software adapter", open: openNavigator }],
  pipelineMaker: (device) => (descriptor) => device.createComputePipelineAsync(descriptor),
  tuneMode: () => undefined,
  openRecords: async () => (await import("./databaseRecords.ts")).openDatabaseRecords(),
};
