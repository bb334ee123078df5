import { readFileSync } from "node:fs";
import { init, type nn, type Tensor } from "tapegrad";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DigitsCnn } from "../../examples/models/digitsCnn.ts";
import { loadSafetensors } from "../../src/io/safetensors.ts";
import { toSafetensorsBlob } from "../../src/io/safetensorsBrowser.ts";
import { parseSafetensors } from "../../src/io/safetensorsFormat.ts";
import type { Device } from "../../src/tensor/device.ts";

const golden = (name: string): Uint8Array =>
  readFileSync(new URL(`../golden/weights/${name}.safetensors`, import.meta.url));
const weights = golden("pytorch-digits-cnn");
const shapesOf = (bytes: Uint8Array) =>
  new Map(
    [...parseSafetensors(bytes, "weights").tensors].map(([name, { shape }]) => [name, shape]),
  );

describe.each(["cpu", "webgpu"] as const)("a network trained in PyTorch, on %s", (kind) => {
  let device: Device;
  let io: Map<string, Tensor>;
  beforeAll(async () => {
    device = await init({ device: kind });
    io = await loadSafetensors(golden("pytorch-digits-cnn-io"));
  });
  afterAll(() => device.destroy());

  it("loads strictly and gives PyTorch's logits", async () => {
    const model = new DigitsCnn();
    const result = model.loadStateDict(await loadSafetensors(weights));
    expect(result).toEqual({ missing: [], unexpected: [] });
    const [found, wanted] = await Promise.all([
      model
        .eval()
        .forward(io.get("x")!.reshape([64, 1, 8, 8]))
        .data(),
      io.get("logits")!.data(),
    ]);
    expect(found.length).toBe(wanted.length);
    const worst = Math.max(...found.map((v, i) => Math.abs(v - wanted[i]!)));
    expect(worst).toBeLessThan(1e-4);
  });

  it("is saved under PyTorch's names and shapes", async () => {
    const model: nn.Module = new DigitsCnn();
    const blob = await toSafetensorsBlob(model.stateDict());
    const saved = shapesOf(new Uint8Array(await blob.arrayBuffer()));
    // PyTorch's own count of batches, which this file was saved without.
    for (const i of [1, 5]) {
      expect(saved.get(`features.${i}.num_batches_tracked`)).toEqual([]);
      saved.delete(`features.${i}.num_batches_tracked`);
    }
    expect(new Map([...saved].sort())).toEqual(new Map([...shapesOf(weights)].sort()));
  });
});
