import { expect, test } from "vitest";
import { describeAdapter, findAdapter, isSoftware } from "../../src/gpu/adapter.ts";

const info = (fields: Partial<GPUAdapterInfo>): GPUAdapterInfo =>
  ({ vendor: "", architecture: "", device: "", description: "", ...fields }) as GPUAdapterInfo;

test.each([
  { description: "SwiftShader Device (Subzero)" },
  { vendor: "google", architecture: "swiftshader" },
  { description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
  { description: "Microsoft Basic Render Driver" },
  { vendor: "acme", isFallbackAdapter: true },
])("%j is a software adapter", (fields) => {
  expect(isSoftware(info(fields))).toBe(true);
});

test.each([
  { vendor: "nvidia", architecture: "ampere", description: "NVIDIA RTX A2000" },
  { vendor: "apple", architecture: "metal-3" },
])("%j is a hardware adapter", (fields) => {
  expect(isSoftware(info(fields))).toBe(false);
});

test("an adapter without a description goes by its other names", () => {
  expect(describeAdapter(info({ vendor: "google", architecture: "swiftshader" }))).toBe(
    "google swiftshader",
  );
  expect(describeAdapter(info({}))).toBe("an adapter without a name");
});

test("searches at the same time find the same, and each adapter gives a device", async () => {
  const before = { ...process.env };
  const searches = await Promise.all([findAdapter(), findAdapter(), findAdapter()]);
  expect(new Set(searches.map((search) => search.source)).size).toBe(1);
  for (const { adapter, problems } of searches) {
    expect(adapter, problems.join("\n")).not.toBeNull();
    const device = await adapter?.requestDevice();
    device?.destroy();
  }
  expect({ ...process.env }).toEqual(before);
});

test("a kind that is not here is refused with what was tried and what to do", async () => {
  const { software } = await findAdapter();
  const search = await findAdapter({ allow: software ? "hardware" : "software" });
  if (search.adapter) expect(search.software).toBe(!software);
  else expect(search.problems.length).toBeGreaterThan(1);
});
