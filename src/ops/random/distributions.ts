import { ValueError } from "../../core/errors.ts";
import { broadcast, checkShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import { defaultDevice } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { add, div, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { exp, log } from "../elementwise/elementwise.ts";
import { clamp } from "../elementwise/extrema.ts";
import { ceil } from "../elementwise/rounding.ts";
import { log1p } from "../elementwise/special.ts";
import { tan } from "../elementwise/trigonometry.ts";
import { reshape } from "../movement/movement.ts";
import { randomGamma, randomPoisson } from "./distributionOps.ts";
import { defaultGenerator } from "./generator.ts";
import { keyOf, normal, onDeviceOf, type PlainRandom, rand } from "./random.ts";

/**
 * Draws from further distributions. Parameters are numbers, or tensors that broadcast to the
 * shape; where a tensor is given and the shape left out, it is the tensor's. The same seed gives
 * the same numbers on every device, up to rounding.
 */

const shapeOf = (p: TensorLike): Shape => (p instanceof Tensor ? p.shape : []);

/** @throws ValueError for a number that the distribution does not take */
function positive(op: string, name: string, value: TensorLike): void {
  if (value instanceof Tensor || Number(value) > 0) return;
  throw new ValueError(`${op}: ${name} must be above 0; got ${value}. Use a positive one.`);
}

/** Uniform on (0, 1], of which a logarithm can be taken. */
const open = (shape: Shape, options: PlainRandom): Tensor => sub(1, rand(shape, options));

/**
 * Exponential with density rate · e^(-rate · x).
 * @throws ValueError for a rate out of its range; ShapeError when it does not broadcast
 */
export function exponential(shape: Shape, rate: TensorLike = 1, options: PlainRandom = {}): Tensor {
  positive("exponential", "the rate", rate);
  return div(neg(log1p(neg(rand(shape, onDeviceOf([rate], options))))), rate);
}

/**
 * Cauchy with density 1 / (π s (1 + ((x - median) / s)²)) for the scale s.
 * @throws ValueError for a scale out of its range; ShapeError when it does not broadcast
 */
export function cauchy(
  shape: Shape,
  median: TensorLike = 0,
  scale: TensorLike = 1,
  options: PlainRandom = {},
): Tensor {
  positive("cauchy", "the scale", scale);
  const u = sub(rand(shape, onDeviceOf([median, scale], options)), 0.5);
  return add(mul(tan(mul(u, Math.PI)), scale), median);
}

/**
 * eⁿ for n normal with `mean` and `std`.
 * @throws ShapeError when `mean` or `std` does not broadcast to the shape
 */
export const logNormal = (
  shape: Shape,
  mean: TensorLike = 0,
  std: TensorLike = 1,
  options: PlainRandom = {},
): Tensor => exp(normal(shape, mean, std, options));

/**
 * How many trials of chance p it takes up to the first success: 1, 2, …; float32.
 * @throws ValueError for a chance out of its range; ShapeError when it does not broadcast
 */
export function geometric(shape: Shape, p: TensorLike, options: PlainRandom = {}): Tensor {
  if (!(p instanceof Tensor) && !(Number(p) > 0 && Number(p) <= 1)) {
    throw new ValueError(`geometric: p is not a chance above 0; got ${p}. Use up to 1.`);
  }
  const failures = p instanceof Tensor ? log1p(neg(p)) : Math.log1p(-Number(p));
  const u = open(shape, onDeviceOf([p], options));
  return clamp(ceil(div(log(u), failures)), 1);
}

type Op = typeof randomGamma;

function looped(op: string, draw: Op, parameter: TensorLike, shape: Shape, options: PlainRandom) {
  checkShape(op, shape);
  broadcast(op, [shape, shapeOf(parameter)]);
  const { generator = defaultGenerator, ...rest } = onDeviceOf([parameter], options);
  const device = rest.device ?? (defaultDevice(op) as Device);
  const index = reshape(iota(sizeOf(shape), device, "uint32"), shape);
  return draw(index, parameter, ...keyOf(generator, device));
}

/**
 * Gamma with density ∝ x^(α - 1) e^(-rate · x) for the shape parameter α > 0; no gradient reaches
 * α.
 * @throws ValueError for a parameter out of its range; ShapeError when it does not broadcast
 */
export function gamma(
  alpha: TensorLike,
  { shape = shapeOf(alpha), rate = 1, ...options }: PlainRandom & GammaOptions = {},
): Tensor {
  positive("gamma", "alpha", alpha);
  positive("gamma", "the rate", rate);
  return div(looped("gamma", randomGamma, alpha, shape, options), rate);
}

export interface GammaOptions {
  readonly shape?: Shape;
  readonly rate?: TensorLike;
}

/**
 * Whole numbers with chance rate^k e^(-rate) / k!, float32 as in PyTorch; rates up to 65536.
 * @throws ValueError for a rate out of its range; ShapeError when it does not broadcast
 */
export function poisson(
  rate: TensorLike,
  { shape = shapeOf(rate), ...options }: PlainRandom & { readonly shape?: Shape } = {},
): Tensor {
  if (!(rate instanceof Tensor) && !(Number(rate) >= 0 && Number(rate) <= 65536)) {
    throw new ValueError(`poisson: the rate is not between 0 and 65536; got ${rate}.`);
  }
  return looped("poisson", randomPoisson, rate, shape, options);
}
