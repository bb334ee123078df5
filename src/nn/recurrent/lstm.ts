import { add } from "../../ops/elementwise/arithmetic.ts";
import { lstmSequence } from "../../ops/recurrent/sequences.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inputPart, type Parts, type Reading } from "./layers.ts";
import type { LengthOptions, RecurrentOptions } from "./options.ts";
import { Recurrent } from "./recurrent.ts";
import type { RecurrentWeights } from "./weights.ts";

export interface LSTMOptions extends RecurrentOptions {
  /** Projects the hidden state, and with it the outputs, to so many features; 0 for none. */
  readonly projSize?: number;
}

/** Hidden and cell state. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Long short-term memory, gates in PyTorch's order i, f, g, o:
 *
 *     c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'), with [i, f, g, o] = W x + U h + biases
 *
 * and h' = W_hr (σ(o)·tanh(c')) with a projection. The input part of all steps is one matrix
 * product. Parameters have PyTorch's names in state dicts (`weight_ih_l0`, …) and start
 * U(±1/√hiddenSize).
 *
 *     const [output, [hn, cn]] = new LSTM(8, 32, { batchFirst: true }).forward(x);
 *
 * Source: Hochreiter & Schmidhuber 1997, "Long short-term memory"; Gers et al. 2000 (forget gate);
 * Sak et al. 2014, arXiv:1402.1128 (projection).
 */
export class LSTM extends Recurrent {
  readonly projSize: number;

  /**
   * @throws ValueError for a size below 1, a dropout outside [0, 1] or a projSize that is not below
   *   hiddenSize
   */
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    const { projSize = 0 } = options;
    const own = { projSize };
    const kind = { name: "LSTM", gates: 4, state: ["h", "c"], projSize, options: own };
    super(kind, inputSize, hiddenSize, options);
    this.projSize = projSize;
  }

  /**
   * @param x [steps, batch, inputSize], [batch, steps, inputSize] with `batchFirst`, or one example
   *   [steps, inputSize]
   * @param state [h0, c0], each [layers·directions, batch, hiddenSize], h0 with projSize features
   *   where there is a projection; the default is zeros
   * @returns the outputs of the last layer, [steps, batch, directions·hiddenSize] (or projSize) or
   *   as x is, and the final state of each layer and direction in the form of `state`
   * @throws ShapeError when input, state or lengths do not fit; ValueError for lengths outside
   *   1 … steps
   */
  forward(
    x: Tensor,
    state?: LSTMState | null,
    options: LengthOptions = {},
  ): [Tensor, [hn: Tensor, cn: Tensor]] {
    const [output, [hn, cn]] = this.run(x, state, options);
    return [output, [hn!, cn!]];
  }

  protected override read(
    { weightIh, weightHh, biasIh, biasHh, weightHr }: RecurrentWeights,
    x: Tensor,
    [h, c]: Parts,
    reading: Reading,
  ): Parts {
    const inputs = inputPart(x, weightIh, biasIh && add(biasIh, biasHh!));
    const { states, cells } = lstmSequence(inputs, h!, c!, weightHh, { ...reading, weightHr });
    return [states, cells];
  }
}
