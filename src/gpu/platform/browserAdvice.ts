// What is said where a page finds no adapter: loaded when that happens.

export const missingNavigator = (): string =>
  globalThis.isSecureContext
    ? "this browser has no navigator.gpu. Use Chrome 121 or newer, Edge or Safari 26."
    : "navigator.gpu is missing because the page is not a secure context. " +
      "Serve it over https or from localhost.";

export const advice =
  "Use a browser with WebGPU and hardware acceleration switched on; for Chrome see chrome://gpu.";
