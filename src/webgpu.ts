import { type AdapterSearch, findAdapter } from "./gpu/adapter.ts";
import { GpuDevice, type GpuOptions } from "./gpu/device.ts";
import { plan } from "./tensor/plan.ts";

// What `init` loads to open a WebGPU device: the search for adapters, the device, the planner.

export { findAdapter };

/** Opens the adapter that a search has found. @throws DeviceError when it has found none */
export const openAdapter = (search: AdapterSearch, options?: GpuOptions): Promise<GpuDevice> =>
  GpuDevice.create(search, plan, options);
