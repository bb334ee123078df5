import type { Node } from "../core/node.ts";
import type { Device } from "./device.ts";
import type { Flat } from "./flat.ts";
import { recorder } from "./recorder.ts";

/** What waits for the next plan of a device. */
export interface Pending {
  /** Groups of variables with an assignment to store. */
  readonly flats: Set<Flat>;
  /** Values to keep although nobody has asked yet: losses, norms. */
  exports: Node[];
}

const byDevice = new WeakMap<Device, Pending>();

export function pendingOf(device: Device): Pending {
  let pending = byDevice.get(device);
  if (pending === undefined) {
    pending = { flats: new Set(), exports: [] };
    byDevice.set(device, pending);
  }
  return pending;
}

/** Lets `run` record with nothing pending, and gives what it left; the rest stays as it was. */
export function withPending<T>(device: Device, pending: Pending, run: () => T): T {
  const outer = pendingOf(device);
  byDevice.set(device, pending);
  try {
    return run();
  } finally {
    byDevice.set(device, outer);
  }
}

/** The next plan computes this value and keeps it: reading it afterwards is free. */
export function exportWithNextPlan(node: Node): void {
  // A compiled function returns what its caller wants to read.
  if (node.storage !== null || recorder.capture !== null || recorder.tracing !== null) return;
  pendingOf(node.device as Device).exports.push(node);
}
