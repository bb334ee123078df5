import { infHelper, invoke, logHelper, nanHelper } from "../../../kernels/math/floatHelpers.ts";
import {
  normalHelper,
  permuteHelper,
  threefryHelper,
  threefryWordHelper,
  turnHelper,
  unitHelper,
} from "../../../kernels/random/random.ts";
import type { DType } from "../../core/dtype.ts";
import { broadcasting, defineOp, pointwise, type Ternary } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { exactly, integers } from "../samples.ts";
import { normalNumber, permutedPlace, threefry, unitNumber } from "./threefry.ts";

/**
 * Random numbers as element-wise functions of (index, seed, draw): they fuse into whatever uses
 * them, and computing one again gives it again.
 */

const words =
  (result: DType) =>
  (dtypes: readonly DType[]): { operands: DType[]; result: DType } => ({
    operands: dtypes.map(() => "uint32"),
    result,
  });

const fixed = {
  draws: true as const,
  vjp: null,
  nondifferentiable: "a random number does not depend on its counter smoothly",
  derivative: ["none", "none", "none"],
  samples: () => [
    [
      integers([3, 8], 0, 2 ** 32, "uint32"),
      exactly([], [4711], "uint32"),
      exactly([], [3], "uint32"),
    ],
    [
      integers([2, 5], 0, 99, "uint32", "transposed"),
      exactly([], [0], "uint32"),
      exactly([], [0], "uint32"),
    ],
    [integers([0], 0, 9, "uint32"), exactly([], [1], "uint32"), exactly([], [2], "uint32")],
  ],
};

/** 32 random bits per element, uint32: the first word of threefry(index, 0; seed, draw). */
export const randomBits: Ternary = defineOp<3>({
  name: "randomBits",
  arity: 3,
  shape: broadcasting("randomBits"),
  dtype: words("uint32"),
  forward: pointwise({
    wgsl: ([c, seed, draw], lanes) =>
      invoke(threefryHelper, lanes, c!, `${lanes.type("uint32")}(0u)`, seed!, draw!, "0u"),
    js: () => (c, seed, draw) => threefry(c!, 0, seed!, draw!)[0],
    weight: 60,
    helpers: [threefryHelper],
  }),
  ...fixed,
});

/** Uniform on [0, 1), float32: multiples of 2⁻²⁴, equal on every device. */
export const randomUniform: Ternary = defineOp<3>({
  name: "randomUniform",
  arity: 3,
  shape: broadcasting("randomUniform"),
  dtype: words("float32"),
  forward: pointwise({
    wgsl: ([c, seed, draw], lanes) => {
      const zero = `${lanes.type("uint32")}(0u)`;
      return invoke(unitHelper, lanes, invoke(threefryHelper, lanes, c!, zero, seed!, draw!, "0u"));
    },
    js: () => (c, seed, draw) => unitNumber(threefry(c!, 0, seed!, draw!)[0]),
    weight: 60,
    helpers: [threefryHelper, unitHelper],
  }),
  ...fixed,
});

/** Standard normal, float32; equal on every device up to rounding. */
export const randomNormal: Ternary = defineOp<3>({
  name: "randomNormal",
  arity: 3,
  shape: broadcasting("randomNormal"),
  dtype: words("float32"),
  forward: pointwise({
    wgsl: ([c, seed, draw], lanes) => invoke(normalHelper, lanes, c!, seed!, draw!),
    js: () => normalNumber as (...args: number[]) => number,
    weight: 130,
    helpers: [threefryHelper, normalHelper, turnHelper, logHelper, infHelper, nanHelper],
  }),
  ...fixed,
});

type Place = (index: TensorLike, count: TensorLike, seed: TensorLike, draw: TensorLike) => Tensor;

/** The image of index under a random permutation of 0 … count - 1, uint32. */
export const randomPlace: Place = defineOp<4>({
  name: "randomPlace",
  arity: 4,
  shape: broadcasting("randomPlace"),
  dtype: words("uint32"),
  forward: pointwise({
    wgsl: ([index, count, seed, draw], lanes) =>
      invoke(permuteHelper, lanes, index!, count!, seed!, draw!),
    js: () => permutedPlace as (...args: number[]) => number,
    weight: 2000,
    helpers: [threefryWordHelper, permuteHelper],
  }),
  draws: true,
  vjp: null,
  nondifferentiable: "places are whole numbers",
  derivative: ["none", "none", "none", "none"],
  samples: () =>
    [1, 2, 10, 64].map((n) => [
      exactly(
        [n],
        Array.from({ length: n }, (_, i) => i),
        "uint32",
      ),
      exactly([], [n], "uint32"),
      exactly([], [99], "uint32"),
      exactly([], [7], "uint32"),
    ]),
});
