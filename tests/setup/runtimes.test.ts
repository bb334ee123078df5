import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForBrowser, runInBrowser } from "./browser.ts";
import { runInDeno } from "./deno.ts";
import { run, type Sums } from "./programs/addNumbers.ts";

const program = fileURLToPath(new URL("programs/addNumbers.ts", import.meta.url));

test("Node adds numbers in a compute shader", async () => {
  expect(await run()).toMatchObject({ runtime: "node", sums: [10, 11, 12, 13] });
});

test("Deno adds numbers in a compute shader", async () => {
  const result = await runInDeno<Sums>(program);
  expect(result).toMatchObject({ runtime: "deno", sums: [10, 11, 12, 13] });
});

test("Chromium adds numbers in a compute shader", async () => {
  const result = await runInBrowser<Sums>(program);
  expect(result).toMatchObject({ runtime: "browser", sums: [10, 11, 12, 13] });
});

test("a browser bundle holds nothing of the Node and Deno parts", async () => {
  const bundle = await bundleForBrowser(program);
  expect(bundle).not.toMatch(/node:|Dawn in Node|wgpu in Deno/);
});
