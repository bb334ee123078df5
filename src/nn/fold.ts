import type { Shape } from "../core/shape.ts";
import { type FoldOptions, fold, unfold } from "../ops/conv/fold.ts";
import { type PerAxis, perAxis } from "../ops/conv/geometry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

/** Windows over height and width; every size is two numbers. */
abstract class WindowLayer extends Module {
  readonly kernelSize: Shape;
  readonly dilation: Shape;
  readonly padding: Shape;
  readonly stride: Shape;

  constructor(name: string, kernelSize: PerAxis, options: FoldOptions) {
    super();
    const { dilation = 1, padding = 0, stride = 1 } = options;
    this.kernelSize = perAxis(name, "kernelSize", kernelSize, 2, 1);
    this.dilation = perAxis(name, "dilation", dilation, 2, 1);
    this.padding = perAxis(name, "padding", padding, 2, 0);
    this.stride = perAxis(name, "stride", stride, 2, 1);
  }

  protected args(): readonly unknown[] {
    return [this.kernelSize];
  }

  override toString(): string {
    const { dilation, padding, stride } = this;
    const defaults = { dilation: 1, padding: 0, stride: 1 };
    return repr(this, this.args(), { dilation, padding, stride }, defaults);
  }
}

/** All windows of an image as columns (im2col); see `unfold`. */
export class Unfold extends WindowLayer {
  /** @throws ValueError for sizes that are no whole numbers */
  constructor(kernelSize: PerAxis, options: FoldOptions = {}) {
    super("Unfold", kernelSize, options);
  }

  /**
   * @param x [batch, channels, height, width] or [channels, height, width]
   * @returns [batch, channels * kernelHeight * kernelWidth, windows]
   * @throws ShapeError for another rank, or a kernel larger than the padded image
   */
  forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return unfold(x, this.kernelSize, { dilation, padding, stride });
  }
}

/** Adds columns to the places of an image that they show (col2im): the transpose of `Unfold`. */
export class Fold extends WindowLayer {
  readonly outputSize: Shape;

  /** @throws ValueError for sizes that are no whole numbers */
  constructor(outputSize: PerAxis, kernelSize: PerAxis, options: FoldOptions = {}) {
    super("Fold", kernelSize, options);
    this.outputSize = perAxis("Fold", "outputSize", outputSize, 2, 1);
  }

  /**
   * @param x [batch, channels * kernelHeight * kernelWidth, windows], or without the batch
   * @returns [batch, channels, ...outputSize]
   * @throws ShapeError when the columns are not those of such an image
   */
  forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return fold(x, this.outputSize, this.kernelSize, { dilation, padding, stride });
  }

  protected override args() {
    return [this.outputSize, this.kernelSize];
  }
}
