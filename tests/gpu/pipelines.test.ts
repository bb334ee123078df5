import { describe, expect, it } from "vitest";
import { Pipelines } from "../../src/gpu/pipelines.ts";
import type { LaunchSpec } from "../../src/gpu/spec.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

/** A device that makes nothing, and counts what it is asked for. */
function idleDevice() {
  let made = 0;
  const nothing = () => ({});
  const device = {
    createBindGroupLayout: nothing,
    createPipelineLayout: nothing,
    createShaderModule: nothing,
    pushErrorScope: nothing,
    popErrorScope: async () => null,
    createComputePipelineAsync: async () => ({ number: made++ }),
  };
  return { device: device as unknown as GPUDevice, made: () => made };
}

const spec = (code: string) => ({ label: code, code, bindings: [], uniformOffset: -1 });

describe("pipelines", () => {
  it("are made once for each text, and forgotten beyond 1024 in order of use", async () => {
    const { device, made } = idleDevice();
    const pipelines = new Pipelines(device, false);
    const get = (i: number) => pipelines.get(spec(`kernel ${i}`) as unknown as LaunchSpec);
    const first = await get(0);
    for (let i = 1; i < 1024; i++) await get(i);
    expect(await get(0)).toBe(first);
    expect(made()).toBe(1024);
    // 1 was used longest ago: it makes room.
    await get(1024);
    expect(await get(0)).toBe(first);
    expect(made()).toBe(1025);
    await get(1);
    expect(made()).toBe(1026);
  });

  it("are made by two threads of a software adapter, and each wrong one is told of", async () => {
    const device = await openAdapter(await findAdapter({ allow: "software" }));
    const texts = ["", "let x: f32 = 1u;", "", "let y: f32 = 2u;", "let z: f32 = 3u;", ""];
    const made = await Promise.allSettled(
      texts.map((text, i) => {
        const code = `// ${i}\n@compute @workgroup_size(1) fn main() { ${text} }`;
        return device.pipelines.get(spec(code) as unknown as LaunchSpec);
      }),
    );
    for (const [i, result] of made.entries()) {
      if (texts[i] === "") expect(result.status).toBe("fulfilled");
      else expect(String((result as PromiseRejectedResult).reason)).toContain("cannot initialize");
    }
    await device.check();
    device.destroy();
  });
});
