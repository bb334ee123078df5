import type { Runnable } from "../sides/side.ts";
import type { Values } from "../workloads/random.ts";
import type { KernelText, Launch, Machine } from "./machine.ts";

/** Launches whose result of `count` numbers is in `output`. */
export function operation(
  machine: Machine,
  launches: readonly Launch[],
  output: GPUBuffer,
  count: number,
  note?: string,
): Runnable {
  return {
    step: () => machine.run(launches),
    read: async () => (await machine.read(output, 1))[0],
    all: () => machine.read(output, count),
    note,
  };
}

export const upload = (machine: Machine, { data }: Values): GPUBuffer =>
  machine.buffer(data.length, data);

/** Runs every variant and keeps the fastest. */
export async function fastest(
  machine: Machine,
  variants: ReadonlyMap<string, KernelText>,
): Promise<{ name: string; launch: Launch }> {
  let best: { name: string; launch: Launch; ms: number } | undefined;
  for (const [name, text] of variants) {
    const launch = machine.kernel(text);
    const ms = await machine.time([launch], 30);
    if (best === undefined || ms < best.ms) best = { name, launch, ms };
  }
  return best!;
}
