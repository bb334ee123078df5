import type { Run } from "../../core/ir.ts";
import type { GpuDevice } from "../device.ts";
import type { GpuPlan } from "../encode.ts";

/** Milliseconds that one submit of a plan takes; `of` says which variant it is. */
export type Timer = (plan: GpuPlan, call: Run, of: Timed) => Promise<number>;

export interface Timed {
  readonly shapes: string;
  readonly name: string;
}

/** Times on the device where it has timestamp queries, else from submit to completion. */
export function stopwatch(device: GpuDevice): Timer {
  const { gpu } = device;
  return gpu.features.has("timestamp-query") ? byTimestamps(device) : byClock(device);
}

async function clocked(gpu: GPUDevice, commands: GPUCommandBuffer[]): Promise<number> {
  const start = performance.now();
  gpu.queue.submit(commands);
  await gpu.queue.onSubmittedWorkDone();
  return performance.now() - start;
}

/** A profile that is being taken shows the user's launches, not these. */
function encodeUnseen(
  device: GpuDevice,
  plan: GpuPlan,
  call: Run,
  writes?: GPUComputePassTimestampWrites,
): GPUCommandBuffer {
  const { probe } = device;
  device.probe = null;
  try {
    return plan.encode(call, writes);
  } finally {
    device.probe = probe;
  }
}

const byClock =
  (device: GpuDevice): Timer =>
  (plan, call) =>
    clocked(device.gpu, [encodeUnseen(device, plan, call)]);

/** Two timestamps of 64 bits. */
const BYTES = 16;
const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x4;

function byTimestamps(device: GpuDevice): Timer {
  const { gpu } = device;
  const label = "tuner's timestamps";
  const querySet = gpu.createQuerySet({ label, type: "timestamp", count: 2 });
  const resolved = gpu.createBuffer({ label, size: BYTES, usage: QUERY_RESOLVE | COPY_SRC });
  const writes = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  return async (plan, call) => {
    const commands = encodeUnseen(device, plan, call, writes);
    const encoder = gpu.createCommandEncoder({ label });
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    const passed = await clocked(gpu, [commands, encoder.finish()]);
    const [begin, end] = new BigUint64Array(await device.readBuffer(resolved, 0, BYTES));
    // Some drivers give zeros, and a clock that was set back gives less than nothing.
    return end > begin ? Number(end - begin) / 1e6 : passed;
  };
}
