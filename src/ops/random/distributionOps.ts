import { invoke } from "../../../kernels/math/floatHelpers.ts";
import {
  GAMMA_ATTEMPTS,
  gammaHelper,
  POISSON_MOST,
  POISSON_PART,
  POISSON_PARTS,
  poissonHelper,
} from "../../../kernels/random/distributions.ts";
import type { DType } from "../../core/dtype.ts";
import type { Helper } from "../../core/ir.ts";
import { broadcasting, defineOp, pointwise } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { exactly, type SampleInput } from "../samples.ts";
import { threefry, unitNumber } from "./threefry.ts";

type Draw = (
  index: TensorLike,
  parameter: TensorLike,
  seed: TensorLike,
  draw: TensorLike,
) => Tensor;
type HostDraw = (index: number, parameter: number, seed: number, draw: number) => number;

/** Uniform on (0, 1]. */
const unit = (bits: number): number => ((bits >>> 8) + 1) / 2 ** 24;

/** See `gammaHelper`, which computes the same on a GPU. */
const gammaNumber: HostDraw = (index, alpha, seed, draw) => {
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  let v = 1;
  for (let attempt = 0; attempt < GAMMA_ATTEMPTS; attempt++) {
    const [first, second] = threefry(index, 2 * attempt + 1, seed, draw);
    const radius = Math.sqrt(-2 * Math.log(unit(first)));
    const x = radius * Math.cos(2 * Math.PI * unitNumber(second));
    const root = 1 + c * x;
    v = root ** 3;
    const u = unit(threefry(index, 2 * attempt + 2, seed, draw)[0]);
    if (root > 0 && Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) break;
    v = 1;
  }
  const u = unit(threefry(index, 0, seed, draw)[0]);
  return d * v * (alpha < 1 ? Math.exp(Math.log(u) / alpha) : 1);
};

/** See `poissonHelper`. */
const poissonNumber: HostDraw = (index, mean, seed, draw) => {
  const parts = Math.min(Math.max(Math.ceil(mean / POISSON_PART), 1), POISSON_PARTS);
  const rate = mean / parts;
  let total = 0;
  for (let part = 0; part < parts; part++) {
    const u = unitNumber(threefry(index, part, seed, draw)[0]);
    let chance = Math.exp(-rate);
    let sum = chance;
    let count = 0;
    while (u >= sum && count < POISSON_MOST && (count < rate || chance > 1e-9)) {
      count++;
      chance *= rate / count;
      sum += chance;
    }
    total += count;
  }
  return total;
};

function drawOp(name: string, helper: Helper, host: HostDraw, parameters: readonly number[]): Draw {
  const operands: DType[] = ["uint32", "float32", "uint32", "uint32"];
  const key = (): SampleInput[] => [exactly([], [17], "uint32"), exactly([], [5], "uint32")];
  return defineOp<4>({
    name,
    arity: 4,
    shape: broadcasting(name),
    dtype: () => ({ operands, result: "float32" }),
    forward: pointwise({
      wgsl: ([index, parameter, seed, draw], lanes) =>
        invoke(helper, lanes, index!, parameter!, seed!, draw!),
      js: () => host as (...args: number[]) => number,
      weight: 2000,
      helpers: [helper],
    }),
    draws: true,
    vjp: null,
    nondifferentiable: "how many attempts a draw takes is a step function of its parameter",
    derivative: ["none", "none", "none", "none"],
    samples: () => [
      [exactly([8], [0, 1, 2, 3, 4, 5, 6, 7], "uint32"), exactly([8], parameters), ...key()],
      [exactly([3, 1], [7, 8, 9], "uint32"), exactly([2], parameters), ...key()],
    ],
  });
}

/** A gamma number with this shape parameter and scale 1. */
export const randomGamma: Draw = drawOp(
  "randomGamma",
  gammaHelper,
  gammaNumber,
  [0.3, 1, 2.5, 10, 0.9, 4, 1.5, 60],
);

/** A Poisson number with this mean, float32. */
export const randomPoisson: Draw = drawOp(
  "randomPoisson",
  poissonHelper,
  poissonNumber,
  [0.5, 3, 14, 40, 1, 7, 0, 100],
);
