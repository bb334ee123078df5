import process from "node:process";
import { create, globals } from "webgpu";

/** Gives Node the classes of WebGPU, such as GPUAdapter, that a browser has. */
export function provideClasses(): void {
  Object.assign(globalThis, globals);
}

/** Gives Node a browser's `navigator.gpu`, from npm's Dawn, before a framework is loaded, which
 *  looks  for it at once. The environment names the Vulkan driver, and Dawn's back end. */
export function provideNavigator(): void {
  provideClasses();
  const toggles = (process.env.TAPEGRAD_DAWN ?? "").split(/[\s;]+/).filter((text) => text !== "");
  const gpu = create(toggles);
  // A global keeps it: Node crashes when the object is collected.
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node", hardwareConcurrency: 2, language: "en" },
    configurable: true,
    writable: true,
  });
}
