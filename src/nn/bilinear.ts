import { ShapeError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import { bilinear } from "../ops/linalg/products.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "./draws.ts";
import { type Initializer, uniform } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { repr } from "./repr.ts";
import { checkSizes } from "./sizes.ts";

export interface BilinearOptions extends SeedOptions {
  /** Adds a learned bias; the default is true. */
  readonly bias?: boolean;
  /** Initial weight; the default is PyTorch's, U(±1/√in1Features), as for the bias. */
  readonly init?: Initializer;
}

/** y[…, o] = Σᵢⱼ a[…, i] weight[o, i, j] b[…, j] + bias[o]. */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** [outFeatures, in1Features, in2Features] */
  readonly weight: Parameter;
  /** [outFeatures] */
  readonly bias: Parameter | null;

  /** @throws ValueError unless all sizes are whole numbers of at least 1 */
  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    options: BilinearOptions = {},
  ) {
    super();
    checkSizes("Bilinear", { in1Features, in2Features, outFeatures }, 1);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    const bound = 1 / Math.sqrt(in1Features);
    const { bias = true, init = uniform(-bound, bound) } = options;
    const generator = generatorOf(options);
    const shape = [outFeatures, in1Features, in2Features];
    this.weight = new Parameter(init(shape, { generator }), { name: "weight" });
    const draw = () => uniform(-bound, bound)([outFeatures], { generator });
    this.bias = bias ? new Parameter(draw(), { name: "bias" }) : null;
  }

  /**
   * @param a [..., in1Features]  @param b [..., in2Features]  @returns [..., outFeatures]
   * @throws ShapeError when they do not fit
   */
  forward(a: Tensor, b: Tensor): Tensor {
    const fits = a.shape.at(-1) === this.in1Features && b.shape.at(-1) === this.in2Features;
    if (fits && sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) {
      return bilinear(a, b, this.weight, this.bias);
    }
    throw new ShapeError(
      `Bilinear: the inputs are not [..., ${this.in1Features}] and [..., ${this.in2Features}] ` +
        `with equal axes in front; got a ${show(a.shape)}, b ${show(b.shape)}, weight ` +
        `${show(this.weight.shape)}. Reshape them, or build the layer with their sizes.`,
    );
  }

  override toString(): string {
    const { in1Features, in2Features, outFeatures } = this;
    const bias = this.bias !== null;
    return repr(this, [in1Features, in2Features, outFeatures], { bias }, { bias: true });
  }
}
