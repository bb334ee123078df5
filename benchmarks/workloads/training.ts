// The networks that every side trains with Adam (lr 1e-3, betas 0.9 and 0.999, eps 1e-8) on the
// mean softmax cross-entropy: initial weights, and a few batches that are taken in turn. Layouts:
// images [batch, height, width, channels], convolutions [3, 3, in, out], dense [in, out].
import { sizeOf, stream, uniform, type Values } from "./random.ts";

/** Distinct batches; step i trains on batch i modulo this. */
export const BATCHES = 4;

export const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

export interface Batch {
  readonly x: Values;
  /** One-hot rows. */
  readonly y: Values;
}

export interface Training {
  readonly batches: readonly Batch[];
  readonly parameters: Readonly<Record<string, Values>>;
}

/** As PyTorch begins: uniform in ±1/√fanIn. */
function initial(shape: readonly number[], fanIn: number, seed: number): Values {
  const bound = 1 / Math.sqrt(fanIn);
  return { shape, data: uniform(sizeOf(shape), seed, -bound, bound) };
}

function oneHot(labels: readonly number[], classes: number): Values {
  const data = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) data[row * classes + label] = 1;
  return { shape: [labels.length, classes], data };
}

/** Labels that can be learnt: the largest of fixed random projections of a row. */
function labelsOf(x: Float32Array, rows: number, classes: number, seed: number): number[] {
  const width = x.length / rows;
  const weights = uniform(width * classes, seed);
  return Array.from({ length: rows }, (_, row) => {
    const scores = new Float64Array(classes);
    for (let i = 0; i < width; i++) {
      const value = x[row * width + i];
      for (let j = 0; j < classes; j++) scores[j] += value * weights[i * classes + j];
    }
    return scores.indexOf(Math.max(...scores));
  });
}

const batchesOf = (make: (index: number) => Batch): Batch[] =>
  Array.from({ length: BATCHES }, (_, index) => make(index));

export interface MlpSizes {
  readonly batch: number;
  /** Input, hidden layers, classes. */
  readonly widths: readonly number[];
}

export const mlpSizes: MlpSizes = { batch: 128, widths: [784, 256, 128, 10] };

/** Dense layers with relu between them: parameters w1, b1, w2, b2, ... */
export function mlpTraining({ batch, widths }: MlpSizes): Training {
  const classes = widths.at(-1)!;
  const parameters: Record<string, Values> = {};
  for (let i = 1; i < widths.length; i++) {
    const fanIn = widths[i - 1];
    parameters[`w${i}`] = initial([fanIn, widths[i]], fanIn, 2 * i - 1);
    parameters[`b${i}`] = initial([widths[i]], fanIn, 2 * i);
  }
  const batches = batchesOf((index) => {
    const data = uniform(batch * widths[0], 100 + index, 0, 1);
    const y = oneHot(labelsOf(data, batch, classes, 7), classes);
    return { x: { shape: [batch, widths[0]], data }, y };
  });
  return { batches, parameters };
}

export interface CnnSizes {
  readonly batch: number;
}

export const cnnSizes: CnnSizes = { batch: 64 };

/** conv 16, relu, pool 2, conv 32, relu, pool 2, dense on images of 28 x 28. */
export function cnnTraining({ batch }: CnnSizes): Training {
  const parameters = {
    w1: initial([3, 3, 1, 16], 9, 11),
    b1: initial([16], 9, 12),
    w2: initial([3, 3, 16, 32], 144, 13),
    b2: initial([32], 144, 14),
    w3: initial([7 * 7 * 32, 10], 1568, 15),
    b3: initial([10], 1568, 16),
  };
  const batches = batchesOf((index) => {
    const data = uniform(batch * 28 * 28, 200 + index, 0, 1);
    const y = oneHot(labelsOf(data, batch, 10, 17), 10);
    return { x: { shape: [batch, 28, 28, 1], data }, y };
  });
  return { batches, parameters };
}

export interface LstmSizes {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

export const lstmSizes: LstmSizes = { batch: 32, steps: 32, inputs: 64, hidden: 128, outputs: 64 };

/** A sequence of symbols, one-hot: the next one is 5 c + 3, but for one in ten. */
function sequences({ batch, steps, inputs, outputs }: LstmSizes, seed: number): Batch {
  const next = stream(seed);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let row = 0; row < batch; row++) {
    let symbol = Math.floor(next() * inputs);
    for (let t = 0; t < steps; t++) {
      xs.push(symbol);
      symbol = next() < 0.1 ? Math.floor(next() * outputs) : (symbol * 5 + 3) % outputs;
      ys.push(symbol);
    }
  }
  const x = { shape: [batch, steps, inputs], data: oneHot(xs, inputs).data };
  return { x, y: oneHot(ys, outputs) };
}

/** LSTM over the whole sequence, a dense layer on every step; gates in PyTorch's order i, f, g, o.
 *  x [batch, steps, inputs], y [batch * steps, outputs]. */
export function lstmTraining(sizes: LstmSizes): Training {
  const { inputs, hidden, outputs } = sizes;
  const parameters = {
    wx: initial([inputs, 4 * hidden], hidden, 21),
    wh: initial([hidden, 4 * hidden], hidden, 22),
    b: initial([4 * hidden], hidden, 23),
    wo: initial([hidden, outputs], hidden, 24),
    bo: initial([outputs], hidden, 25),
  };
  return { parameters, batches: batchesOf((index) => sequences(sizes, 300 + index)) };
}
