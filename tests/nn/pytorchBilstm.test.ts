import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  init,
  loadSafetensors,
  nn,
  noGrad,
  parseSafetensors,
  select,
  type Tensor,
  toSafetensorsBlob,
} from "tapegrad";
import { describe, expect, it } from "vitest";

const weights = (name: string): string =>
  fileURLToPath(new URL(`../golden/weights/${name}.safetensors`, import.meta.url));

/** Reads the rows of an image in both directions, and classifies it by the last step. */
class RowBiLstm extends nn.Module {
  readonly lstm = new nn.LSTM(8, 32, { numLayers: 2, bidirectional: true, batchFirst: true });
  readonly head = new nn.Linear(64, 10);

  /** [batch, 64] → [batch, 10] */
  forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(x.reshape([-1, 8, 8]));
    return this.head.forward(select(output, 1, -1));
  }
}

describe.each(["cpu", "webgpu"] as const)("PyTorch's bidirectional LSTM on %s", (device) => {
  it("gives the same logits here, and goes back as it came", async () => {
    await init({ device });
    const saved = await loadSafetensors(weights("pytorch-digits-bilstm"));
    const model = new RowBiLstm();
    expect(model.loadStateDict(saved)).toEqual({ missing: [], unexpected: [] });
    const data = await loadSafetensors(weights("pytorch-digits-bilstm-io"));
    const logits = await noGrad(() => model.eval().forward(data.get("x")!)).data();
    const expected = await data.get("logits")!.data();
    expect(Math.max(...expected.map((y, i) => Math.abs(y - logits[i]!)))).toBeLessThan(1e-4);

    const bytes = await toSafetensorsBlob(model.stateDict());
    const [own, theirs] = [
      await bytes.arrayBuffer(),
      readFileSync(weights("pytorch-digits-bilstm")),
    ].map((file) => parseSafetensors(new Uint8Array(file), "file").tensors);
    expect([...own!.keys()].sort()).toEqual([...theirs!.keys()].sort());
    for (const [name, { shape, data: values }] of own!) {
      expect(shape).toEqual(theirs!.get(name)!.shape);
      expect(values).toEqual(theirs!.get(name)!.data);
    }
  });
});
