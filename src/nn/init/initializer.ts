import { type Shape, sizeOf } from "../../core/shape.ts";
import { tensor } from "../../ops/creation/creation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { normalOnHost, type SeedOptions, uniformOnHost } from "../draws.ts";

/**
 * Initial values of a parameter. Layers take one (`new Linear(2, 3, { init: init.xavierUniform() })`);
 * a parameter that exists is set by `p.assign(init.normal()(p.shape, { seed: 0 }))`. Numbers are
 * drawn on the host, so that a seed means the same weights on every device.
 */
export type Initializer = (shape: Shape, options?: SeedOptions) => Tensor;

/** All elements are `value`. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    tensor(new Float32Array(sizeOf(shape)).fill(value), { shape });

export const zeros = (): Initializer => constant(0);

export const ones = (): Initializer => constant(1);

/** Evenly from [low, high). */
export const uniform =
  (low = 0, high = 1): Initializer =>
  (shape, seeded = {}) =>
    tensor(uniformOnHost(sizeOf(shape), low, high, seeded), { shape });

/** Normally distributed. */
export const normal =
  (mean = 0, std = 1): Initializer =>
  (shape, seeded = {}) =>
    tensor(normalOnHost(sizeOf(shape), mean, std, seeded), { shape });
