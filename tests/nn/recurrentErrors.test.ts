import { DTypeError, nn, ShapeError, setDefaultDevice, tensor, ValueError, zeros } from "tapegrad";
import { beforeAll, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

type Refused = readonly [() => unknown, typeof ValueError | typeof ShapeError, string];

const x = () => zeros([5, 2, 3]);
const padded = (lengths: nn.Lengths, input = x()) =>
  new nn.GRU(3, 4).forward(input, null, { lengths });

const refused: Readonly<Record<string, Refused>> = {
  "a size that is not whole": [
    () => new nn.LSTM(8.5, 32),
    ValueError,
    "LSTM: inputSize is not a whole number of at least 1; got 8.5. Give for example inputSize 8.",
  ],
  "no hidden units": [() => new nn.GRU(8, 0), ValueError, "GRU: hiddenSize is not a whole number"],
  "no layers": [
    () => new nn.RNN(8, 4, { numLayers: 0 }),
    ValueError,
    "RNN: numLayers is not a whole number of at least 1; got 0.",
  ],
  "a cell without inputs": [
    () => new nn.LSTMCell(-1, 4),
    ValueError,
    "LSTMCell: inputSize is not a whole number of at least 1; got -1.",
  ],
  "no probability": [
    () => new nn.LSTM(8, 32, { numLayers: 2, dropout: 1.5 }),
    ValueError,
    "LSTM: dropout is not a probability; got 1.5. Use a number from 0 to 1, such as 0.2.",
  ],
  "a projection as wide as the state": [
    () => new nn.LSTM(8, 32, { projSize: 32 }),
    ValueError,
    "LSTM: projSize is not a whole number below hiddenSize; got projSize 32, hiddenSize 32. Use " +
      "a smaller one, or 0 for no projection.",
  ],
  "a projection that is not whole": [
    () => new nn.LSTM(8, 32, { projSize: 2.5 }),
    ValueError,
    "got projSize 2.5",
  ],
  "another nonlinearity": [
    () => new nn.RNN(8, 32, { nonlinearity: "gelu" as "relu" }),
    ValueError,
    'RNN: unknown nonlinearity; got "gelu". Use "tanh" or "relu".',
  ],
  "another nonlinearity of a cell": [
    () => new nn.RNNCell(8, 32, { nonlinearity: "gelu" as "relu" }),
    ValueError,
    "RNNCell: unknown nonlinearity",
  ],
  "another number of features": [
    () => new nn.LSTM(8, 32).forward(zeros([5, 2, 7])),
    ShapeError,
    "LSTM: the last axis does not have 8 features; got x [5, 2, 7]. Reshape x, or build the " +
      "layer with its size.",
  ],
  "too many axes": [
    () => new nn.LSTM(8, 32, { batchFirst: true }).forward(zeros([1, 5, 2, 8])),
    ShapeError,
    "LSTM: x has 4 axes; got x [1, 5, 2, 8]. Make it [batch, steps, features], or [steps, " +
      "features] for a single example.",
  ],
  "too few axes": [() => new nn.RNN(8, 32).forward(zeros([8])), ShapeError, "RNN: x has 1 axes"],
  "too many axes for a cell": [
    () => new nn.GRUCell(8, 32).forward(zeros([5, 2, 8])),
    ShapeError,
    "GRUCell: x has 3 axes; got x [5, 2, 8]. Make it [batch, features], or [features] for a " +
      "single example.",
  ],
  "no steps": [
    () => new nn.GRU(3, 4).forward(zeros([0, 2, 3])),
    ShapeError,
    "GRU: a sequence has no steps; got x [0, 2, 3]. Give at least one step.",
  ],
  "no steps, batch first": [
    () => new nn.GRU(3, 4, { batchFirst: true }).forward(zeros([2, 0, 3])),
    ShapeError,
    "GRU: a sequence has no steps; got x [2, 0, 3].",
  ],
  "the state of another batch": [
    () => new nn.GRU(3, 4, { bidirectional: true }).forward(x(), zeros([2, 3, 4])),
    ShapeError,
    "GRU: the state h0 does not fit layer and input; got [2, 3, 4] instead of [2, 2, 4]. Give " +
      "the state of a call with as many examples, or none for zeros.",
  ],
  "a batched state for one example": [
    () => new nn.RNN(3, 4).forward(zeros([5, 3]), zeros([1, 1, 4])),
    ShapeError,
    "RNN: the state h0 does not fit layer and input; got [1, 1, 4] instead of [1, 4].",
  ],
  "a cell state of the projection's size": [
    () => new nn.LSTM(3, 4, { projSize: 2 }).forward(x(), [zeros([1, 2, 2]), zeros([1, 2, 2])]),
    ShapeError,
    "LSTM: the state c0 does not fit layer and input; got [1, 2, 2] instead of [1, 2, 4].",
  ],
  "half a state": [
    () => new nn.LSTM(3, 4).forward(x(), zeros([1, 2, 4]) as never),
    ShapeError,
    "LSTM: the state h0 does not fit layer and input; got undefined instead of [1, 2, 4].",
  ],
  "half a state of a cell": [
    () => new nn.LSTMCell(3, 4).forward(zeros([2, 3]), [zeros([2, 4])] as never),
    ShapeError,
    "LSTMCell: the state c does not fit layer and input; got undefined instead of [2, 4].",
  ],
  "a state of another size": [
    () => new nn.RNNCell(3, 4).forward(zeros([2, 3]), zeros([2, 3])),
    ShapeError,
    "RNNCell: the state h does not fit layer and input; got [2, 3] instead of [2, 4].",
  ],
  "too few lengths": [
    () => padded([5]),
    ShapeError,
    "GRU: there is not one length for each of the 2 examples; got lengths [1]. Give one number " +
      "per example.",
  ],
  "lengths with axes": [
    () => padded(tensor([[5, 4]], { dtype: "int32" })),
    ShapeError,
    "got lengths [1, 2]",
  ],
  "an empty sequence": [
    () => padded([5, 0]),
    ValueError,
    "GRU: a length is not a whole number from 1 to 5, the steps of x; got 0. Leave empty " +
      "sequences out, and pad x to the longest.",
  ],
  "a length past the end": [() => padded(Int32Array.of(6, 1)), ValueError, "got 6"],
  "a length past the end in a tensor": [
    () => padded(tensor([6, 1], { dtype: "int32" })),
    ValueError,
    "got 6",
  ],
  "half a step": [() => padded([1.5, 2]), ValueError, "got 1.5"],
  "lengths of floats": [
    () => padded(tensor([5, 4])),
    DTypeError,
    "GRU: lengths are not integers; got dtype float32. Cast them to int32.",
  ],
};

it.each(Object.entries(refused))("refuses %s", (_, [call, error, message]) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});

it("accepts dropout with one layer, where there is nothing to drop", async () => {
  const layer = new nn.LSTM(3, 4, { dropout: 1, seed: 0 });
  const [output] = layer.forward(x().add(1));
  expect((await output.data()).every((v) => v !== 0)).toBe(true);
});
