import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runInBrowser } from "../setup/browser.ts";
import { runInDeno } from "../setup/deno.ts";
import type { run as runFiles } from "./programs/files.ts";
import type { run as runOpfs } from "./programs/opfs.ts";

const program = (name: string) => fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));

it("Chromium keeps tensors in its own file system", async () => {
  const result = await runInBrowser<Awaited<ReturnType<typeof runOpfs>>>(program("opfs"));
  expect(result.fullNew).toMatch(/the file that was there before is unchanged\.$/);
  expect(result).toMatchObject({ first: [1, 2], second: [3], kept: [3], names: ["a.safetensors"] });
  expect(result.full).toMatch(/saveToOpfs: the browser's storage is full; .* is unchanged\./);
  expect(result.missing).toMatch(/loadFromOpfs: no such file or folder; got NotFoundError/);
  expect(result.badPath).toMatch(/this is not a path of names; got "\.\.\/up"/);
});

it("Deno saves and loads a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tapegrad-deno-"));
  const path = join(folder, "x.safetensors");
  const result = await runInDeno<Awaited<ReturnType<typeof runFiles>>>(program("files"), path);
  expect(result.x).toEqual([1.5, 2]);
  expect(result.missing).toMatch(/loadSafetensors: no such file or folder; got ENOENT/);
  expect(readdirSync(folder)).toEqual(["x.safetensors"]);
  rmSync(folder, { recursive: true });
});
