import { compile, nn, optim, setDefaultDevice, square, sum, type Tensor, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

const W = [
  [1, 2, -1],
  [0.5, -3, 2],
];
const x = () => tensor([[1, -2, 0.5]]);
const linear = () => {
  const layer = new nn.Linear(3, 2, { bias: false });
  layer.weight.assign(tensor(W));
  return layer;
};
const shapes = (m: nn.Module) =>
  Object.fromEntries([...m.stateDict()].map(([name, value]) => [name, value.shape]));
const part = (m: nn.Module, name: string) =>
  [...m.namedParameters(), ...m.namedBuffers()].find(([n]) => n === name)![1];

async function expectClose(found: Tensor | null, wanted: unknown): Promise<void> {
  const list = [wanted].flat(3) as number[];
  const values = [...(await found!.data())];
  expect(values.length).toBe(list.length);
  for (const [i, v] of values.entries()) expect(v).toBeCloseTo(list[i]!, 6);
}

describe("weightNorm", () => {
  it("has PyTorch's names, values and gradients", async () => {
    const layer = nn.weightNorm(linear());
    expect(shapes(layer)).toEqual({ weight_g: [2, 1], weight_v: [2, 3] });
    await expectClose(layer.weight, W);
    const g = part(layer, "weight_g");
    g.assign(g.mul(tensor([[2], [3]])));
    const y = layer.forward(x());
    await expectClose(y, [-7, 22.5]);
    sum(square(y)).backward();
    await expectClose(g.grad, [20.00416623272929, 92.71838066536509]);
    await expectClose(part(layer, "weight_v").grad, [
      [-44.333333333333336, 23.33333333333333, 2.3333333333333357],
      [96.79245283018868, -40.75471698113208, -85.33018867924528],
    ]);
  });

  it("keeps one length with dim null, and those of another axis", () => {
    expect(shapes(nn.weightNorm(linear(), "weight", null)).weight_g).toEqual([]);
    expect(shapes(nn.weightNorm(linear(), "weight", -1)).weight_g).toEqual([1, 3]);
  });

  it("is taken back by removeWeightNorm", async () => {
    const layer = nn.removeWeightNorm(nn.weightNorm(new nn.Conv2d(2, 4, 3)));
    expect(shapes(layer)).toEqual({ bias: [4], weight: [4, 2, 3, 3] });
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    const plain = linear();
    await expectClose(nn.removeWeightNorm(nn.weightNorm(plain)).weight, W);
    expect(() => nn.removeWeightNorm(plain)).toThrow(/removeWeightNorm: "weight" of Linear\(3, 2/);
  });

  it("refuses names and axes that are not there", () => {
    expect(() => nn.weightNorm(linear(), "weights")).toThrow(/no parameter "weights".*has weight/);
    expect(() => nn.weightNorm(linear(), "weight", 2)).toThrow(/no axis 2/);
    expect(() => nn.weightNorm(new nn.Sequential(linear()))).toThrow(/it has 0.weight/);
  });

  it("trains inside compile", async () => {
    const layer = nn.weightNorm(linear());
    const sgd = new optim.SGD(layer.parameters(), { lr: 0.01 });
    const step = compile((rows: Tensor) => {
      sgd.zeroGrad();
      const loss = sum(square(layer.forward(rows)));
      loss.backward();
      sgd.step();
      return loss;
    });
    const first = await (await step(x())).item();
    for (let i = 0; i < 20; i++) await step(x());
    expect(await (await step(x())).item()).toBeLessThan(first / 10);
  });
});

describe("spectralNorm", () => {
  const known = () => {
    const layer = nn.spectralNorm(linear());
    part(layer, "weight_u").assign(tensor([0.6, 0.8]));
    part(layer, "weight_v").assign(tensor([0, 0.6, 0.8]));
    return layer;
  };
  const second = [-0.8269605498017286, 1.7720583210037042];

  it.each([false, true])("follows PyTorch's two steps (compiled: %s)", async (compiled) => {
    const layer = known();
    const forward = (rows: Tensor) => layer.forward(rows);
    const call = compiled ? compile(forward) : forward;
    await expectClose(await call(x()), [-0.9902950056815738, 2.1220607264605156]);
    const y = await call(x());
    await expectClose(y, second);
    await expectClose(part(layer, "weight_u"), [-0.5199195251835608, 0.8542152464882027]);
    await expectClose(
      part(layer, "weight_v"),
      [0.023779192609738646, -0.8450759219768668, 0.5341172493879763],
    );
    if (!compiled) {
      sum(square(y)).backward();
      await expectClose(part(layer, "weight_orig").grad, [
        [-0.36843821249996983, -0.0124088175185465, 0.30642524406888616],
        [0.8006783392103982, -0.3702990875331924, -0.40577767029941303],
      ]);
    }
    await expectClose(layer.eval().forward(x()), second);
    await expectClose(layer.forward(x()), second);
  });

  it("has PyTorch's names and shapes, and is reproducible", async () => {
    const conv = nn.spectralNorm(new nn.Conv2d(3, 4, 2), { seed: 1 });
    expect(shapes(conv)).toEqual({
      bias: [4],
      weight_orig: [4, 3, 2, 2],
      weight_u: [4],
      weight_v: [12],
    });
    expect(conv.parameters().length).toBe(2);
    expect(shapes(nn.spectralNorm(new nn.ConvTranspose2d(3, 4, 2)))).toMatchObject({
      weight_u: [4],
      weight_v: [12],
    });
    const again = nn.spectralNorm(new nn.Conv2d(3, 4, 2), { seed: 1 });
    await expectClose(part(again, "weight_u"), [...(await part(conv, "weight_u").data())]);
    again.loadStateDict(conv.stateDict());
  });

  it("finds the largest singular value, and is taken back", async () => {
    const layer = nn.spectralNorm(linear(), { nPowerIterations: 30 });
    layer.forward(x());
    const gram = layer.weight.matmul(layer.weight.transpose());
    const [a, b, , d] = [...(await gram.data())] as [number, number, number, number];
    expect((a + d + Math.hypot(a - d, 2 * b)) / 2).toBeCloseTo(1, 6);
    const values = [...(await layer.weight.data())];
    const plain = nn.removeSpectralNorm(layer);
    expect(shapes(plain)).toEqual({ weight: [2, 3] });
    expect(Object.hasOwn(plain, "forward")).toBe(false);
    await expectClose(plain.weight, values);
    expect(() => nn.spectralNorm(plain, { nPowerIterations: 0 })).toThrow(/nPowerIterations/);
    expect(() => nn.spectralNorm(plain, { dim: 2 })).toThrow(/dim is not an axis/);
  });
});
