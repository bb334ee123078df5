// Tunes in a browser and says what its IndexedDB holds afterwards.

import { openDatabaseRecords } from "../../../src/gpu/platform/databaseRecords.ts";
import { recordName, tunedAdapter } from "../../../src/gpu/tuner/records.ts";
import { init, tensor } from "../../../src/index.ts";
import { numbered } from "../tunerOp.ts";

export interface Kept {
  missing: string | null;
  merged: string | null;
  hash: string;
  winners: Record<string, string>;
  record: { winners: Record<string, string> };
}

export async function run(): Promise<Kept> {
  const store = openDatabaseRecords();
  const missing = await store.read("letters");
  const letters = ["a", "b", "c", "d"];
  await Promise.all(
    letters.map((letter) =>
      store.update("letters", (text) => [...(text ?? ""), letter].sort().join("")),
    ),
  );
  const device = await init({ device: "webgpu", tune: "on" });
  await numbered(tensor([1, 2, 3, 4]), { ways: ["one", "two"] }).data();
  const adapter = await navigator.gpu.requestAdapter();
  const name = recordName(tunedAdapter(adapter!.info, "the browser"));
  const { hash, winners } = device.tuning;
  return {
    missing,
    merged: await store.read("letters"),
    hash,
    winners,
    record: JSON.parse((await store.read(name)) ?? "null"),
  };
}
