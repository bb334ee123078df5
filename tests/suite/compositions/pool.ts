import * as ops from "../../../src/ops/index.ts";
import { distinct, exactly, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

const planes = () => [distinct([2, 5, 6], 0.2, "transposed")];

export const pools = (): Composed[] => [
  unary("maxPool2d", (x) => ops.maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }), [
    distinct([1, 2, 4, 5]),
  ]),
  unary("avgPool2d", (x) => ops.avgPool2d(x, 2, { padding: 1, countIncludePad: false }), planes()),
  unary("avgPool3d", (x) => ops.avgPool3d(x, [1, 2, 2], { divisorOverride: 3 }), [
    uniform([1, 2, 3, 4]),
  ]),
  unary("adaptiveAvgPool2d", (x) => ops.adaptiveAvgPool2d(x, [1, null]), planes()),
  unary("adaptiveMaxPool1d", (x) => ops.adaptiveMaxPool1d(x, 3), [distinct([2, 7])]),
  unary("lpPool1d", (x) => ops.lpPool1d(x, 3, 2, { ceilMode: true }), [uniform([2, 5], 0.5, 2)]),
  composed(
    "maxUnpool2d",
    ((x: Tensor, i: Tensor) => ops.maxUnpool2d(x, i, 2, { outputSize: [5, 4] })) as never,
    () => [[uniform([1, 2, 2]), exactly([1, 2, 2], [5, 2, 12, 19], "int32")]],
  ),
];
