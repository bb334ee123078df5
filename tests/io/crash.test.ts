import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseSafetensors } from "../../src/io/safetensorsFormat.ts";
import { randomOf } from "./bytes.ts";

const program = fileURLToPath(new URL("saveForever.ts", import.meta.url));

it("a process killed while it saves leaves a whole file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tapegrad-crash-"));
  const path = join(folder, "weights.safetensors");
  const random = randomOf(3);
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ["--import", "tsx", program, path]);
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    child.kill("SIGKILL");
    await once(child, "exit");
    const { data } = parseSafetensors(readFileSync(path), path).tensors.get("w")!;
    expect(data.length).toBe(200_000);
    expect(new Set(data).size).toBe(1);
  }
  rmSync(folder, { recursive: true });
});
