import { zeros } from "../../ops/creation/creation.ts";
import { gruCell, lstmCell, rnnCell } from "../../ops/recurrent/cells.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "../draws.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { checkInput, checkNonlinearity, checkState } from "./checks.ts";
import type { LSTMState } from "./lstm.ts";
import { drawWeights, stateNameOf } from "./weights.ts";

export interface CellOptions extends SeedOptions {
  /** Adds learned biases; the default is true. */
  readonly bias?: boolean;
}

export interface RNNCellOptions extends CellOptions {
  /** The default is "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** One step of a recurrent layer. Parameters have PyTorch's names and start U(±1/√hiddenSize). */
abstract class Cell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** [gates·hiddenSize, inputSize] */
  readonly weightIh: Parameter;
  /** [gates·hiddenSize, hiddenSize] */
  readonly weightHh: Parameter;
  /** [gates·hiddenSize] */
  readonly biasIh: Parameter | null;
  /** [gates·hiddenSize] */
  readonly biasHh: Parameter | null;
  readonly #name: string;

  constructor(name: string, gates: number, inputs: number, hidden: number, options: CellOptions) {
    super();
    checkSizes(name, { inputSize: inputs, hiddenSize: hidden }, 1);
    const { bias = true } = options;
    const sizes = { gates, inputs, hidden, projection: 0, bias };
    const weights = drawWeights(sizes, "", generatorOf(options));
    this.inputSize = inputs;
    this.hiddenSize = hidden;
    this.weightIh = weights.weightIh;
    this.weightHh = weights.weightHh;
    this.biasIh = weights.biasIh;
    this.biasHh = weights.biasHh;
    this.#name = name;
  }

  /** Parts of a state that fit x; zeros where none are given. */
  protected state(x: Tensor, given: Readonly<Record<string, Tensor | null>>): Tensor[] {
    checkInput(this.#name, x, this.inputSize, { 2: "[batch, features]", 1: "[features]" });
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    return Object.entries(given).map(([name, part]) => {
      if (part === null) return zeros(shape, { device: x.device });
      checkState(this.#name, name, part, shape);
      return part;
    });
  }

  /** PyTorch's names: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`. */
  protected override stateName(property: string): string {
    return stateNameOf(property);
  }

  override toString(): string {
    return this.repr({});
  }

  protected repr(own: Readonly<Record<string, unknown>>): string {
    const options = { bias: this.biasIh !== null, ...own };
    const defaults = { bias: true, nonlinearity: "tanh" };
    return repr(this, [this.inputSize, this.hiddenSize], options, defaults);
  }
}

/**
 * One step of Elman's recurrent layer: h' = tanh(W x + b + U h + c), or with relu.
 * Source: Elman 1990, "Finding structure in time".
 */
export class RNNCell extends Cell {
  readonly nonlinearity: "tanh" | "relu";

  /** @throws ValueError for a size below 1, or another nonlinearity */
  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    const { nonlinearity = "tanh" } = options;
    checkNonlinearity("RNNCell", nonlinearity);
    super("RNNCell", 1, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param x [batch, inputSize] or [inputSize]
   * @param h [batch, hiddenSize] or [hiddenSize]; the default is zeros
   * @returns the next state, in the form of h  @throws ShapeError when they do not fit
   */
  forward(x: Tensor, h: Tensor | null = null): Tensor {
    const [state] = this.state(x, { h });
    return rnnCell(x, state!, this, this.nonlinearity);
  }

  override toString(): string {
    return this.repr({ nonlinearity: this.nonlinearity });
  }
}

/** One step of a `GRU`, whose formulas stand there. Source: Cho et al. 2014, arXiv:1406.1078. */
export class GRUCell extends Cell {
  /** @throws ValueError for a size below 1 */
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super("GRUCell", 3, inputSize, hiddenSize, options);
  }

  /**
   * @param x [batch, inputSize] or [inputSize]
   * @param h [batch, hiddenSize] or [hiddenSize]; the default is zeros
   * @returns the next state, in the form of h  @throws ShapeError when they do not fit
   */
  forward(x: Tensor, h: Tensor | null = null): Tensor {
    const [state] = this.state(x, { h });
    return gruCell(x, state!, this);
  }
}

/**
 * One step of an `LSTM`, whose formulas stand there.
 * Source: Hochreiter & Schmidhuber 1997, "Long short-term memory".
 */
export class LSTMCell extends Cell {
  /** @throws ValueError for a size below 1 */
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super("LSTMCell", 4, inputSize, hiddenSize, options);
  }

  /**
   * @param x [batch, inputSize] or [inputSize]
   * @param state [h, c], each [batch, hiddenSize] or [hiddenSize]; the default is zeros
   * @returns the next [h, c]  @throws ShapeError when they do not fit
   */
  forward(x: Tensor, state: LSTMState | null = null): [h: Tensor, c: Tensor] {
    const given = state === null ? { h: null, c: null } : { h: state[0], c: state[1] };
    const [h, c] = this.state(x, given);
    return lstmCell(x, [h!, c!], this);
  }
}
