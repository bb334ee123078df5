// Runs in Chromium: saves, loads, replaces and misses files of the browser's own file system.
import { init, loadFromOpfs, saveToOpfs, tensor } from "../../../src/index.ts";

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function valuesOf(path: string): Promise<number[]> {
  return Array.from((await (await loadFromOpfs(path)).get("x")!.data()) as Float32Array);
}

async function namesIn(folder: string): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of (await root.getDirectoryHandle(folder)).keys()) names.push(name);
  return names.sort();
}

/** The next write fails, as on a full disk. */
function fillDisk(): void {
  const { write } = FileSystemWritableFileStream.prototype;
  FileSystemWritableFileStream.prototype.write = async () => {
    FileSystemWritableFileStream.prototype.write = write;
    throw new DOMException("full", "QuotaExceededError");
  };
}

export async function run() {
  await init({ device: "cpu" });
  await saveToOpfs({ x: tensor([1, 2]) }, "runs/a.safetensors");
  const first = await valuesOf("runs/a.safetensors");
  await saveToOpfs({ x: tensor([3]) }, "runs/a.safetensors");
  const second = await valuesOf("runs/a.safetensors");
  fillDisk();
  const full = await saveToOpfs({ x: tensor([4]) }, "runs/a.safetensors").catch(messageOf);
  const kept = await valuesOf("runs/a.safetensors");
  fillDisk();
  const fullNew = await saveToOpfs({ x: tensor([4]) }, "runs/new.safetensors").catch(messageOf);
  const missing = await loadFromOpfs("runs/none.safetensors").catch(messageOf);
  const badPath = await loadFromOpfs("../up").catch(messageOf);
  return { first, second, full, fullNew, kept, names: await namesIn("runs"), missing, badPath };
}
