import type { Shape } from "../core/shape.ts";
import { unflatten } from "../ops/movement/axes.ts";
import { flatten } from "../ops/movement/join.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

/** Makes axes `startAxis` to `endAxis` one: [batch, 1, 8, 8] → [batch, 64]. */
export class Flatten extends Module {
  readonly startAxis: number;
  readonly endAxis: number;

  constructor(startAxis = 1, endAxis = -1) {
    super();
    this.startAxis = startAxis;
    this.endAxis = endAxis;
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startAxis, this.endAxis);
  }

  override toString(): string {
    return repr(this, [this.startAxis, this.endAxis]);
  }
}

/** Makes several axes of one: [batch, 64] → [batch, 1, 8, 8] with axis 1 and sizes [1, 8, 8]. */
export class Unflatten extends Module {
  readonly axis: number;
  /** One of them may be -1: what is left. */
  readonly sizes: Shape;

  constructor(axis: number, sizes: Shape) {
    super();
    this.axis = axis;
    this.sizes = sizes;
  }

  /** @throws ShapeError when the sizes do not multiply to the axis */
  forward(x: Tensor): Tensor {
    return unflatten(x, this.axis, this.sizes);
  }

  override toString(): string {
    return `Unflatten(${this.axis}, [${this.sizes.join(", ")}])`;
  }
}
