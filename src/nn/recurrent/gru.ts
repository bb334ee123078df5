import { gruSequence } from "../../ops/recurrent/sequences.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inputPart, type Parts, type Reading } from "./layers.ts";
import type { LengthOptions, RecurrentOptions } from "./options.ts";
import { Recurrent } from "./recurrent.ts";
import type { RecurrentWeights } from "./weights.ts";

export type GRUOptions = RecurrentOptions;

/**
 * Gated recurrent units, gates in PyTorch's order r, z, n:
 *
 *     r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r·(U_n h)), h' = (1 - z)·n + z·h
 *
 * with biases in each W x and U h. The input part of all steps is one matrix product. Parameters
 * have PyTorch's names in state dicts (`weight_ih_l0`, …) and start U(±1/√hiddenSize).
 *
 *     const [output, hn] = new GRU(8, 32, { batchFirst: true }).forward(x);
 *
 * Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate behind the product as in cuDNN.
 */
export class GRU extends Recurrent {
  /** @throws ValueError for a size below 1, or a dropout outside [0, 1] */
  constructor(inputSize: number, hiddenSize: number, options: GRUOptions = {}) {
    const kind = { name: "GRU", gates: 3, state: ["h"], projSize: 0 };
    super(kind, inputSize, hiddenSize, options);
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
    return [gruSequence(inputPart(x, weightIh, biasIh), h!, weightHh, biasHh, reading)];
  }
}
