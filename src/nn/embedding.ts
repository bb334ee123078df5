import { ShapeError, ValueError } from "../core/errors.ts";
import { show } from "../core/shape.ts";
import { iota } from "../ops/creation/iota.ts";
import { ne, where } from "../ops/elementwise/compare.ts";
import { type EmbeddingOptions, embedding, paddingOf } from "../ops/indexing/embedding.ts";
import { type EmbeddingBagOptions, embeddingBag } from "../ops/indexing/embeddingBag.ts";
import { unsqueeze } from "../ops/movement/join.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SeedOptions } from "./draws.ts";
import { type Initializer, normal } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { repr } from "./repr.ts";
import { checkSizes } from "./sizes.ts";

export interface EmbeddingLayerOptions extends EmbeddingOptions, SeedOptions {
  /** Initial weight; the default is PyTorch's, N(0, 1). The row `paddingIdx` is 0 at first. */
  readonly init?: Initializer;
}

export interface PretrainedOptions extends EmbeddingOptions {
  /** The weight is not trained; the default is true. */
  readonly freeze?: boolean;
}

const defaults = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  mode: "mean",
  includeLastOffset: false,
};

/** The weight of Embedding and EmbeddingBag, and how its rows are looked up. */
export abstract class EmbeddingTable extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  /** Counted from 0; null where every row counts. */
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Parameter;

  constructor(
    name: string,
    numEmbeddings: number,
    embeddingDim: number,
    options: EmbeddingLayerOptions,
  ) {
    super();
    checkSizes(name, { numEmbeddings, embeddingDim }, 1);
    const { maxNorm = null, normType = 2, scaleGradByFreq = false, init = normal() } = options;
    const drawn = init([numEmbeddings, embeddingDim], options);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingOf(name, drawn, options.paddingIdx);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = new Parameter(withoutRow(drawn, this.paddingIdx), { name: "weight" });
  }

  protected lookup(): Required<EmbeddingOptions> {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return { paddingIdx, maxNorm, normType, scaleGradByFreq };
  }

  /** Options that only one of the two layers has. */
  protected extra(): Readonly<Record<string, unknown>> {
    return {};
  }

  override toString(): string {
    const options = { ...this.lookup(), ...this.extra() };
    return repr(this, [this.numEmbeddings, this.embeddingDim], options, defaults);
  }
}

/** The weight with zeros in one row. */
function withoutRow(weight: Tensor, row: number | null): Tensor {
  if (row === null) return weight;
  return where(unsqueeze(ne(iota(weight.shape[0]!, weight.device), row), 1), weight, 0);
}

/** @throws ShapeError unless the weight is a matrix */
function sizesOf(name: string, weight: Tensor): [number, number] {
  if (weight.rank === 2) return weight.shape as unknown as [number, number];
  throw new ShapeError(
    `${name}.fromPretrained: the weight is not a matrix; got ${show(weight.shape)}. ` +
      "Make it [numEmbeddings, embeddingDim].",
  );
}

/** Takes the given weight as it is, its padding row too. */
function pretrained<T extends EmbeddingTable>(layer: T, weight: Tensor, freeze = true): T {
  layer.weight.assign(weight);
  layer.weight.requiresGrad = !freeze;
  return layer;
}

/**
 * A learned vector for each index: out[…, :] = weight[index[…], :]. The row `paddingIdx` starts
 * with zeros and takes no gradient. With `maxNorm` longer rows are shortened in the result; the
 * weight stays, which PyTorch overwrites.
 * @throws ValueError for sizes that are no whole numbers, or a paddingIdx that is no row
 */
export class Embedding extends EmbeddingTable {
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super("Embedding", numEmbeddings, embeddingDim, options);
  }

  /** A layer with this weight [numEmbeddings, embeddingDim]. @throws ShapeError unless a matrix */
  static fromPretrained(weight: Tensor, options: PretrainedOptions = {}): Embedding {
    const layer = new Embedding(...sizesOf("Embedding", weight), {
      ...options,
      init: () => weight,
    });
    return pretrained(layer, weight, options.freeze);
  }

  /**
   * @param index int32, any shape  @returns [...index, embeddingDim]
   * @throws DTypeError for an index that is not whole, IndexError for one that is no row
   */
  forward(index: Tensor): Tensor {
    return embedding(index, this.weight, this.lookup());
  }
}

export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions {
  /** What is made of the rows of a bag; the default is "mean". */
  readonly mode?: "sum" | "mean" | "max";
  /** The last offset is the length of the index and begins no bag. */
  readonly includeLastOffset?: boolean;
}

/**
 * Sums, means or maxima of the vectors of bags of indices, as `Embedding` has them, without the
 * vectors in memory one by one. Indices equal to `paddingIdx` count for nothing.
 * @throws ValueError for sizes that are no whole numbers, an unknown mode, or a paddingIdx that
 *   is no row
 */
export class EmbeddingBag extends EmbeddingTable {
  readonly mode: "sum" | "mean" | "max";
  readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) {
    super("EmbeddingBag", numEmbeddings, embeddingDim, options);
    const { mode = "mean", includeLastOffset = false } = options;
    if (!["sum", "mean", "max"].includes(mode)) {
      throw new ValueError(`EmbeddingBag: unknown mode "${mode}". Use one of sum, mean, max.`);
    }
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
  }

  /** A layer with this weight [numEmbeddings, embeddingDim]. @throws ShapeError unless a matrix */
  static fromPretrained(
    weight: Tensor,
    options: PretrainedOptions & EmbeddingBagLayerOptions = {},
  ): EmbeddingBag {
    const layer = new EmbeddingBag(...sizesOf("EmbeddingBag", weight), {
      ...options,
      init: () => weight,
    });
    return pretrained(layer, weight, options.freeze);
  }

  /**
   * @param index int32 [bags, length], or [length] with `offsets`, the places where bags begin
   * @returns [bags, embeddingDim]; zeros for an empty bag
   * @throws ShapeError, DTypeError, IndexError; ValueError for perSampleWeights in another mode
   *   than "sum"
   */
  forward(
    index: Tensor,
    bags: Pick<EmbeddingBagOptions, "offsets" | "perSampleWeights"> = {},
  ): Tensor {
    const { mode, includeLastOffset } = this;
    return embeddingBag(index, this.weight, { ...this.lookup(), mode, includeLastOffset, ...bags });
  }

  protected override extra() {
    const { mode, includeLastOffset } = this;
    return { mode, includeLastOffset };
  }
}
