import { add } from "../../ops/elementwise/arithmetic.ts";
import { rnnSequence } from "../../ops/recurrent/sequences.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkNonlinearity } from "./checks.ts";
import { inputPart, type Parts, type Reading } from "./layers.ts";
import type { LengthOptions, RecurrentOptions } from "./options.ts";
import { Recurrent } from "./recurrent.ts";
import type { RecurrentWeights } from "./weights.ts";

export interface RNNOptions extends RecurrentOptions {
  /** The default is "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/**
 * Elman's recurrent layer: h_t = tanh(W x_t + b + U h_(t-1) + c), or with relu. The input part of
 * all steps is one matrix product. Parameters have PyTorch's names in state dicts
 * (`weight_ih_l0`, …) and start U(±1/√hiddenSize).
 *
 *     const [output, hn] = new RNN(8, 32, { batchFirst: true }).forward(x);
 *
 * Source: Elman 1990, "Finding structure in time".
 */
export class RNN extends Recurrent {
  readonly nonlinearity: "tanh" | "relu";

  /** @throws ValueError for a size below 1, a dropout outside [0, 1] or another nonlinearity */
  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const { nonlinearity = "tanh" } = options;
    checkNonlinearity("RNN", nonlinearity);
    const kind = { name: "RNN", gates: 1, state: ["h"], projSize: 0, options: { nonlinearity } };
    super(kind, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param x [steps, batch, inputSize], [batch, steps, inputSize] with `batchFirst`, or one example
   *   [steps, inputSize]
   * @param h0 [layers·directions, batch, hiddenSize]; the default is zeros
   * @returns the outputs of the last layer, [steps, batch, directions·hiddenSize] or as x is, and
   *   the final state of each layer and direction in the form of h0
   * @throws ShapeError when input, state or lengths do not fit; ValueError for lengths outside
   *   1 … steps
   */
  forward(x: Tensor, h0?: Tensor | null, options: LengthOptions = {}): [Tensor, Tensor] {
    const [output, [hn]] = this.run(x, h0 ? [h0] : null, options);
    return [output, hn!];
  }

  protected override read(
    { weightIh, weightHh, biasIh, biasHh }: RecurrentWeights,
    x: Tensor,
    [h]: Parts,
    reading: Reading,
  ): Parts {
    const inputs = inputPart(x, weightIh, biasIh && add(biasIh, biasHh!));
    return [rnnSequence(inputs, h!, weightHh, { ...reading, nonlinearity: this.nonlinearity })];
  }
}
