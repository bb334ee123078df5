// Runs in Deno: a file is saved and loaded, and a bad path gives the typed error.
import { init, loadSafetensors, saveSafetensors, tensor } from "../../../src/index.ts";

export async function run(path: string) {
  await init({ device: "cpu" });
  await saveSafetensors({ x: tensor([1.5, 2]) }, path);
  const x = (await loadSafetensors(path)).get("x")!;
  const missing = await loadSafetensors(`${path}.none`).catch((error: Error) => error.message);
  return { x: Array.from((await x.data()) as Float32Array), missing };
}
