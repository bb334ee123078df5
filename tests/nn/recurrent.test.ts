import { cat, flip, mul, narrow, nn, setDefaultDevice, sum, type Tensor, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

const wave = (shape: number[], start = 0): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(start + 1.3 * i));
  return tensor(values, { shape });
};

async function expectClose(got: Tensor, wanted: Tensor): Promise<void> {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = [await got.data(), await wanted.data()];
  a.forEach((x, i) => {
    expect(x).toBeCloseTo(b[i]!, 12);
  });
}

type State = Tensor | Tensor[];
type Recurrent = nn.Recurrent & {
  forward(x: Tensor, state?: unknown, options?: nn.LengthOptions): [Tensor, State];
};
const parts = (state: State): Tensor[] => (Array.isArray(state) ? state : [state]);

/** Every kind, with 3 features in and 4 out. */
const kinds: [string, (options: nn.LSTMOptions) => Recurrent][] = [
  ["RNN", (options) => new nn.RNN(3, 4, options) as Recurrent],
  ["GRU", (options) => new nn.GRU(3, 4, options) as Recurrent],
  ["LSTM", (options) => new nn.LSTM(3, 4, options) as Recurrent],
  [
    "LSTM with projection",
    (options) => new nn.LSTM(3, 4, { ...options, projSize: 2 }) as Recurrent,
  ],
];

describe.each(kinds)("%s", (_, make) => {
  it("reads padded sequences as it reads each alone, forwards and backward", async () => {
    const model = make({ numLayers: 2, bidirectional: true, batchFirst: true, seed: 1 });
    const lengths = [2, 5, 1];
    const x = wave([3, 5, 3]);
    // What stands past the end must not matter, not even where it is NaN.
    const alone = lengths.map((n, i) => narrow(narrow(x, 0, i, 1), 1, 0, n));
    const padded = alone.map((row, i) => {
      const rest = 5 - lengths[i]!;
      return rest === 0
        ? row
        : cat([row, tensor(new Array(rest * 3).fill(Number.NaN), { shape: [1, rest, 3] })], 1);
    });
    const results = alone.map((row) => model.forward(row));
    const weighted = (all: readonly Tensor[]) =>
      all.map((y) => sum(mul(y, y))).reduce((a, b) => a.add(b));
    weighted(results.flatMap(([output, state]) => [output, ...parts(state)])).backward();
    const wanted = model.parameters().map((p) => p.grad!);
    for (const given of [lengths, Int32Array.from(lengths), tensor(lengths, { dtype: "int32" })]) {
      model.zeroGrad();
      const [output, state] = model.forward(cat(padded), null, { lengths: given });
      weighted([output, ...parts(state)]).backward();
      for (const [i, [single, last]] of results.entries()) {
        await expectClose(narrow(narrow(output, 0, i, 1), 1, 0, lengths[i]!), single);
        for (const [k, part] of parts(last).entries()) {
          await expectClose(narrow(parts(state)[k]!, 1, i, 1), part);
        }
      }
      const beyond = await narrow(narrow(output, 0, 0, 1), 1, 2, 3).data();
      expect(new Set(beyond)).toEqual(new Set([0]));
      for (const [i, p] of model.parameters().entries()) await expectClose(p.grad!, wanted[i]!);
    }
  });

  it("reads backward what a layer of the same weights reads from a flipped input", async () => {
    const model = make({ bidirectional: true, seed: 2 });
    const [ahead, back] = [make({ seed: 3 }), make({ seed: 4 })];
    const own = model.stateDict();
    const half = (suffix: string) =>
      Object.fromEntries(
        [...ahead.stateDict().keys()].map((name) => [name, own.get(name + suffix)!]),
      );
    ahead.loadStateDict(half(""));
    back.loadStateDict(half("_reverse"));
    const x = wave([5, 2, 3]);
    const [output, state] = model.forward(x);
    const [first, a] = ahead.forward(x);
    const [second, b] = back.forward(flip(x, 0));
    await expectClose(output, cat([first, flip(second, 0)], 2));
    for (const [k, part] of parts(state).entries()) {
      await expectClose(part, cat([parts(a)[k]!, parts(b)[k]!]));
    }
  });

  it("goes on from a state, and takes a single example or the batch first", async () => {
    const model = make({ numLayers: 2, seed: 5 });
    const x = wave([6, 2, 3]);
    const [output, state] = model.forward(x);
    const [head, between] = model.forward(narrow(x, 0, 0, 4));
    const [tail, last] = model.forward(narrow(x, 0, 4, 2), between);
    await expectClose(cat([head, tail]), output);
    for (const [k, part] of parts(last).entries()) await expectClose(part, parts(state)[k]!);

    const one = (y: Tensor) => narrow(y, 1, 1, 1).squeeze(1);
    const [single, end] = model.forward(one(narrow(x, 0, 4, 2)), asGiven(parts(between).map(one)));
    await expectClose(single, one(tail));
    for (const [k, part] of parts(end).entries()) await expectClose(part, one(parts(last)[k]!));

    const swapped = make({ numLayers: 2, batchFirst: true });
    swapped.loadStateDict(model.stateDict());
    const [rows, same] = swapped.forward(x.transpose(0, 1));
    await expectClose(rows.transpose(0, 1), output);
    for (const [k, part] of parts(same).entries()) await expectClose(part, parts(state)[k]!);
  });

  it("drops outputs between layers in training, and none of the last", async () => {
    const x = wave([4, 2, 3]);
    const all = make({ numLayers: 2, dropout: 1, seed: 6 });
    const none = make({ numLayers: 2, seed: 6 });
    const [output, state] = all.forward(x);
    // The upper layer reads zeros, the lower one what it always reads.
    const [upper, lower] = [make({}), none.forward(x)[1]];
    const names = [...upper.stateDict().keys()].filter((name) => !name.startsWith("weight_ih"));
    const state1 = all.stateDict();
    upper.loadStateDict(
      Object.fromEntries(names.map((name) => [name, state1.get(name.replace("l0", "l1"))!])),
      { strict: false },
    );
    await expectClose(output, upper.forward(x.mul(0))[0]);
    await expectClose(narrow(parts(state)[0]!, 0, 0, 1), narrow(parts(lower)[0]!, 0, 0, 1));
    await expectClose(all.eval().forward(x)[0], none.forward(x)[0]);

    const seeded = () => make({ numLayers: 2, dropout: 0.5, seed: 7 });
    const [a, b] = [seeded(), seeded()];
    const first = a.forward(x)[0];
    await expectClose(b.forward(x)[0], first);
    expect(await a.forward(x)[0].data()).not.toEqual(await first.data());
  });
});

const asGiven = (state: Tensor[]): unknown => (state.length === 1 ? state[0] : state);

it("cells are the steps of layers", async () => {
  const x = wave([3, 2, 3]);
  const pairs = [
    [new nn.RNN(3, 4, { nonlinearity: "relu" }), new nn.RNNCell(3, 4, { nonlinearity: "relu" })],
    [new nn.GRU(3, 4, { bias: false }), new nn.GRUCell(3, 4, { bias: false })],
    [new nn.LSTM(3, 4), new nn.LSTMCell(3, 4)],
  ] as unknown as [Recurrent, nn.Module & { forward(x: Tensor, state?: unknown): State }][];
  for (const [layer, cell] of pairs) {
    const named = [...layer.stateDict()].map(([name, p]) => [name.replace("_l0", ""), p] as const);
    expect(cell.loadStateDict(new Map(named))).toEqual({ missing: [], unexpected: [] });
    const [output, final] = layer.forward(x);
    let state: State | undefined;
    for (let t = 0; t < 3; t++) {
      state = cell.forward(x.select(0, t), state);
      await expectClose(parts(state)[0]!, output.select(0, t));
    }
    for (const [k, part] of parts(state!).entries()) {
      await expectClose(part, parts(final)[k]!.squeeze(0));
    }
    const single = cell.forward(x.select(0, 0).select(0, 1));
    await expectClose(parts(single)[0]!, output.select(0, 0).select(0, 1));
  }
});

it("parameters have PyTorch's names, shapes and order", () => {
  const shapes = (model: nn.Module) =>
    Object.fromEntries([...model.stateDict()].map(([name, { shape }]) => [name, shape]));
  const lstm = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2 });
  const layer = (inputs: number, suffix: string) => [
    [`weight_ih_${suffix}`, [16, inputs]],
    [`weight_hh_${suffix}`, [16, 2]],
    [`bias_ih_${suffix}`, [16]],
    [`bias_hh_${suffix}`, [16]],
    [`weight_hr_${suffix}`, [2, 4]],
  ];
  const expected = [
    ...layer(3, "l0"),
    ...layer(3, "l0_reverse"),
    ...layer(4, "l1"),
    ...layer(4, "l1_reverse"),
  ];
  expect(Object.entries(shapes(lstm))).toEqual(expected);
  expect(lstm.weights[3]!.weightHh).toBe(lstm.parameters()[16]);
  expect(shapes(new nn.GRU(3, 4, { bias: false }))).toEqual({
    weight_ih_l0: [12, 3],
    weight_hh_l0: [12, 4],
  });
  expect(shapes(new nn.RNNCell(3, 4))).toEqual({
    weight_ih: [4, 3],
    weight_hh: [4, 4],
    bias_ih: [4],
    bias_hh: [4],
  });
});

it("parameters start U(±1/√hiddenSize), by their seed", async () => {
  const [a, b] = [new nn.LSTM(2, 100, { seed: 3 }), new nn.LSTM(2, 100, { seed: 3 })];
  for (const [i, p] of a.parameters().entries()) {
    const values = await p.data();
    expect(values).toEqual(await b.parameters()[i]!.data());
    const top = Math.max(...values.map(Math.abs));
    expect(top).toBeLessThanOrEqual(1 / 10);
    expect(top).toBeGreaterThan(0.98 / 10);
  }
});

it("layers say how they were built", () => {
  const lstm = new nn.LSTM(8, 32, { numLayers: 2, bidirectional: true, projSize: 4 });
  expect(String(lstm)).toBe("LSTM(8, 32, { projSize: 4, numLayers: 2, bidirectional: true })");
  expect(String(new nn.RNN(8, 32, { nonlinearity: "relu" }))).toBe(
    'RNN(8, 32, { nonlinearity: "relu" })',
  );
  expect(String(new nn.GRUCell(8, 32))).toBe("GRUCell(8, 32)");
  expect(String(new nn.RNNCell(8, 32, { bias: false, nonlinearity: "relu" }))).toBe(
    'RNNCell(8, 32, { bias: false, nonlinearity: "relu" })',
  );
});
