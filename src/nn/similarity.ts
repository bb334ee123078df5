import {
  type CosineOptions,
  cosineSimilarity,
  type DistanceOptions,
  pairwiseDistance,
} from "../ops/reduce/distances.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

/** Σ a·b / (max(‖a‖, eps)·max(‖b‖, eps)) along an axis, 1 unless another is given. */
export class CosineSimilarity extends Module {
  readonly axis: number;
  readonly eps: number;

  constructor({ axis = 1, eps = 1e-8 }: CosineOptions = {}) {
    super();
    this.axis = axis;
    this.eps = eps;
  }

  /** a and b broadcast.  @returns the common shape without the axis  @throws ShapeError */
  forward(a: Tensor, b: Tensor): Tensor {
    return cosineSimilarity(a, b, { axis: this.axis, eps: this.eps });
  }

  override toString(): string {
    const { axis, eps } = this;
    return repr(this, [], { axis, eps }, { axis: 1, eps: 1e-8 });
  }
}

/** ‖a - b + eps‖ₚ over the last axis. */
export class PairwiseDistance extends Module {
  readonly p: number;
  readonly eps: number;
  readonly keepDims: boolean;

  constructor({ p = 2, eps = 1e-6, keepDims = false }: DistanceOptions = {}) {
    super();
    this.p = p;
    this.eps = eps;
    this.keepDims = keepDims;
  }

  /** a and b broadcast.  @returns the common shape without its last axis  @throws ShapeError */
  forward(a: Tensor, b: Tensor): Tensor {
    const { p, eps, keepDims } = this;
    return pairwiseDistance(a, b, { p, eps, keepDims });
  }

  override toString(): string {
    const { p, eps, keepDims } = this;
    return repr(this, [], { p, eps, keepDims }, { p: 2, eps: 1e-6, keepDims: false });
  }
}
