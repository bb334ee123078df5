import type { TuneMode } from "../../core/device.ts";
import type { GpuDevice } from "../device.ts";
import type { Platform } from "../platform/platform.ts";
import { readWinners, recordHash, recordName, tunedAdapter, writeWinners } from "./records.ts";
import { Tuner } from "./tuner.ts";

/** Decisions of this process by adapter: no later device may choose otherwise. */
const decisions = new Map<string, Map<string, string>>();

/** Lets a device tune what it loads from then on. What pages load anyway is given, not imported. */
export async function startTuning(
  device: GpuDevice,
  mode: Exclude<TuneMode, "off">,
  platform: Platform,
): Promise<void> {
  // Browsers before 2025 do not tell it of a device.
  const unnamed = { vendor: "", architecture: "", device: "", description: device.line };
  const adapter = tunedAdapter(device.gpu.adapterInfo ?? unnamed, platform.implementation);
  const store = await platform.openRecords();
  const name = recordName(adapter);
  const decided = decisions.get(name) ?? new Map<string, string>();
  decisions.set(name, decided);
  device.tuner = new Tuner(device, {
    mode,
    decided,
    recorded: mode === "on" ? await readWinners(store, adapter) : {},
    hash: (winners) => recordHash(adapter, winners),
    save: (winners) => writeWinners(store, adapter, winners),
  });
}
