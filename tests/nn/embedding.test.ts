import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { Embedding, EmbeddingBag, init } from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/ops/creation/creation.ts";
import { sum } from "../../src/ops/reduce/reduce.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor) => Array.from(await x.data());
const index = (...places: number[]) => tensor(places, { dtype: "int32" });
const table = () => tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] });

describe("Embedding", () => {
  it("starts from N(0, 1) by its seed", async () => {
    const weight = await values(new Embedding(100, 100, { seed: 1 }).weight);
    const mean = weight.reduce((a, b) => a + b) / weight.length;
    const variance = weight.reduce((a, b) => a + b * b, 0) / weight.length;
    // The standard deviations of both are 0.01 and 0.014.
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.07);
    expect(await values(new Embedding(100, 100, { seed: 1 }).weight)).toEqual(weight);
  });

  it("has a padding row of zeros without a gradient", async () => {
    const layer = new Embedding(3, 2, { paddingIdx: -2, init: init.ones() });
    expect(layer.paddingIdx).toBe(1);
    expect(await values(layer.weight)).toEqual([1, 1, 0, 0, 1, 1]);
    backward(sum(layer.forward(index(0, 1, 1, 2, 2))));
    expect(await values(layer.weight.grad!)).toEqual([1, 1, 0, 0, 2, 2]);
  });

  it("shortens rows above maxNorm, and divides gradients by the frequency", async () => {
    const layer = new Embedding(2, 2, { maxNorm: 1, scaleGradByFreq: true });
    layer.weight.assign(tensor([3, 4, 0.3, 0.4], { shape: [2, 2] }));
    const out = await values(layer.forward(index(0, 1)));
    [0.6, 0.8, 0.3, 0.4].forEach((v, i) => {
      expect(out[i]).toBeCloseTo(v, 6);
    });
    backward(sum(layer.forward(index(1, 1, 1))));
    const grad = await values(layer.weight.grad!);
    [0, 0, 1, 1].forEach((v, i) => {
      expect(grad[i]).toBeCloseTo(v, 6);
    });
  });

  it("takes a pretrained weight, frozen unless it is to be trained", async () => {
    const layer = Embedding.fromPretrained(table(), { paddingIdx: 0 });
    expect(await values(layer.forward(index(0, 2)))).toEqual([1, 2, 5, 6]);
    expect(layer.weight.requiresGrad).toBe(false);
    expect(Embedding.fromPretrained(table(), { freeze: false }).weight.requiresGrad).toBe(true);
    expect(EmbeddingBag.fromPretrained(table(), { mode: "max" }).mode).toBe("max");
  });
});

it("EmbeddingBag weighs samples", async () => {
  const layer = EmbeddingBag.fromPretrained(table(), { mode: "sum" });
  const perSampleWeights = tensor([1, 10, 100]);
  const bags = { offsets: index(0, 1), perSampleWeights };
  expect(await values(layer.forward(index(0, 1, 2), bags))).toEqual([1, 2, 530, 640]);
});

describe("refuses", () => {
  const unknown = { mode: "median" } as unknown as { mode: "sum" };
  it.each<[string, () => unknown, new () => Error, string]>([
    ["half a row", () => new Embedding(2.5, 3), ValueError, "Embedding: numEmbeddings is not"],
    ["no feature", () => new EmbeddingBag(2, 0), ValueError, "EmbeddingBag: embeddingDim is not"],
    ["a row that is not there", () => new Embedding(3, 2, { paddingIdx: 3 }), ValueError, "no row"],
    ["floats", () => new Embedding(3, 2).forward(tensor([0, 1])), DTypeError, "embedding: "],
    ["an index beyond", () => new Embedding(3, 2).forward(index(0, 3)), IndexError, "embedding: "],
    ["a negative index", () => new Embedding(3, 2).forward(index(-1)), IndexError, "embedding: "],
    [
      "no matrix",
      () => Embedding.fromPretrained(zeros([3])),
      ShapeError,
      "Embedding.fromPretrained",
    ],
    ["an unknown mode", () => new EmbeddingBag(3, 2, unknown), ValueError, "EmbeddingBag: unknown"],
    ["one axis", () => new EmbeddingBag(3, 2).forward(index(0)), ShapeError, "embeddingBag: needs"],
  ])("%s", (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
