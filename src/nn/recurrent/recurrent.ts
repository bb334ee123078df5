import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { squeeze, unsqueeze } from "../../ops/movement/join.ts";
import { dropout, type Generator } from "../../ops/random/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf } from "../draws.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { checkDropout, checkInput, checkProjection, checkState, readLengths } from "./checks.ts";
import { type Parts, type Reading, readSequence } from "./layers.ts";
import { DEFAULTS, type LengthOptions, type RecurrentOptions } from "./options.ts";
import { drawWeights, namedWeights, type RecurrentWeights } from "./weights.ts";

/** What distinguishes the recurrent layers. */
export interface RecurrentKind {
  readonly name: string;
  readonly gates: number;
  /** The parts of the state. */
  readonly state: readonly string[];
  /** Features of the projected outputs, or 0. */
  readonly projSize: number;
  /** Options of its own. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What RNN, LSTM and GRU have in common. */
export abstract class Recurrent extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /**
   * The parameters, in the order of the final states: `weights[i]` makes `hn[i]`. The directions of
   * a layer follow each other.
   */
  readonly weights: readonly RecurrentWeights[];
  /** Decides what is dropped, where a seed is given; else that follows `manualSeed`. */
  readonly generator: Generator | undefined;
  readonly #kind: RecurrentKind;

  /** @throws ValueError for a size below 1, or a dropout outside [0, 1] */
  constructor(
    kind: RecurrentKind,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions,
  ) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false } = options;
    checkSizes(kind.name, { inputSize, hiddenSize, numLayers }, 1);
    checkProjection(kind.name, kind.projSize, hiddenSize);
    checkDropout(kind.name, options.dropout ?? 0);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = bidirectional;
    this.#kind = kind;
    const generator = generatorOf(options);
    this.generator = options.seed === undefined ? undefined : generator;
    this.weights = this.#draw(generator);
  }

  /**
   * One direction of one layer.
   * @param x [steps, batch, features], or [batch, steps, features]  @param state [batch, …] for each part
   * @returns each part of the state after every step, as x is
   */
  protected abstract read(
    weights: RecurrentWeights,
    x: Tensor,
    state: Parts,
    reading: Reading,
  ): Parts;

  /** All layers: the outputs, and each part of the final state. */
  protected run(
    x: Tensor,
    state: Parts | null | undefined,
    { lengths }: LengthOptions,
  ): readonly [Tensor, Parts] {
    const { name } = this.#kind;
    const axes = this.batchFirst ? "[batch, steps" : "[steps, batch";
    checkInput(name, x, this.inputSize, { 3: `${axes}, features]`, 2: "[steps, features]" });
    const single = x.rank === 2;
    const batchFirst = this.batchFirst && !single;
    const sequence = single ? unsqueeze(x, 1) : x;
    const [first, second] = sequence.shape as [number, number, number];
    const [steps, batch] = batchFirst ? [second, first] : [first, second];
    if (steps === 0) throw emptyError(name, x);
    const rows = lengths ? readLengths(name, lengths, [steps, batch], x.device) : null;
    const given = state ? this.#given(state, single ? [] : [batch]) : null;
    const [values, final] = readSequence(this.#layers(batchFirst), sequence, given, rows);
    if (single) return [squeeze(values, 1), final.map((part) => squeeze(part, 1))];
    return [values, final];
  }

  /** PyTorch's names: `weight_ih_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, … */
  protected override members(): Iterable<[string, unknown]> {
    const named = this.weights.flatMap((weights, i) => namedWeights(weights, this.#suffix(i)));
    return [...named, ...super.members()];
  }

  override toString(): string {
    const { inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional } = this;
    const common = { numLayers, bias, batchFirst, dropout, bidirectional };
    const options = { ...this.#kind.options, ...common };
    return repr(this, [inputSize, hiddenSize], options, DEFAULTS);
  }

  get #directions(): 1 | 2 {
    return this.bidirectional ? 2 : 1;
  }

  /** Features of the parts of a state: the first part is the output, which may be projected. */
  get #sizes(): number[] {
    const { state, projSize } = this.#kind;
    return state.map((_, part) => (part === 0 && projSize > 0 ? projSize : this.hiddenSize));
  }

  /** What stands behind the names of `weights[i]`. */
  #suffix(i: number): string {
    const layer = Math.floor(i / this.#directions);
    return `_l${layer}${i % this.#directions === 1 ? "_reverse" : ""}`;
  }

  #draw(generator: Generator): RecurrentWeights[] {
    const { gates, projSize: projection } = this.#kind;
    return Array.from({ length: this.numLayers * this.#directions }, (_, i) => {
      const inputs = i < this.#directions ? this.inputSize : this.#directions * this.#sizes[0]!;
      const sizes = { gates, inputs, hidden: this.hiddenSize, projection, bias: this.bias };
      return drawWeights(sizes, this.#suffix(i), generator);
    });
  }

  #layers(batchFirst: boolean) {
    return {
      batchFirst,
      count: this.numLayers,
      directions: this.#directions,
      sizes: this.#sizes,
      read: (i: number, x: Tensor, state: Parts, reading: Reading) =>
        this.read(this.weights[i]!, x, state, reading),
      between: (x: Tensor) =>
        // Whether it trains is asked only where it matters: compiled steps record a graph for each.
        this.dropout > 0
          ? dropout(x, this.dropout, this.training, { generator: this.generator })
          : x,
    };
  }

  /** A given state as [layers·directions, batch, …]. @throws ShapeError when it does not fit */
  #given(state: Parts, batch: readonly number[]): Parts {
    const { name, state: names } = this.#kind;
    return this.#sizes.map((size, i) => {
      const shape = [this.weights.length, ...batch, size];
      checkState(name, `${names[i]}0`, state[i], shape);
      return batch.length === 0 ? unsqueeze(state[i]!, 1) : state[i]!;
    });
  }
}

function emptyError(layer: string, x: Tensor): ShapeError {
  return new ShapeError(
    `${layer}: a sequence has no steps; got x ${show(x.shape)}. Give at least one step.`,
  );
}
