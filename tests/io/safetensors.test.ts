import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  downloadSafetensors,
  FileFormatError,
  init,
  loadSafetensors,
  loadSafetensorsMetadata,
  nn,
  parseSafetensors,
  StorageError,
  saveSafetensors,
  saveToOpfs,
  type Tensor,
  tensor,
  toSafetensorsBlob,
} from "tapegrad";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "tapegrad-safetensors-"));
const path = join(folder, "weights.safetensors");

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => {
    await init({ device });
  });

  const everyType = () => ({
    weight: tensor([
      [1.5, -2],
      [Number.POSITIVE_INFINITY, 0],
    ]),
    labels: tensor([-3, 4], { dtype: "int32" }),
    counts: tensor([7], { dtype: "uint32" }),
    mask: tensor([true, false, true]),
    scalar: tensor(0.25),
    empty: tensor(new Float32Array(), { shape: [0, 3] }),
  });

  it("loads what it saved", async () => {
    const tensors = everyType();
    await saveSafetensors(tensors, path, { metadata: { made: "by a test" } });
    const loaded = await loadSafetensors(path);
    expect([...loaded.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, original] of Object.entries(tensors)) {
      const copy = loaded.get(name)!;
      expect(copy.shape, name).toEqual(original.shape);
      expect(copy.dtype, name).toBe(original.dtype);
      expect(await copy.data(), name).toEqual(await original.data());
    }
    expect({ ...(await loadSafetensorsMetadata(path)) }).toEqual({ made: "by a test" });
  });

  it("carries the weights of one model to another", async () => {
    const build = (seed: number) => new nn.Sequential(new nn.Linear(3, 4, { seed }), new nn.ReLU());
    const [from, to] = [build(1), build(2)];
    const x = tensor([[1, 2, 3]]);
    await saveSafetensors(from.stateDict(), path);
    to.loadStateDict(await loadSafetensors(path));
    expect(await to.forward(x).data()).toEqual(await from.forward(x).data());
  });

  it("gives the same bytes as a Blob as in a file, and loads from any of them", async () => {
    const tensors = everyType();
    await saveSafetensors(new Map(Object.entries(tensors)), path);
    const blob = await toSafetensorsBlob(tensors);
    const bytes = await blob.arrayBuffer();
    expect(new Uint8Array(bytes)).toEqual(new Uint8Array(readFileSync(path)));
    for (const source of [blob, bytes, new Uint8Array(bytes)]) {
      expect((await loadSafetensors(source)).get("labels")!.shape).toEqual([2]);
    }
  });
});

describe("a float64 cpu device", () => {
  it("saves doubles as F64", async () => {
    await init({ device: "cpu", precision: "float64" });
    await saveSafetensors({ third: tensor(1).div(3) }, path);
    const { tensors } = parseSafetensors(readFileSync(path), path, { float64: "keep" });
    expect(tensors.get("third")!.data).toEqual(Float64Array.of(1 / 3));
  });
});

describe("errors", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });

  it("name the file and the byte of a truncated file", async () => {
    await saveSafetensors({ x: tensor([1, 2, 3]) }, path);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    const error = await loadSafetensors(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileFormatError);
    expect(error).toMatchObject({ source: path, byteOffset: 9 });
  });

  it("refuse what is no tensor and what is no source", async () => {
    const wrong = { x: 5 } as unknown as Record<string, Tensor>;
    await expect(saveSafetensors(wrong, path)).rejects.toThrow(/only tensors .* number under "x"/);
    const response = Promise.resolve(new ArrayBuffer(8)) as unknown as ArrayBuffer;
    await expect(loadSafetensors(response)).rejects.toThrow(/nothing to read from; got .*Promise/);
  });

  it("name a file that is not there", async () => {
    const missing = join(folder, "missing");
    await expect(loadSafetensors(missing)).rejects.toThrow(StorageError);
    await expect(loadSafetensors(missing)).rejects.toThrow(/loadSafetensors: no such file/);
  });

  it("say which function to use instead of the browser's", async () => {
    const tensors = { x: tensor([1]) };
    await expect(saveToOpfs(tensors, "x")).rejects.toThrow(/there is no OPFS here/);
    await expect(downloadSafetensors(tensors, "x")).rejects.toThrow(/saveSafetensors in Node/);
  });
});
