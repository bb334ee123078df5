import * as ops from "../../../src/ops/index.ts";
import { uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

type Affine = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;
const affine = (name: string, f: Affine, channels: number): Composed =>
  composed(name, f as never, () => [
    [uniform([2, 4, 3]), uniform([channels], 0.5, 2), uniform([channels])],
  ]);

export const norms = (): Composed[] => [
  affine(
    "batchNorm",
    (x, weight, bias) => ops.batchNorm(x, null, null, { weight, bias, training: true, eps: 0.1 }),
    4,
  ),
  affine(
    "batchNorm by running statistics",
    (x, mean, bias) => ops.batchNorm(x, mean, ops.square(bias), { bias, eps: 0.1 }),
    4,
  ),
  unary(
    "batchNormWithRunning",
    (x) => {
      const start = ops.ones([x.shape[1]!], { device: x.device });
      return ops.batchNormWithRunning(x, start, start, { training: true }).runningVar!;
    },
    [uniform([3, 2, 2])],
  ),
  affine("layerNorm", (x, weight, bias) => ops.layerNorm(x, 3, { weight, bias, eps: 0.1 }), 3),
  affine("groupNorm", (x, weight, bias) => ops.groupNorm(x, 2, { weight, bias, eps: 0.1 }), 4),
  affine("instanceNorm", (x, weight, bias) => ops.instanceNorm(x, { weight, bias, eps: 0.1 }), 4),
  unary("rmsNorm", (x) => ops.rmsNorm(x, [4, 3], { eps: 0.1 }), [
    uniform([2, 4, 3], -2, 2, "transposed"),
  ]),
  unary("localResponseNorm", (x) => ops.localResponseNorm(x, 3, { alpha: 0.5 }), [
    uniform([2, 4, 3]),
  ]),
];
