// What is said of a shader that WebGPU rejects: loaded when that happens.
import type { ShaderError } from "./errors.ts";
import type { LaunchSpec } from "./spec.ts";

/** Names the op, the kernel and the WGSL line of a compile error. */
export async function explain(
  spec: LaunchSpec,
  module: GPUShaderModule,
  cause: unknown,
  Made: typeof ShaderError,
): Promise<ShaderError> {
  const info = await module.getCompilationInfo();
  const lines = spec.code.split("\n");
  const errors = info.messages
    .filter((m) => m.type === "error")
    .map((m) => `line ${m.lineNum}: ${m.message}\n    ${lines[m.lineNum - 1] ?? ""}`);
  const text = errors.length > 0 ? errors.join("\n") : String(cause);
  return new Made(
    `kernel "${spec.label}": WebGPU rejected it:\n${text}\n` +
      "This is a fault of tapegrad or of the driver; please report it with the line above.",
    { cause },
  );
}
