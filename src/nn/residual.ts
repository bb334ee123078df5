import { ShapeError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkMember } from "./member.ts";
import { type Layer, Module } from "./module.ts";

export interface ResidualOptions {
  /** What the input goes through on its way around the body; the default is nothing. */
  readonly shortcut?: Layer | null;
}

/**
 * A skip connection: shortcut(x) + body(x). The names in a state dict begin with `body.` and
 * `shortcut.`.
 * Source: He et al. 2016, "Deep residual learning for image recognition", arXiv:1512.03385, eq. 1
 * and 2.
 */
export class Residual extends Module {
  readonly body: Layer;
  readonly shortcut: Layer | null;

  constructor(body: Layer, { shortcut = null }: ResidualOptions = {}) {
    super();
    checkMember("Residual", "body", body);
    if (shortcut !== null) checkMember("Residual", "shortcut", shortcut);
    this.body = body;
    this.shortcut = shortcut;
  }

  /** Any shape → the body's. @throws ShapeError unless body and shortcut give the same shape */
  forward(x: Tensor): Tensor {
    const around = this.shortcut === null ? x : this.shortcut.forward(x);
    const through = this.body.forward(x);
    if (sameShape(around.shape, through.shape)) return add(around, through);
    throw new ShapeError(
      `Residual: the sum has two shapes; got ${show(around.shape)} around the body and ` +
        `${show(through.shape)} through it. Give { shortcut } a layer that makes the body's ` +
        "shape, such as a Conv2d with kernel size 1 and the same stride.",
    );
  }
}
