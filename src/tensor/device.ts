import type { CpuDevice } from "../cpu/device.ts";
import type { GpuDevice } from "../gpu/device.ts";

/** Where tensors live and graphs run. */
export type Device = GpuDevice | CpuDevice;
