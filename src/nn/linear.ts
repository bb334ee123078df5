import { ShapeError, ValueError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { matmul } from "../ops/linalg/matmul.ts";
import { flatten } from "../ops/movement/join.ts";
import { reshape, transpose } from "../ops/movement/movement.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "./draws.ts";
import { biasDefault, type Initializer, layerDefault } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

export interface LinearOptions extends SeedOptions {
  /** Adds a learned bias; the default is true. */
  readonly bias?: boolean;
  /** Initial weight; the default is PyTorch's, U(±1/√inFeatures). The bias is always drawn so. */
  readonly init?: Initializer;
}

/** y = x Wᵀ + b over the last axis. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  /** [outFeatures] */
  readonly bias: Parameter | null;

  /** @throws ValueError unless both sizes are whole numbers of at least 0 */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    for (const n of [inFeatures, outFeatures]) {
      if (Number.isInteger(n) && n >= 0) continue;
      throw new ValueError(
        `Linear: a size is not a whole number of at least 0; got (${inFeatures}, ${outFeatures}). ` +
          "Give the numbers of features: new Linear(784, 128).",
      );
    }
    const { bias = true, init = layerDefault() } = options;
    const generator = generatorOf(options);
    const shape = [outFeatures, inFeatures];
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(init(shape, { generator }), { name: "weight" });
    const draw = () => biasDefault(shape)([outFeatures], { generator });
    this.bias = bias ? new Parameter(draw(), { name: "bias" }) : null;
  }

  /** @param x [..., inFeatures]  @returns [..., outFeatures]  @throws ShapeError when it does not fit */
  forward(x: Tensor): Tensor {
    if (x.shape.at(-1) !== this.inFeatures) {
      throw new ShapeError(
        `Linear: the last axis does not have ${this.inFeatures} features; got x ${show(x.shape)}, ` +
          `weight ${show(this.weight.shape)}. Reshape x, or build the layer with its size.`,
      );
    }
    // As a matrix: the bias's gradient is then summed by the launch that makes the weight's.
    const rows = x.rank > 2 ? flatten(x, 0, -2) : x;
    const product = matmul(rows, transpose(this.weight));
    const y = this.bias === null ? product : add(product, this.bias);
    return x.rank > 2 ? reshape(y, [...x.shape.slice(0, -1), this.outFeatures]) : y;
  }

  override toString(): string {
    return `Linear(${this.inFeatures}, ${this.outFeatures}${this.bias ? "" : ", { bias: false }"})`;
  }
}
