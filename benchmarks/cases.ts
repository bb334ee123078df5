// What is measured: one entry a case, which every side runs on the same numbers.
import type { Runnable, Side } from "./sides/side.ts";
import { type ConvSizes, convFlops, convSizes } from "./workloads/operations.ts";
import {
  type CnnSizes,
  cnnSizes,
  type LstmSizes,
  lstmSizes,
  type MlpSizes,
  mlpSizes,
} from "./workloads/training.ts";

type Building = Runnable | Promise<Runnable>;

export interface Case {
  readonly kind: "operation" | "training";
  readonly title: string;
  /** Multiplications and additions of one step, in millions. */
  readonly mflops: number;
  /** The sizes of the benchmark; tests and the sweep bring others of the same form. */
  readonly sizes: unknown;
  build(side: Side, sizes: unknown): Building;
}

/** Ties the sizes of a case to what `build` takes, which a table of cases cannot say. */
function define<Sizes>(entry: {
  kind: Case["kind"];
  title: string;
  mflops: number;
  sizes: Sizes;
  build(side: Side, sizes: Sizes): Building;
}): Case {
  return { ...entry, build: (side, sizes) => entry.build(side, sizes as Sizes) };
}

const mega = 2 ** 20;

export const cases = {
  matmul1024: define<{ size: number }>({
    kind: "operation",
    title: "matmul 1024 x 1024 x 1024",
    mflops: (2 * 1024 ** 3) / 1e6,
    sizes: { size: 1024 },
    build: (side, { size }) => side.matmul(size),
  }),
  bmm64: define<{ batch: number; size: number }>({
    kind: "operation",
    title: "64 matmuls of 64 x 64 x 64",
    mflops: (2 * 64 ** 4) / 1e6,
    sizes: { batch: 64, size: 64 },
    build: (side, { batch, size }) => side.batchedMatmul(batch, size),
  }),
  elementwise: define<{ count: number }>({
    kind: "operation",
    title: "tanh(1.5 x + 0.25) sigmoid(x) - relu(x), 4 Mi",
    mflops: 0,
    sizes: { count: 4 * mega },
    build: (side, { count }) => side.elementwise(count),
  }),
  sum: define<{ count: number }>({
    kind: "operation",
    title: "sum of 4 Mi",
    mflops: 0,
    sizes: { count: 4 * mega },
    build: (side, { count }) => side.sum(count),
  }),
  softmax: define<{ size: number }>({
    kind: "operation",
    title: "softmax of 1024 rows of 1024",
    mflops: 0,
    sizes: { size: 1024 },
    build: (side, { size }) => side.softmax(size),
  }),
  conv: define<ConvSizes>({
    kind: "operation",
    title: "convolution 3 x 3, 8 x 32 x 32 x 32 -> 64",
    mflops: convFlops(convSizes) / 1e6,
    sizes: convSizes,
    build: (side, sizes) => side.conv(sizes),
  }),
  convTrain: define<ConvSizes>({
    kind: "operation",
    title: "the same, forward and both gradients",
    mflops: (3 * convFlops(convSizes)) / 1e6,
    sizes: convSizes,
    build: (side, sizes) => side.convTrain(sizes),
  }),
  twoAdds: define<{ count: number }>({
    kind: "operation",
    title: "x + y + z, 4 Mi",
    mflops: 0,
    sizes: { count: 4 * mega },
    build: (side, { count }) => side.twoAdds(count),
  }),
  mlp: define<MlpSizes>({
    kind: "training",
    title: "MLP 784-256-128-10, batch 128, Adam",
    mflops: 180,
    sizes: mlpSizes,
    build: (side, sizes) => side.mlp(sizes),
  }),
  cnn: define<CnnSizes>({
    kind: "training",
    title: "CNN 28 x 28, batch 64, Adam",
    mflops: 396,
    sizes: cnnSizes,
    build: (side, sizes) => side.cnn(sizes),
  }),
  lstm: define<LstmSizes>({
    kind: "training",
    title: "LSTM 64 -> 128 -> 64, T = 32, batch 32, Adam",
    mflops: 653,
    sizes: lstmSizes,
    build: (side, sizes) => side.lstm(sizes),
  }),
} as const satisfies Record<string, Case>;

export type CaseName = keyof typeof cases;

export const trainingCases = ["mlp", "cnn", "lstm"] as const satisfies readonly CaseName[];
