// Adds numbers in a compute shader, in whichever runtime imports it. Proves that an adapter found
// there really computes.
import { findAdapter } from "../../../src/gpu/adapter.ts";

const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&sums)) { sums[id.x] = sums[id.x] + f32(id.x); }
}`;

export interface Sums {
  runtime: string;
  description: string;
  software: boolean;
  sums: number[];
}

function encodeAdd(device: GPUDevice, buffer: GPUBuffer, readable: GPUBuffer): void {
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: shader }) },
  });
  const layout = pipeline.getBindGroupLayout(0);
  const entries = [{ binding: 0, resource: { buffer } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readable, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
}

/** Computes 10 + i for i = 0 to 3 on the adapter that the search finds. */
export async function run(): Promise<Sums> {
  const { adapter, runtime, description, software, problems } = await findAdapter();
  if (!adapter) throw new Error(problems.join("\n"));
  const device = await adapter.requestDevice();
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC | COPY_DST });
  const readable = device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, new Float32Array(4).fill(10));
  encodeAdd(device, buffer, readable);
  await readable.mapAsync(GPUMapMode.READ);
  const sums = [...new Float32Array(readable.getMappedRange())];
  device.destroy();
  return { runtime, description, software, sums };
}
