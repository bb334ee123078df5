import * as ops from "../../../src/ops/index.ts";
import { distinct, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

const integral = (y: Tensor, x: Tensor): Tensor => ops.trapezoid(y, { x, axis: 0 });

/** Long enough for blocks, and two lines, so that they must not run into each other. */
const long = (lo: number, hi: number) => [uniform([2, 2500], lo, hi)];

export const scans = (): Composed[] => [
  unary("cumsum of long lines", (x) => ops.cumsum(x, 1), long(0, 1)),
  unary("cumprod of long lines", (x) => ops.cumprod(x, 1), long(0.998, 1.002)),
  unary("logcumsumexp of long lines", (x) => ops.logcumsumexp(x, 1), long(-1, 1)),
  unary("cummax", (x) => ops.cummax(x, 0).values, [distinct([5, 3])]),
  unary("places of cummin", (x) => ops.cummin(x, -1).indices, [distinct([3, 5])]),
  unary("diff", (x) => ops.diff(x, { n: 2, axis: 0, append: x }), [uniform([3, 2])]),
  composed("trapezoid", integral as never, () => [[uniform([4, 3]), uniform([4])]]),
  unary("cumulativeTrapezoid", (y) => ops.cumulativeTrapezoid(y, { dx: 0.5 }), [uniform([2, 4])]),
];
