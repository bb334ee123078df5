import { init, nn, randn, type Tensor, tensor, ValueError } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

const FEATURES = 3;
const BATCH = 5;

describe.each(devices)("recalibrated batch norms on %s", (_, options) => {
  let batches: Tensor[];
  beforeAll(async () => {
    await init(options);
    batches = [1, 2, 3, 4].map((k) => randn([BATCH, FEATURES]).mul(k).add(k));
  });

  const model = () =>
    new nn.Sequential(
      new nn.BatchNorm1d(FEATURES, { momentum: 0.3 }),
      new nn.Linear(FEATURES, 2, { seed: 1 }),
      new nn.Dropout(0.5),
      new nn.BatchNorm1d(2, { momentum: null }),
    );

  /** The mean of each column, and the averages over batches of their unbiased variances. */
  async function direct() {
    const rows = await Promise.all(batches.map((b) => b.toArray() as Promise<number[][]>));
    const column = (batch: number[][], c: number) => batch.map((row) => row[c]!);
    const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
    const variance = (x: number[]) =>
      x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / (x.length - 1);
    const columns = [...new Array(FEATURES).keys()];
    return {
      means: columns.map((c) => mean(rows.flatMap((batch) => column(batch, c)))),
      variances: columns.map((c) => mean(rows.map((batch) => variance(column(batch, c))))),
    };
  }

  const expectNear = (got: ArrayLike<number>, wanted: number[]) => {
    for (const [i, x] of wanted.entries()) expect(got[i]! / x).toBeCloseTo(1, 5);
  };

  it("hold the statistics of the whole data, whatever they held", async () => {
    const net = model();
    const [first] = net.modules().filter((m) => m instanceof nn.BatchNorm1d);
    net.forward(tensor([[100, 200, 300]].concat([[0, 0, 0]])));
    net.eval();
    net.modules()[2]!.training = true;
    const modes = net.modules().map((m) => m.training);
    const pairs = batches.map((x) => [x, tensor([0])] as const);
    await nn.recalibrateBatchNorm(net, pairs);
    const { means, variances } = await direct();
    expectNear(await first!.runningMean!.data(), means);
    expectNear(await first!.runningVar!.data(), variances);
    expect(await first!.numBatchesTracked!.item()).toBe(batches.length);
    expect(net.modules().map((m) => m.training)).toEqual(modes);
    const norms = net.modules().filter((m) => m instanceof nn.BatchNorm1d);
    expect(norms.map((m) => m.momentum)).toEqual([0.3, null]);
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
  });

  it("of one batch with all data are its mean and variance; batches may come late", async () => {
    const norm = new nn.BatchNorm1d(2);
    async function* later() {
      yield tensor([
        [1, 10],
        [2, 20],
        [6, 60],
      ]);
    }
    await nn.recalibrateBatchNorm(norm, later());
    expectNear(await norm.runningMean!.data(), [3, 30]);
    expectNear(await norm.runningVar!.data(), [7, 700]);
  });

  it("change nothing without data, and put all back after an error", async () => {
    const norm = new nn.BatchNorm1d(2, { momentum: 0.2 });
    norm.forward(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    norm.eval();
    const before = [...(await norm.runningMean!.data())];
    await expect(nn.recalibrateBatchNorm(norm, [])).rejects.toThrow(ValueError);
    await expect(nn.recalibrateBatchNorm(norm, [])).rejects.toThrow(/no batch\. Pass a DataLoader/);
    expect([...(await norm.runningMean!.data())]).toEqual(before);
    await expect(nn.recalibrateBatchNorm(norm, [tensor([1, 2, 3])])).rejects.toThrow(/BatchNorm1d/);
    expect([norm.training, norm.momentum]).toEqual([false, 0.2]);
  });
});
