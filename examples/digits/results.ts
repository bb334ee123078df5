import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Sequential, saveSafetensors, writeFileAtomic } from "tapegrad";
import type { TrainConfig } from "./config.ts";
import type { History } from "./records.ts";
import { renderReport } from "./report.ts";

/** Makes the folder before the training, so that a bad path fails before the work is done. */
export async function makeFolder(out: string | undefined, config: TrainConfig): Promise<string> {
  const folder = out ?? defaultFolder(config);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** runs/2025-01-31T120000-digits-adam-seed0 in the checkout: names sort by time. */
function defaultFolder({ dataset, optimizer, seed }: TrainConfig): string {
  const moment = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const runs = fileURLToPath(new URL("../../runs", import.meta.url));
  return join(runs, `${moment}-${dataset}-${optimizer}-seed${seed}`);
}

/** Writes weights.safetensors, history.json and report.html, and says where. */
export async function writeResults(
  folder: string,
  model: Sequential,
  history: History,
): Promise<void> {
  const metadata = { dataset: history.config.dataset, network: history.network };
  await saveSafetensors(model.stateDict(), join(folder, "weights.safetensors"), { metadata });
  await writeFileAtomic(join(folder, "history.json"), JSON.stringify(history, null, 1));
  await writeFileAtomic(join(folder, "report.html"), await renderReport(history));
  const short = relative(process.cwd(), folder);
  const shown = short === "" || short.startsWith("..") ? folder : short;
  console.log(`wrote weights.safetensors, history.json and report.html to ${shown}`);
}
